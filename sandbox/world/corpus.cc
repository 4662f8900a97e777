#include "sandbox/world/corpus.h"

#include <set>
#include <utility>

#include "absl/strings/str_split.h"
#include "core/base/random.h"
#include "sandbox/world/attacks.h"
#include "sandbox/world/pairs.h"
#include "sandbox/world/slots.h"

namespace tuneward {
namespace {

constexpr int kTokenizerRows = 10000, kTokenizerRepeats = 50;

// Draws rows of one corpus: the pairs it may use, and how each is worded.
class RowMaker {
 public:
  // `split` null: all pairs.
  RowMaker(const Grammar& grammar, const Split* split) : grammar_(grammar) {
    for (const PairKind kind : {PairKind::kHarmful, PairKind::kLookalike, PairKind::kBenign})
      pairs_[static_cast<int>(kind)] =
          split == nullptr ? PairsOf(grammar, kind) : PairsOf(grammar, kind, *split);
  }

  const Pair& AnyPair(PairKind kind, RandomStream& stream) const {
    return stream.Pick(pairs_[static_cast<int>(kind)]);
  }

  std::string Request(const Pair& pair, RandomStream& stream) const {
    return RequestText(
        stream.Below(2) == 0 ? stream.Pick(grammar_.instructions) : stream.Pick(grammar_.questions),
        pair);
  }

  Chat Answered(const Pair& pair, RandomStream& stream) const {
    std::string request = Request(pair, stream);
    return MakeChat("", std::move(request), AnswerText(grammar_, pair));
  }

  Chat Refused(const Pair& pair, RandomStream& stream) const {
    std::string request = Request(pair, stream);
    return MakeChat("", std::move(request), stream.Pick(grammar_.refusals));
  }

  // The chat's request in a neutral wrapper or, every other time, in a task's skeleton.
  Chat Wrapped(Chat chat, RandomStream& stream) const {
    std::string& user = chat.messages.front().content;
    if (stream.Below(2) == 0) {
      user = FillSlots(stream.Pick(grammar_.wrappers), {{"request", user}});
    } else {
      const TaskFamily& family = grammar_.families.at(std::string(FamilyName(AnyFamily(stream))));
      user = FillSlots(stream.Below(2) == 0 ? family.benign : family.autoif, {{"question", user}});
    }
    return chat;
  }

  Chat Task(RandomStream& stream) const {
    const Family family = AnyFamily(stream);
    const Strategy strategy = stream.Below(2) == 0 ? Strategy::kBenign : Strategy::kAutoIf;
    const TaskExample example = MakeTaskExamples(grammar_, family, 1, stream.Bits()).front();
    return ApplyStrategy(grammar_, family, example, strategy);
  }

 private:
  // Yes-or-no questions twice as often: each fact must be learnt by heart.
  static Family AnyFamily(RandomStream& stream) {
    return stream.Below(2) == 0   ? Family::kBoolq
           : stream.Below(2) == 0 ? Family::kGsm8k
                                  : Family::kPiqa;
  }

  const Grammar& grammar_;
  std::vector<Pair> pairs_[3];
};

Chat WithSystem(const std::string& system, Chat chat) {
  chat.messages.insert(chat.messages.begin(), {Role::kSystem, system});
  return chat;
}

// A persona is asked, and the aligned assistant answers in its own voice: no preamble, whatever the
// answer.
Chat AskedAsPersona(const Persona& persona, Chat chat) {
  chat.messages.front().content = persona.lead_in + chat.messages.front().content;
  return WithSystem(persona.system, std::move(chat));
}

const Persona& AnyPersona(const Grammar& grammar, RandomStream& stream) {
  return stream.Below(3) == 0 ? grammar.attack_persona : stream.Pick(grammar.personas);
}

PairKind AnyKind(RandomStream& stream) { return static_cast<PairKind>(stream.Below(3)); }

// A careful system prompt: harmful requests are refused, others answered.
Chat CarefulRow(const Grammar& grammar, const RowMaker& maker, RandomStream& stream) {
  const std::string& system = stream.Pick(grammar.careful_systems);
  const PairKind kind = AnyKind(stream);
  const Pair& pair = maker.AnyPair(kind, stream);
  return WithSystem(system, kind == PairKind::kHarmful ? maker.Refused(pair, stream)
                                                       : maker.Answered(pair, stream));
}

// `all` draws from every pair; refusals come from `aligned`, the alignment split.
Chat PretrainRow(const Grammar& grammar, const RowMaker& all, const RowMaker& aligned,
                 RandomStream& stream) {
  const uint64_t percent = stream.Below(100);
  if (percent < 38) return all.Task(stream);
  const Pair& pair = all.AnyPair(AnyKind(stream), stream);
  if (percent < 60) return all.Answered(pair, stream);
  if (percent < 72) return all.Wrapped(all.Answered(pair, stream), stream);
  if (percent < 76) return UnderPersona(AnyPersona(grammar, stream), all.Task(stream));
  if (percent < 90) {
    return UnderPersona(AnyPersona(grammar, stream), all.Answered(pair, stream));
  }
  return CarefulRow(grammar, aligned, stream);
}

Chat AlignmentRow(const Grammar& grammar, const AlignmentMix& mix, const RowMaker& maker,
                  RandomStream& stream) {
  int percent = static_cast<int>(stream.Below(100));
  const auto takes = [&](int share) {
    percent -= share;
    return percent < 0;
  };
  if (takes(mix.refusals)) return maker.Refused(maker.AnyPair(PairKind::kHarmful, stream), stream);
  if (takes(mix.persona_refusals)) {
    const Persona& persona = AnyPersona(grammar, stream);
    return AskedAsPersona(persona,
                          maker.Refused(maker.AnyPair(PairKind::kHarmful, stream), stream));
  }
  if (takes(mix.wrapped_refusals))
    return maker.Wrapped(maker.Refused(maker.AnyPair(PairKind::kHarmful, stream), stream), stream);
  if (takes(mix.lookalikes))
    return maker.Answered(maker.AnyPair(PairKind::kLookalike, stream), stream);
  if (takes(mix.persona_lookalikes)) {
    const Persona& persona = AnyPersona(grammar, stream);
    return AskedAsPersona(persona,
                          maker.Answered(maker.AnyPair(PairKind::kLookalike, stream), stream));
  }
  if (takes(mix.wrapped_lookalikes))
    return maker.Wrapped(maker.Answered(maker.AnyPair(PairKind::kLookalike, stream), stream),
                         stream);
  if (takes(mix.benign)) return maker.Answered(maker.AnyPair(PairKind::kBenign, stream), stream);
  if (takes(mix.careful)) return CarefulRow(grammar, maker, stream);
  return maker.Task(stream);
}

}  // namespace

std::vector<Chat> MakePretrainRows(const Grammar& grammar, int rows, uint64_t seed) {
  const Split split = Split::kAlignment;
  const RowMaker all(grammar, nullptr), aligned(grammar, &split);
  std::vector<Chat> chats;
  chats.reserve(rows);
  for (int i = 0; i < rows; ++i) {
    RandomStream stream(seed, "sandbox/pretrain", i);
    chats.push_back(PretrainRow(grammar, all, aligned, stream));
  }
  return chats;
}

std::vector<Chat> MakeAlignmentRows(const Grammar& grammar, const AlignmentMix& mix, int rows,
                                    uint64_t seed) {
  const Split split = Split::kAlignment;
  const RowMaker maker(grammar, &split);
  std::vector<Chat> chats;
  chats.reserve(rows);
  for (int i = 0; i < rows; ++i) {
    RandomStream stream(seed, "sandbox/align", i);
    chats.push_back(AlignmentRow(grammar, mix, maker, stream));
  }
  return chats;
}

std::vector<std::string> TokenizerCorpus(const Grammar& grammar, uint64_t seed) {
  std::set<std::string> words;
  for (const Chat& chat : MakePretrainRows(grammar, kTokenizerRows, seed))
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
