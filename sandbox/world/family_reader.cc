#include "sandbox/world/family_reader.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sandbox/world/families.h"

namespace tuneward {
namespace {

// `values`: every slot that the family's generator fills (families.cc). `required`: in each
// question. `options`: in both forms, beside {question}.
struct FamilySlots {
  std::string_view id;
  SlotNames values, required, options;
  std::vector<std::string> cases;
  bool has_contexts = false, cases_have_questions = false, cases_have_words = false;
};

const SlotNames kFourOptions = {"o1", "o2", "o3", "o4"};

const std::vector<FamilySlots>& Table() {
  static const std::vector<FamilySlots> table = {
      {"boolq",
       {"object", "trait", "true", "name"},
       {"object", "trait"},
       {"context"},
       {"yes", "no"},
       true},
      {"gsm8k",
       {"a", "b", "c", "thing", "name", "other"},
       {"b", "thing"},
       {},
       {"sum", "difference"},
       false,
       true},
      {"hellaswag",
       {"verb", "object", "tool", "item", "place", "name"},
       {"verb"},
       kFourOptions,
       {"ending"}},
      {"mmlu", {"verb", "object", "tool", "name", "letter"}, {"verb"}, kFourOptions, {"letter"}},
      {"openbookqa", {"object", "item"}, {"object"}, kFourOptions, {"item"}},
      {"piqa", {"object", "device", "left", "right"}, {"object", "left", "right"}, {}, {"device"}},
      {"winogrande",
       {"left", "right", "thing"},
       {"left", "right"},
       {},
       {"left", "right"},
       false,
       true},
      {"topic", {"object", "second", "name", "kind"}, {"object", "second"}, {}, {"kind"}},
      {"sentiment",
       {"object", "name", "word", "second"},
       {"object", "word", "name"},
       {},
       {"positive", "negative"},
       false,
       false,
       true},
  };
  return table;
}

const FamilySlots* Find(std::string_view id) {
  const auto& table = Table();
  const auto found = std::find_if(table.begin(), table.end(),
                                  [&](const FamilySlots& slots) { return slots.id == id; });
  return found == table.end() ? nullptr : &*found;
}

SlotNames With(SlotNames names, const SlotNames& more) {
  names.insert(more.begin(), more.end());
  return names;
}

std::vector<TaskCase> ReadCases(ObjectReader& reader, const FamilySlots& slots,
                                WordingReader& wording) {
  std::vector<TaskCase> cases;
  std::vector<std::string> ids;
  wording.Each(reader, "cases", [&](ObjectReader& one) {
    TaskCase out;
    ids.push_back(out.id = one.String("id"));
    if (slots.cases_have_questions)
      out.questions = wording.Templates(one, "questions", slots.required, slots.values);
    if (slots.cases_have_words) out.words = wording.Texts(one, "words");
    out.benign = wording.Template(one, "benign", {}, slots.values);
    out.autoif = wording.Template(one, "autoif", {}, slots.values);
    cases.push_back(std::move(out));
  });
  if (ids != slots.cases)
    wording.problems().Add(reader.Path("cases"),
                           absl::StrCat("must be ", absl::StrJoin(slots.cases, ", "), "; got ",
                                        absl::StrJoin(ids, ", ")));
  return cases;
}

}  // namespace

std::vector<WorldFamily> ReadFamilies(ObjectReader& file, WordingReader& wording) {
  std::vector<WorldFamily> families;
  std::vector<std::string> ids;
  wording.Each(file, "families", [&](ObjectReader& reader) {
    WorldFamily family;
    ids.push_back(family.id = reader.String("id"));
    family.source = reader.String("source");
    family.practice = static_cast<int>(reader.Int("practice", 1, 10));
    const FamilySlots* slots = Find(family.id);
    if (slots == nullptr) {
      wording.problems().Add(
          reader.Path("id"),
          absl::StrCat("no family \"", family.id, "\"; there are ", KnownWorldFamilies()));
      return;
    }
    if (slots->has_contexts)
      family.contexts = wording.Templates(reader, "contexts", {"object", "true"}, slots->values);
    if (!slots->cases_have_questions)
      family.questions = wording.Templates(reader, "questions", slots->required, slots->values);
    const SlotNames form = With({"question"}, slots->options);
    family.benign = wording.Template(reader, "benign", form, With(form, slots->values));
    family.autoif = wording.Template(reader, "autoif", form, With(form, slots->values));
    family.cases = ReadCases(reader, *slots, wording);
    families.push_back(std::move(family));
  });
  if (!std::equal(ids.begin(), ids.end(), std::begin(kWorldFamilies), std::end(kWorldFamilies)))
    wording.problems().Add(file.Path("families"),
                           absl::StrCat("must be ", KnownWorldFamilies(), " in this order; got ",
                                        absl::StrJoin(ids, ", ")));
  return families;
}

}  // namespace tuneward
