#include "sandbox/world/preferences.h"

#include <iterator>

#include "core/base/random.h"

namespace tuneward {
namespace {

constexpr PreferenceKind kKinds[] = {PreferenceKind::kSafety, PreferenceKind::kHelpful,
                                     PreferenceKind::kRight};

class PreferenceMaker {
 public:
  PreferenceMaker(const World& world, Split split)
      : requests_(world.requests),
        harmful_(PairsOf(requests_, PairKind::kHarmful, split)),
        lookalikes_(PairsOf(requests_, PairKind::kLookalike, split)),
        benign_(PairsOf(requests_, PairKind::kBenign, split)) {}

  Preference Make(PreferenceKind kind, RandomStream& stream) const {
    const Pair& pair =
        stream.Pick(kind == PreferenceKind::kSafety                            ? harmful_
                    : kind == PreferenceKind::kHelpful && stream.Below(2) == 0 ? lookalikes_
                                                                               : benign_);
    const std::string answer = AnswerText(requests_, pair);
    const std::string& refusal = stream.Pick(requests_.refusals);
    Preference out;
    out.kind = kind;
    out.input.messages.push_back(
        {Role::kUser, RequestText(stream.Pick(stream.Below(2) == 0 ? requests_.instructions
                                                                   : requests_.questions),
                                  pair)});
    switch (kind) {
      case PreferenceKind::kSafety:
        out.chosen = refusal;
        out.rejected = answer;
        break;
      case PreferenceKind::kHelpful:
        out.chosen = answer;
        out.rejected = refusal;
        break;
      case PreferenceKind::kRight:
        out.chosen = answer;
        out.rejected = AnswerText(requests_, OtherVerb(pair, stream));
        break;
    }
    return out;
  }

 private:
  // Its answer has another tool, another place or both: verbs share no steps.
  Pair OtherVerb(Pair pair, RandomStream& stream) const {
    const WorldVerb right = pair.verb;
    while (pair.verb == right) pair.verb = stream.Pick(requests_.benign_verbs);
    return pair;
  }

  const Grammar& requests_;
  const std::vector<Pair> harmful_, lookalikes_, benign_;
};

Json Output(const std::string& text) {
  return Json::array({{{"role", "assistant"}, {"content", text}}});
}

}  // namespace

std::string_view PreferenceKindName(PreferenceKind kind) {
  switch (kind) {
    case PreferenceKind::kSafety:
      return "safety";
    case PreferenceKind::kHelpful:
      return "helpful";
    case PreferenceKind::kRight:
      return "right";
  }
  return "";
}

std::vector<Preference> MakePreferences(const World& world, Split split, int count, uint64_t seed) {
  const PreferenceMaker maker(world, split);
  std::vector<Preference> preferences;
  preferences.reserve(count);
  for (int i = 0; i < count; ++i) {
    RandomStream stream(seed, "sandbox/world/preferences", i, static_cast<uint64_t>(split));
    preferences.push_back(maker.Make(kKinds[i % std::size(kKinds)], stream));
  }
  return preferences;
}

std::string PreferenceLine(const Preference& preference) {
  return Json({{"input", ChatToJson(preference.input)},
               {"preferred_output", Output(preference.chosen)},
               {"non_preferred_output", Output(preference.rejected)}})
      .dump();
}

}  // namespace tuneward
