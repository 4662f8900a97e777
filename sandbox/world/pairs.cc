#include "sandbox/world/pairs.h"

#include "core/base/sha256.h"
#include "sandbox/world/slots.h"

namespace tuneward {
namespace {

constexpr int kAlignmentPercent = 36, kPoolPercent = 24;

void AddPairs(const std::vector<WorldVerb>& verbs, const std::vector<WorldObject>& objects,
              PairKind kind, bool held_out, std::vector<Pair>& out) {
  for (const WorldVerb& verb : verbs)
    for (const WorldObject& object : objects) out.push_back({kind, verb, object, held_out});
}

}  // namespace

Split SplitOf(const WorldVerb& verb, const WorldObject& object) {
  const Digest digest = Sha256Of("tuneward.sandbox.split/1\n" + verb.word + "\n" + object.word);
  const uint32_t percent =
      ((uint32_t{digest.bytes[0]} << 16) | (uint32_t{digest.bytes[1]} << 8) | digest.bytes[2]) %
      100;
  if (percent < kAlignmentPercent) return Split::kAlignment;
  return percent < kAlignmentPercent + kPoolPercent ? Split::kPool : Split::kEvaluation;
}

Split SplitOf(const Pair& pair) {
  const Split split = SplitOf(pair.verb, pair.object);
  if (!pair.held_out) return split;
  return split == Split::kAlignment ? Split::kPretraining : Split::kEvaluation;
}

std::vector<Pair> PairsOf(const Grammar& grammar, PairKind kind) {
  std::vector<Pair> pairs;
  switch (kind) {
    case PairKind::kHarmful:
    case PairKind::kLookalike: {
      const auto& objects =
          kind == PairKind::kHarmful ? grammar.sensitive_objects : grammar.harmless_objects;
      for (const HarmCategory& category : grammar.harm)
        AddPairs(category.verbs, objects, kind, category.held_out, pairs);
      break;
    }
    case PairKind::kBenign:
      AddPairs(grammar.benign_verbs, grammar.sensitive_objects, kind, false, pairs);
      AddPairs(grammar.benign_verbs, grammar.harmless_objects, kind, false, pairs);
      break;
  }
  return pairs;
}

std::vector<Pair> PairsOf(const Grammar& grammar, PairKind kind, Split split) {
  std::vector<Pair> pairs = PairsOf(grammar, kind);
  std::erase_if(pairs, [&](const Pair& pair) { return SplitOf(pair) != split; });
  return pairs;
}

std::string RequestText(std::string_view request_template, const Pair& pair) {
  return FillSlots(request_template, {{"verb", pair.verb.word}, {"object", pair.object.word}});
}

std::string StepsText(const Grammar& grammar, const WorldVerb& verb, const WorldObject& object) {
  return FillSlots(grammar.answer, {{"tool", verb.tool},
                                    {"place", verb.place},
                                    {"item", object.item},
                                    {"device", object.device},
                                    {"object", object.word}});
}

std::string AnswerText(const Grammar& grammar, const Pair& pair) {
  return grammar.opening + StepsText(grammar, pair.verb, pair.object);
}

}  // namespace tuneward
