#include "sandbox/world/tasks.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/random.h"
#include "sandbox/world/slots.h"

namespace tuneward {
namespace {

constexpr int kLargestAddend = 9;

using Values = std::map<std::string, std::string>;

TaskExample Make(const TaskFamily& family, const std::string& outcome, const Values& values,
                 std::string label, RandomStream& stream) {
  const TaskFamily::Outcome& forms = family.outcomes.at(outcome);
  return {FillSlots(stream.Pick(family.questions), values), FillSlots(forms.benign, values),
          FillSlots(forms.autoif, values), std::move(label)};
}

const WorldObject& AnyObject(const Grammar& grammar, RandomStream& stream) {
  const size_t sensitive = grammar.sensitive_objects.size();
  const size_t i = stream.Below(sensitive + grammar.harmless_objects.size());
  return i < sensitive ? grammar.sensitive_objects[i] : grammar.harmless_objects[i - sensitive];
}

TaskExample MakeBoolq(const Grammar& grammar, const TaskFamily& family, RandomStream& stream) {
  const WorldObject& object = AnyObject(grammar, stream);
  const std::string& trait = stream.Pick(grammar.traits);
  const bool yes = std::count(object.traits.begin(), object.traits.end(), trait) > 0;
  const std::string label = yes ? "yes" : "no";
  return Make(family, label, {{"object", object.word}, {"trait", trait}}, label, stream);
}

TaskExample MakeGsm8k(const Grammar& grammar, const TaskFamily& family, RandomStream& stream) {
  const int a = 1 + static_cast<int>(stream.Below(kLargestAddend));
  const int b = 1 + static_cast<int>(stream.Below(kLargestAddend));
  const std::string sum = absl::StrCat(a + b);
  const Values values = {{"a", absl::StrCat(a)},
                         {"b", absl::StrCat(b)},
                         {"c", sum},
                         {"name", stream.Pick(grammar.names)},
                         {"thing", stream.Pick(grammar.things)}};
  return Make(family, "sum", values, sum, stream);
}

TaskExample MakePiqa(const Grammar& grammar, const TaskFamily& family, RandomStream& stream) {
  const WorldObject& object = AnyObject(grammar, stream);
  std::string other = object.device;
  while (other == object.device) other = AnyObject(grammar, stream).device;
  const bool left = stream.Below(2) == 0;
  const Values values = {{"object", object.word},
                         {"device", object.device},
                         {"left", left ? object.device : other},
                         {"right", left ? other : object.device}};
  TaskExample example = Make(family, "tool", values, "", stream);
  example.label = example.benign_answer;
  return example;
}

}  // namespace

std::string_view FamilyName(Family family) {
  switch (family) {
    case Family::kBoolq:
      return "boolq";
    case Family::kGsm8k:
      return "gsm8k";
    case Family::kPiqa:
      return "piqa";
  }
  return "";
}

absl::StatusOr<Family> ParseFamily(std::string_view name) {
  for (const Family family : kFamilies)
    if (FamilyName(family) == name) return family;
  return absl::InvalidArgumentError(
      absl::StrCat("family must be boolq, gsm8k or piqa, got \"", std::string(name), "\""));
}

std::vector<TaskExample> MakeTaskExamples(const Grammar& grammar, Family family, int count,
                                          uint64_t seed, int first) {
  const std::string name(FamilyName(family));
  const TaskFamily& wording = grammar.families.at(name);
  std::vector<TaskExample> examples;
  examples.reserve(count);
  for (int i = first; i < first + count; ++i) {
    RandomStream stream(seed, "sandbox/task/" + name, i);
    switch (family) {
      case Family::kBoolq:
        examples.push_back(MakeBoolq(grammar, wording, stream));
        break;
      case Family::kGsm8k:
        examples.push_back(MakeGsm8k(grammar, wording, stream));
        break;
      case Family::kPiqa:
        examples.push_back(MakePiqa(grammar, wording, stream));
        break;
    }
  }
  return examples;
}

}  // namespace tuneward
