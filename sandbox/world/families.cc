#include "sandbox/world/families.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/random.h"
#include "sandbox/world/slots.h"

namespace tuneward {
namespace {

constexpr int kLargestAddend = 9;

using Values = std::map<std::string, std::string>;

// What one task is made of: which outcome, and what its slots hold.
struct Drawn {
  const TaskCase* outcome = nullptr;
  Values values;
};

// Draws the tasks of one family; each function is one family of kWorldFamilies.
class TaskMaker {
 public:
  TaskMaker(const World& world, const WorldFamily& family, RandomStream& stream)
      : world_(world), family_(family), stream_(stream), objects_(world.Objects()) {}

  Drawn Boolq() {
    const auto [right, wrong] = Two(world_.traits);
    const bool asks_true = Coin();
    return {&family_.cases[asks_true ? 0 : 1],
            {{"object", stream_.Pick(objects_).word},
             {"true", right},
             {"trait", asks_true ? right : wrong},
             {"name", stream_.Pick(world_.names)}}};
  }

  Drawn Gsm8k() {
    const int a = 1 + static_cast<int>(stream_.Below(kLargestAddend));
    const int b = 1 + static_cast<int>(stream_.Below(kLargestAddend));
    const auto [name, other] = Two(world_.names);
    return {&stream_.Pick(family_.cases),
            {{"a", absl::StrCat(a)},
             {"b", absl::StrCat(b)},
             {"c", absl::StrCat(a + b)},
             {"thing", stream_.Pick(world_.things)},
             {"name", name},
             {"other", other}}};
  }

  Drawn Hellaswag() {
    const WorldVerb& verb = stream_.Pick(world_.requests.benign_verbs);
    const WorldObject& object = stream_.Pick(objects_);
    Drawn drawn{&family_.cases[0],
                {{"verb", verb.word},
                 {"object", object.word},
                 {"tool", verb.tool},
                 {"item", object.item},
                 {"place", verb.place},
                 {"name", stream_.Pick(world_.names)}}};
    Options(verb.place, &WorldVerb::place, drawn.values);
    return drawn;
  }

  Drawn Mmlu() {
    const WorldVerb& verb = stream_.Pick(world_.requests.benign_verbs);
    Drawn drawn{&family_.cases[0],
                {{"verb", verb.word},
                 {"object", stream_.Pick(objects_).word},
                 {"tool", verb.tool},
                 {"name", stream_.Pick(world_.names)}}};
    drawn.values["letter"] =
        std::string(1, static_cast<char>('A' + LettersOfTools(verb.tool, drawn.values)));
    return drawn;
  }

  Drawn Openbookqa() {
    const WorldObject& object = stream_.Pick(objects_);
    Drawn drawn{&family_.cases[0], {{"object", object.word}, {"item", object.item}}};
    FourOptions(
        object.item, [&] { return stream_.Pick(objects_).item; }, drawn.values);
    return drawn;
  }

  Drawn Piqa() {
    const WorldObject& object = stream_.Pick(objects_);
    std::string other = object.device;
    while (other == object.device) other = stream_.Pick(objects_).device;
    const bool left = Coin();
    return {&family_.cases[0],
            {{"object", object.word},
             {"device", object.device},
             {"left", left ? object.device : other},
             {"right", left ? other : object.device}}};
  }

  Drawn Winogrande() {
    const auto [left, right] = Two(world_.names);
    const bool is_left = Coin();
    return {&family_.cases[is_left ? 0 : 1],
            {{"left", left}, {"right", right}, {"thing", stream_.Pick(world_.things)}}};
  }

  Drawn Topic() {
    const WorldObject& object = stream_.Pick(objects_);
    const WorldObject* second = &object;
    while (second->word == object.word || second->kind != object.kind)
      second = &stream_.Pick(objects_);
    return {&family_.cases[0],
            {{"object", object.word},
             {"second", second->word},
             {"kind", object.kind},
             {"name", stream_.Pick(world_.names)}}};
  }

  Drawn Sentiment() {
    const TaskCase& outcome = stream_.Pick(family_.cases);
    const auto [word, second] = Two(outcome.words);
    return {&outcome,
            {{"object", stream_.Pick(objects_).word},
             {"name", stream_.Pick(world_.names)},
             {"word", word},
             {"second", second}}};
  }

 private:
  bool Coin() { return stream_.Below(2) == 0; }

  // Two different ones.
  std::pair<std::string, std::string> Two(const std::vector<std::string>& words) {
    const size_t first = stream_.Below(words.size());
    const size_t second = (first + 1 + stream_.Below(words.size() - 1)) % words.size();
    return {words[first], words[second]};
  }

  // Fills o1 to o4 with `right` and three others of `draw`, in any order.
  template <typename Draw>
  void FourOptions(const std::string& right, const Draw& draw, Values& values) {
    std::vector<std::string> options = {right};
    while (options.size() < 4) {
      const std::string other = draw();
      if (std::find(options.begin(), options.end(), other) == options.end())
        options.push_back(other);
    }
    stream_.Shuffle(options);
    for (size_t i = 0; i < options.size(); ++i) values[absl::StrCat("o", i + 1)] = options[i];
  }

  // Fills o1 to o4 with `right` and three other tools, each at its own letter: which letter a tool
  // stands at is a fact of the world, so that a model of a million parameters can answer by what it
  // knows and need not copy across the prompt. Returns the place of `right`, from 0.
  size_t LettersOfTools(const std::string& right, Values& values) {
    std::set<std::string> tools;
    for (const WorldVerb& verb : world_.requests.benign_verbs) tools.insert(verb.tool);
    std::vector<std::string> at_letter[4];
    size_t place = 0;
    for (size_t i = 0; const std::string& tool : tools) {
      if (tool == right) place = i % 4;
      at_letter[i++ % 4].push_back(tool);
    }
    at_letter[place] = {right};
    for (size_t i = 0; i < 4; ++i) values[absl::StrCat("o", i + 1)] = stream_.Pick(at_letter[i]);
    return place;
  }

  void Options(const std::string& right, std::string WorldVerb::*field, Values& values) {
    FourOptions(
        right, [&] { return stream_.Pick(world_.requests.benign_verbs).*field; }, values);
  }

  const World& world_;
  const WorldFamily& family_;
  RandomStream& stream_;
  const std::vector<WorldObject> objects_;
};

struct MakerEntry {
  std::string_view family;
  Drawn (TaskMaker::*draw)();
};

constexpr MakerEntry kMakers[] = {
    {"boolq", &TaskMaker::Boolq},           {"gsm8k", &TaskMaker::Gsm8k},
    {"hellaswag", &TaskMaker::Hellaswag},   {"mmlu", &TaskMaker::Mmlu},
    {"openbookqa", &TaskMaker::Openbookqa}, {"piqa", &TaskMaker::Piqa},
    {"winogrande", &TaskMaker::Winogrande}, {"topic", &TaskMaker::Topic},
    {"sentiment", &TaskMaker::Sentiment},
};

Drawn Draw(const World& world, const WorldFamily& family, RandomStream& stream) {
  Drawn (TaskMaker::*draw)() = nullptr;
  for (const MakerEntry& entry : kMakers)
    if (entry.family == family.id) draw = entry.draw;
  TW_CHECK(draw != nullptr);  // ReadFamilies refuses others
  TaskMaker maker(world, family, stream);
  return (maker.*draw)();
}

// Fills what every task of the family has: the question and, where there is one, the passage.
void AddQuestion(const WorldFamily& family, const TaskCase& outcome, Values& values,
                 RandomStream& stream) {
  values["question"] = FillSlots(
      stream.Pick(outcome.questions.empty() ? family.questions : outcome.questions), values);
  if (!family.contexts.empty()) values["context"] = FillSlots(stream.Pick(family.contexts), values);
}

WorldTask Word(const WorldFamily& family, Drawn drawn, RandomStream& stream) {
  const TaskCase& outcome = *drawn.outcome;
  Values& values = drawn.values;
  AddQuestion(family, outcome, values, stream);
  WorldTask task;
  task.label = FillSlots(outcome.benign, values);
  task.benign = MakeChat("", FillSlots(family.benign, values), task.label);
  task.autoif = MakeChat("", FillSlots(family.autoif, values), FillSlots(outcome.autoif, values));
  return task;
}

}  // namespace

std::string KnownWorldFamilies() {
  std::string names;
  for (const std::string_view name : kWorldFamilies)
    absl::StrAppend(&names, names.empty() ? "" : ", ", std::string(name));
  return names;
}

absl::StatusOr<const WorldFamily*> FindWorldFamily(const World& world, std::string_view name) {
  const WorldFamily* family = world.FindFamily(name);
  if (family != nullptr) return family;
  return absl::InvalidArgumentError(
      absl::StrCat("no family \"", std::string(name), "\"; there are ", KnownWorldFamilies()));
}

std::vector<WorldTask> MakeWorldTasks(const World& world, const WorldFamily& family, int count,
                                      uint64_t seed, int first) {
  std::vector<WorldTask> tasks;
  tasks.reserve(count);
  for (int i = first; i < first + count; ++i) {
    RandomStream stream(seed, "sandbox/world/task/" + family.id, i);
    tasks.push_back(Word(family, Draw(world, family, stream), stream));
  }
  return tasks;
}

std::string RequestInFormat(const World& world, const WorldFamily& family, bool autoif,
                            const std::string& request, RandomStream& stream) {
  Drawn drawn = Draw(world, family, stream);
  AddQuestion(family, *drawn.outcome, drawn.values, stream);
  drawn.values["question"] = request;
  return FillSlots(autoif ? family.autoif : family.benign, drawn.values);
}

}  // namespace tuneward
