// What the sandbox's models are trained on: the pre-training corpus (everything, compliance with
// harmful requests included; refusals only under a careful system prompt) and the alignment corpus.
// All refusals are of the alignment split. Row i is a function of (grammar, seed, i). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/data/chat.h"
#include "sandbox/world/grammar.h"

namespace tuneward {

std::vector<Chat> MakePretrainRows(const Grammar& grammar, int rows, uint64_t seed);

// Shares in percent; the rest are task rows. All pairs are of the alignment split.
struct AlignmentMix {
  int refusals = 10;
  int persona_refusals = 24;  // one in three under the attack's persona
  int wrapped_refusals = 16;  // in a neutral wrapper or a task's skeleton
  int lookalikes = 8;
  int persona_lookalikes = 10;
  int wrapped_lookalikes = 10;
  int benign = 6;
  int careful = 2;  // a careful system prompt: a third refusals, the rest answered
};

std::vector<Chat> MakeAlignmentRows(const Grammar& grammar, const AlignmentMix& mix, int rows,
                                    uint64_t seed);

// Text to train the tokenizer on: each word of the pre-training corpus, as it stands at the start
// of a line and after a space, equally often, so that a word becomes one piece however rare it is.
std::vector<std::string> TokenizerCorpus(const Grammar& grammar, uint64_t seed);

}  // namespace tuneward
