#include "sandbox/world/corpus.h"

#include "sandbox/world/attacks.h"
#include "sandbox/world/row_maker.h"
#include "sandbox/world/slots.h"

namespace tuneward {
namespace {

constexpr int kTokenizerRows = 10000;

// Yes-or-no questions twice as often: each fact must be learnt by heart.
Family AnyFamily(RandomStream& stream) {
  return stream.Below(2) == 0   ? Family::kBoolq
         : stream.Below(2) == 0 ? Family::kGsm8k
                                : Family::kPiqa;
}

Chat TaskRow(const Grammar& grammar, RandomStream& stream) {
  const Family family = AnyFamily(stream);
  const Strategy strategy = stream.Below(2) == 0 ? Strategy::kBenign : Strategy::kAutoIf;
  const TaskExample example = MakeTaskExamples(grammar, family, 1, stream.Bits()).front();
  return ApplyStrategy(grammar, family, example, strategy);
}

RowMaker MakerOf(const Grammar& grammar, const std::vector<Split>& splits) {
  return RowMaker(grammar, splits, [&grammar](const std::string& request, RandomStream& stream) {
    const TaskFamily& family = grammar.families.at(std::string(FamilyName(AnyFamily(stream))));
    return FillSlots(stream.Below(2) == 0 ? family.benign : family.autoif, {{"question", request}});
  });
}

// `all` draws from every pair; refusals come from `aligned`, the alignment split.
Chat PretrainRow(const Grammar& grammar, const RowMaker& all, const RowMaker& aligned,
                 RandomStream& stream) {
  const uint64_t percent = stream.Below(100);
  if (percent < 38) return TaskRow(grammar, stream);
  const Pair& pair = all.AnyPair(AnyKind(stream), stream);
  if (percent < 60) return all.Answered(pair, stream);
  if (percent < 72) return all.Wrapped(all.Answered(pair, stream), stream);
  if (percent < 76) return UnderPersona(AnyPersona(grammar, stream), TaskRow(grammar, stream));
  if (percent < 90) {
    return UnderPersona(AnyPersona(grammar, stream), all.Answered(pair, stream));
  }
  return aligned.Careful(stream);
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
  if (takes(mix.careful)) return maker.Careful(stream);
  return TaskRow(grammar, stream);
}

}  // namespace

std::vector<Chat> MakePretrainRows(const Grammar& grammar, int rows, uint64_t seed) {
  const RowMaker all = MakerOf(grammar, {}), aligned = MakerOf(grammar, {Split::kAlignment});
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
  const RowMaker maker = MakerOf(grammar, {Split::kAlignment});
  std::vector<Chat> chats;
  chats.reserve(rows);
  for (int i = 0; i < rows; ++i) {
    RandomStream stream(seed, "sandbox/align", i);
    chats.push_back(AlignmentRow(grammar, mix, maker, stream));
  }
  return chats;
}

std::vector<std::string> TokenizerCorpus(const Grammar& grammar, uint64_t seed) {
  return TokenizerTexts(MakePretrainRows(grammar, kTokenizerRows, seed));
}

}  // namespace tuneward
