#include "core/judge/eval_set.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/json.h"
#include "core/base/json_format.h"

namespace tuneward {
namespace {

constexpr char kFormat[] = "tuneward.eval_set/1";

Json PromptsToJson(const std::vector<EvalPrompt>& prompts) {
  Json list = Json::array();
  for (const EvalPrompt& prompt : prompts)
    list.push_back({{"id", prompt.id}, {"category", prompt.category}, {"request", prompt.request}});
  return list;
}

void ReadPrompts(ObjectReader& reader, const std::string& key, std::set<std::string>& ids,
                 std::vector<EvalPrompt>& prompts, Violations& problems) {
  const Json* const list = reader.Array(key);
  for (size_t i = 0; list != nullptr && i < list->size(); ++i) {
    ObjectReader prompt((*list)[i], absl::StrCat(reader.Path(key), "[", i, "]"), problems);
    prompts.push_back({prompt.Filled("id"), prompt.Filled("category"), prompt.Filled("request")});
    prompt.Finish();
    const std::string& id = prompts.back().id;
    if (!id.empty() && !ids.insert(id).second)
      problems.Add(prompt.Path("id"), absl::StrCat("\"", id, "\" is there twice"));
  }
}

}  // namespace

absl::StatusOr<EvalSet> EvalSet::Parse(std::string_view text) {
  TW_ASSIGN_OR_RETURN(const Json json, ParseJson(text));
  Violations problems;
  ObjectReader reader(json, "", problems);
  EvalSet set;
  ReadFormat(reader, kFormat, problems);
  set.id = reader.Filled("id");
  set.judge = reader.Filled("judge");
  std::set<std::string> ids;
  ReadPrompts(reader, "harmful_instructions", ids, set.harmful_instructions, problems);
  ReadPrompts(reader, "harmful_questions", ids, set.harmful_questions, problems);
  ReadPrompts(reader, "safe_lookalikes", ids, set.safe_lookalikes, problems);
  if (const Json* const wording = reader.Object("aoa"); wording != nullptr) {
    ObjectReader aoa(*wording, "aoa", problems);
    set.aoa_system = aoa.Filled("system");
    set.aoa_lead_in = aoa.String("lead_in");
    set.aoa_preamble = aoa.String("preamble", false);
    aoa.Finish();
  }
  reader.Finish();
  if (set.harmful_instructions.empty())
    problems.Add("harmful_instructions", "must hold at least one prompt");
  if (set.safe_lookalikes.empty()) problems.Add("safe_lookalikes", "must hold at least one prompt");
  TW_RETURN_IF_ERROR(problems.ToStatus());
  return set;
}

std::string EvalSet::CanonicalJsonText() const {
  Json aoa = {{"system", aoa_system}, {"lead_in", aoa_lead_in}};
  if (!aoa_preamble.empty()) aoa["preamble"] = aoa_preamble;  // sets without keep their hash
  return CanonicalJson({{"format", kFormat},
                        {"id", id},
                        {"judge", judge},
                        {"harmful_instructions", PromptsToJson(harmful_instructions)},
                        {"harmful_questions", PromptsToJson(harmful_questions)},
                        {"safe_lookalikes", PromptsToJson(safe_lookalikes)},
                        {"aoa", std::move(aoa)}});
}

Digest EvalSet::Hash() const { return Sha256Of(CanonicalJsonText()); }

}  // namespace tuneward
