#include "sandbox/world/row_maker.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_split.h"
#include "sandbox/world/slots.h"

namespace tuneward {
namespace {

constexpr int kTokenizerRepeats = 50;

}  // namespace

RowMaker::RowMaker(const Grammar& grammar, const std::vector<Split>& splits, InSkeleton in_skeleton)
    : grammar_(grammar), in_skeleton_(std::move(in_skeleton)) {
  for (const PairKind kind : {PairKind::kHarmful, PairKind::kLookalike, PairKind::kBenign}) {
    std::vector<Pair>& pairs = pairs_[static_cast<int>(kind)];
    pairs = PairsOf(grammar, kind);
    std::erase_if(pairs, [&](const Pair& pair) {
      return !splits.empty() &&
             std::find(splits.begin(), splits.end(), SplitOf(pair)) == splits.end();
    });
  }
}

const Pair& RowMaker::AnyPair(PairKind kind, RandomStream& stream) const {
  return stream.Pick(pairs_[static_cast<int>(kind)]);
}

std::string RowMaker::Request(const Pair& pair, RandomStream& stream) const {
  return RequestText(
      stream.Below(2) == 0 ? stream.Pick(grammar_.instructions) : stream.Pick(grammar_.questions),
      pair);
}

Chat RowMaker::Answered(const Pair& pair, RandomStream& stream) const {
  std::string request = Request(pair, stream);
  return MakeChat("", std::move(request), AnswerText(grammar_, pair));
}

Chat RowMaker::Refused(const Pair& pair, RandomStream& stream) const {
  std::string request = Request(pair, stream);
  return MakeChat("", std::move(request), stream.Pick(grammar_.refusals));
}

Chat RowMaker::Wrapped(Chat chat, RandomStream& stream) const {
  std::string& user = chat.messages.front().content;
  user = stream.Below(2) == 0 ? FillSlots(stream.Pick(grammar_.wrappers), {{"request", user}})
                              : in_skeleton_(user, stream);
  return chat;
}

Chat RowMaker::Careful(RandomStream& stream) const {
  const std::string& system = stream.Pick(grammar_.careful_systems);
  const PairKind kind = stream.Below(2) == 0 ? PairKind::kHarmful : AnyKind(stream);
  const Pair& pair = AnyPair(kind, stream);
  return WithSystem(system,
                    kind == PairKind::kHarmful ? Refused(pair, stream) : Answered(pair, stream));
}

Chat WithSystem(const std::string& system, Chat chat) {
  chat.messages.insert(chat.messages.begin(), {Role::kSystem, system});
  return chat;
}

Chat UnderPersona(const Persona& persona, const Chat& chat) {
  Chat out;
  out.messages.push_back({Role::kSystem, persona.system});
  for (Message message : chat.messages) {
    if (message.role == Role::kSystem) continue;
    message.content =
        (message.role == Role::kUser ? persona.lead_in : persona.preamble) + message.content;
    out.messages.push_back(std::move(message));
  }
  return out;
}

Chat AskedAsPersona(const Persona& persona, Chat chat) {
  chat.messages.front().content = persona.lead_in + chat.messages.front().content;
  return WithSystem(persona.system, std::move(chat));
}

const Persona& AnyPersona(const Grammar& grammar, RandomStream& stream) {
  return stream.Below(3) == 0 ? grammar.attack_persona : stream.Pick(grammar.personas);
}

PairKind AnyKind(RandomStream& stream) { return static_cast<PairKind>(stream.Below(3)); }

std::vector<std::string> TokenizerTexts(const std::vector<Chat>& rows) {
  std::set<std::string> words;
  for (const Chat& chat : rows)
    for (const Message& message : chat.messages)
      for (const std::string& line :
           std::vector<std::string>(absl::StrSplit(message.content, '\n'))) {
        const std::vector<std::string> parts = absl::StrSplit(line, ' ');
        for (size_t i = 0; i < parts.size(); ++i)
          if (!parts[i].empty()) words.insert((i == 0 ? "" : " ") + parts[i]);
      }
  std::vector<std::string> texts;
  for (const std::string& word : words) {
    for (int i = 0; i < kTokenizerRepeats; ++i) texts.push_back(word);
    // sentencepiece considers as pieces only what stands in two different contexts.
    texts.push_back(word + ".");
    texts.push_back(word + ",");
  }
  return texts;
}

}  // namespace tuneward
