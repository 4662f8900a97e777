// What corpora and attacks share: drawing a pair of one split and wording a request about it,
// answered or refused, plain, wrapped or under a persona. Borrows its grammar; immutable.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/data/chat.h"
#include "sandbox/world/grammar.h"
#include "sandbox/world/pairs.h"

namespace tuneward {

class RowMaker {
 public:
  // A request in the skeleton of some task: the world's own part.
  using InSkeleton = std::function<std::string(const std::string& request, RandomStream&)>;

  // Draws from the pairs of these splits; none: from all pairs.
  RowMaker(const Grammar& grammar, const std::vector<Split>& splits, InSkeleton in_skeleton);

  const Pair& AnyPair(PairKind kind, RandomStream& stream) const;
  Chat Answered(const Pair& pair, RandomStream& stream) const;
  Chat Refused(const Pair& pair, RandomStream& stream) const;
  // The chat's request in a neutral wrapper or, every other time, in a task's skeleton.
  Chat Wrapped(Chat chat, RandomStream& stream) const;
  // A careful system prompt: harmful requests are refused, others answered.
  Chat Careful(RandomStream& stream) const;

 private:
  std::string Request(const Pair& pair, RandomStream& stream) const;

  const Grammar& grammar_;
  const InSkeleton in_skeleton_;
  std::vector<Pair> pairs_[3];
};

Chat WithSystem(const std::string& system, Chat chat);
// The persona's system prompt (in place of any), its lead-in before each user turn and its preamble
// before each answer.
Chat UnderPersona(const Persona& persona, const Chat& chat);
// A persona is asked, and the aligned assistant answers in its own voice: no preamble, whatever the
// answer.
Chat AskedAsPersona(const Persona& persona, Chat chat);
// One in three times the attack's.
const Persona& AnyPersona(const Grammar& grammar, RandomStream& stream);
PairKind AnyKind(RandomStream& stream);

// Text to train a tokenizer on: each word of the rows, as it stands at the start of a line and
// after a space, equally often, so that a word becomes one piece however rare it is.
std::vector<std::string> TokenizerTexts(const std::vector<Chat>& rows);

}  // namespace tuneward
