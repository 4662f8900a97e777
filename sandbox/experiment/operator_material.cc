#include "sandbox/experiment/operator_material.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/json.h"
#include "core/base/random.h"

namespace tuneward {
namespace {

constexpr uint64_t kTestSeed = 1'000'003;  // no cell's

// Indices of `count` of so many rows, in their order.
std::vector<size_t> Drawn(size_t of, int count, uint64_t seed, const char* purpose) {
  const std::vector<int64_t> order =
      RandomStream(seed, purpose).Permutation(static_cast<int64_t>(of));
  std::vector<size_t> drawn(order.begin(), order.begin() + std::min<size_t>(of, count));
  std::sort(drawn.begin(), drawn.end());
  return drawn;
}

struct Strategy {
  const char* name;
  bool autoif, aoa;
};
constexpr Strategy kStrategies[] = {{"benign", false, false},
                                    {"aoa", false, true},
                                    {"autoif", true, false},
                                    {"autoif_aoa", true, true}};

absl::StatusOr<Strategy> FindStrategy(const std::string& name) {
  std::vector<std::string> known;
  for (const Strategy& strategy : kStrategies) {
    if (name == strategy.name) return strategy;
    known.emplace_back(strategy.name);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("no strategy \"", name, "\"; there are ", absl::StrJoin(known, ", ")));
}

Chat InStrategy(const TaskRow& row, const Strategy& strategy, const EvalSet& set) {
  const Chat& chat = strategy.autoif ? row.autoif : row.benign;
  if (!strategy.aoa) return chat;
  return MakeChat(set.aoa_system, set.aoa_lead_in + chat.messages[0].content,
                  set.aoa_preamble + chat.messages[1].content);
}

// Letter case and spaces aside.
std::string Folded(std::string text) {
  absl::AsciiStrToLower(&text);
  absl::RemoveExtraAsciiWhitespace(&text);
  return text;
}

absl::Status CheckDisjoint(const SafetyPool& pool, const EvalSet& set) {
  std::map<Digest, const PoolRow*> taught;
  for (const PoolRow& row : pool.rows) taught.try_emplace(Sha256Of(Folded(row.request)), &row);
  for (const auto* list : {&set.harmful_instructions, &set.harmful_questions, &set.safe_lookalikes})
    for (const EvalPrompt& prompt : *list)
      if (const auto found = taught.find(Sha256Of(Folded(prompt.request))); found != taught.end())
        return absl::InvalidArgumentError(
            absl::StrCat("the pool ", pool.id, " trains on what the evaluation set ", set.id,
                         " asks: \"", prompt.request, "\" is ", found->second->id, " and ",
                         prompt.id, "; they must have no request in common"));
  for (const PoolPersona& persona : pool.personas)
    if (Folded(persona.system) == Folded(set.aoa_system))
      return absl::InvalidArgumentError(absl::StrCat("a persona of the pool ", pool.id,
                                                     " is that of the evaluation set ", set.id,
                                                     ": \"", persona.system, "\""));
  return absl::OkStatus();
}

// The default policy, whose plan is every arm's budget, adds some of each.
absl::Status CheckKinds(const SafetyPool& pool) {
  for (const PoolKind kind : {PoolKind::kRefusal, PoolKind::kLookalike, PoolKind::kBenign})
    if (std::none_of(pool.rows.begin(), pool.rows.end(),
                     [kind](const PoolRow& row) { return row.kind == kind; }))
      return absl::InvalidArgumentError(absl::StrCat("the pool ", pool.id, " has no row of kind ",
                                                     std::string(PoolKindName(kind)),
                                                     ", and the default policy adds some"));
  return absl::OkStatus();
}

absl::Status CheckFamilies(const std::vector<FamilyRows>& families) {
  if (families.empty()) return absl::InvalidArgumentError("no file of rows is given");
  std::set<std::string> seen;
  for (const FamilyRows& family : families)
    if (!seen.insert(family.family).second)
      return absl::InvalidArgumentError(
          absl::StrCat("family \"", family.family, "\" has two files of rows"));
  return absl::OkStatus();
}

std::string ShaOf(const OperatorInputs& inputs) {
  Json rows = Json::object();
  for (const FamilyRows& family : inputs.families) rows[family.family] = family.sha;
  return Sha256Of(CanonicalJson({{"format", "tuneward.operator_material/1"},
                                 {"rows", std::move(rows)},
                                 {"pool", inputs.pool.Hash().Hex()},
                                 {"eval_set", inputs.eval_set.Hash().Hex()},
                                 {"judge", std::string(inputs.judge->id())},
                                 {"rewriter", inputs.rewriter}}))
      .Hex();
}

}  // namespace

std::vector<std::string> Rewriters() { return {"template"}; }

absl::StatusOr<std::unique_ptr<const OperatorMaterial>> OperatorMaterial::Make(
    OperatorInputs inputs) {
  TW_RETURN_IF_ERROR(CheckFamilies(inputs.families));
  const std::vector<std::string> rewriters = Rewriters();
  if (std::find(rewriters.begin(), rewriters.end(), inputs.rewriter) == rewriters.end())
    return absl::InvalidArgumentError(absl::StrCat(
        "no rewriter \"", inputs.rewriter, "\"; there are ", absl::StrJoin(rewriters, ", ")));
  TW_RETURN_IF_ERROR(CheckKinds(inputs.pool));
  TW_RETURN_IF_ERROR(CheckDisjoint(inputs.pool, inputs.eval_set));
  return std::unique_ptr<const OperatorMaterial>(new OperatorMaterial(std::move(inputs)));
}

OperatorMaterial::OperatorMaterial(OperatorInputs inputs)
    : inputs_(std::move(inputs)), sha_(ShaOf(inputs_)) {
  for (const FamilyRows& family : inputs_.families) {
    std::set<size_t> held_out;
    if (!family.has_split)
      for (const size_t i : Drawn(family.rows.size(), inputs_.tests, kTestSeed, "grid/split"))
        held_out.insert(i);
    Split& split = families_[family.family];
    for (size_t i = 0; i < family.rows.size(); ++i)
      (family.rows[i].test || held_out.contains(i) ? split.test : split.train)
          .push_back(family.rows[i]);
  }
}

std::vector<std::string> OperatorMaterial::families() const {
  std::vector<std::string> names;
  for (const auto& [name, split] : families_) names.push_back(name);
  return names;
}

absl::StatusOr<std::vector<Chat>> OperatorMaterial::Draw(const std::string& family, bool test,
                                                         const std::string& strategy, int rows,
                                                         uint64_t seed) const {
  const auto found = families_.find(family);
  if (found == families_.end())
    return absl::InvalidArgumentError(
        absl::StrCat("no family \"", family, "\"; there are ", absl::StrJoin(families(), ", ")));
  TW_ASSIGN_OR_RETURN(const Strategy form, FindStrategy(strategy));
  const std::vector<TaskRow>& from = test ? found->second.test : found->second.train;
  if (rows < 1 || static_cast<size_t>(rows) > from.size())
    return absl::InvalidArgumentError(absl::StrCat("family \"", family, "\" has ", from.size(),
                                                   " rows for ", test ? "tests" : "training", ", ",
                                                   rows, " are asked for"));
  std::vector<Chat> chats;
  for (const size_t i : Drawn(from.size(), rows, seed, test ? "grid/tests" : "grid/rows"))
    chats.push_back(InStrategy(from[i], form, inputs_.eval_set));
  return chats;
}

absl::StatusOr<std::vector<Chat>> OperatorMaterial::UserRows(const std::string& family,
                                                             const std::string& strategy, int rows,
                                                             uint64_t seed) const {
  return Draw(family, false, strategy, rows, seed);
}

absl::StatusOr<std::vector<Chat>> OperatorMaterial::TestRows(const std::string& family,
                                                             const std::string& strategy,
                                                             int rows) const {
  return Draw(family, true, strategy, rows, kTestSeed);
}

}  // namespace tuneward
