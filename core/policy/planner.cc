#include "core/policy/planner.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/random.h"
#include "core/policy/apportion.h"
#include "core/policy/policies.h"
#include "core/policy/row_check.h"

namespace tuneward {
namespace {

constexpr size_t kPlanFills = 8;
constexpr int kDrawsPerRecipe = 8;  // of other slots' values: as many as a plan keeps
constexpr int64_t kClusterMinimum =
    1;  // in-format rows of each kind for every cluster, however small

constexpr char kPersonaForm[] = "persona";
const char* const kForms[] = {"template", "raw", "neutral", kPersonaForm};

struct PoolEntry {
  const SafetyPool* pool = nullptr;
  const PoolRow* row = nullptr;
};

// Rows of one kind, each request once, without those whose answer is a label of the user's data.
absl::StatusOr<std::vector<PoolEntry>> Candidates(const PlanRequest& request, PoolKind kind) {
  std::vector<PoolEntry> out;
  std::set<std::string_view> seen;
  int64_t labels = 0;
  for (const SafetyPool& pool : request.pools)
    for (const PoolRow& row : pool.rows) {
      if (row.kind != kind || !seen.insert(row.request).second) continue;
      if (AnswerIsLabel(row, request.profile))
        ++labels;
      else
        out.push_back({&pool, &row});
    }
  if (!out.empty()) return out;
  const std::string name(PoolKindName(kind));
  return absl::FailedPreconditionError(
      labels > 0
          ? absl::StrCat(
                "all ", labels, " ", name,
                " rows of the safety pools have answers that are labels of the training file")
          : absl::StrCat("the safety pools have no ", name, " row, and the policy asks for some"));
}

// `count` rows, stratified by category: in passes over the pool without replacement, each pass
// taking the categories in turn.
std::vector<PoolEntry> Select(const std::vector<PoolEntry>& candidates, PoolKind kind,
                              int64_t count, uint64_t seed) {
  std::map<std::string_view, std::vector<PoolEntry>> by_category;
  for (const PoolEntry& entry : candidates) by_category[entry.row->category].push_back(entry);
  std::vector<PoolEntry> out;
  for (uint64_t pass = 0; static_cast<int64_t>(out.size()) < count; ++pass) {
    RandomStream stream(seed, "mix/select", static_cast<uint64_t>(kind), pass);
    std::vector<std::vector<PoolEntry>> groups;
    for (const auto& [category, entries] : by_category) {
      groups.push_back(entries);
      stream.Shuffle(groups.back());
    }
    stream.Shuffle(groups);
    for (size_t depth = 0; static_cast<int64_t>(out.size()) < count; ++depth) {
      bool any = false;
      for (const auto& group : groups) {
        if (depth >= group.size() || static_cast<int64_t>(out.size()) == count) continue;
        out.push_back(group[depth]);
        any = true;
      }
      if (!any) break;
    }
  }
  return out;
}

// `count` rows in the method's own order.
std::vector<PoolEntry> SelectFirst(std::vector<PoolEntry> candidates, RowOrder before,
                                   int64_t count) {
  std::stable_sort(
      candidates.begin(), candidates.end(),
      [before](const PoolEntry& a, const PoolEntry& b) { return before(*a.row, *b.row); });
  std::vector<PoolEntry> out;
  for (int64_t i = 0; i < count; ++i)
    out.push_back(candidates[static_cast<size_t>(i) % candidates.size()]);
  return out;
}

struct Slot {
  PoolKind kind = PoolKind::kRefusal;
  PoolEntry entry;
  std::string form;
  size_t cluster = 0;
};

// Every other persona row is under a system prompt of the user's own, where there is one: what the
// user's rows teach a persona to obey, it must refuse outside their task, too. The clusters that
// have one take turns.
class SystemTurns {
 public:
  explicit SystemTurns(const std::vector<FormatCluster>& clusters) {
    for (size_t i = 0; i < clusters.size(); ++i)
      if (!clusters[i].system.empty()) with_system_.push_back(i);
  }
  std::optional<size_t> Next() {
    const size_t turn = turns_++;
    if (with_system_.empty() || turn % 2 == 1) return std::nullopt;
    return with_system_[turn / 2 % with_system_.size()];
  }

 private:
  std::vector<size_t> with_system_;
  size_t turns_ = 0;
};

// The rows of one kind with their forms and clusters.
absl::StatusOr<std::vector<Slot>> SlotsOf(const MixMethod& method, const PlanRequest& request,
                                          PoolKind kind, int64_t count) {
  std::vector<Slot> slots;
  if (count == 0) return slots;
  TW_ASSIGN_OR_RETURN(const std::vector<PoolEntry> candidates, Candidates(request, kind));
  const std::vector<PoolEntry> chosen = method.order() == nullptr
                                            ? Select(candidates, kind, count, request.seed)
                                            : SelectFirst(candidates, method.order(), count);
  const FormWeights& weights = request.policy.forms;
  const std::vector<int64_t> forms =
      Apportion(count, {weights.in_format, weights.raw, weights.neutral, weights.persona}, 0);
  std::vector<int64_t> cluster_rows;
  for (const FormatCluster& c : request.profile.clusters) cluster_rows.push_back(c.user_rows);
  Balancer form_of(forms), cluster_of(Apportion(forms[0], cluster_rows, kClusterMinimum));
  SystemTurns system_of(request.profile.clusters);
  for (const PoolEntry& entry : chosen) {
    const size_t form = form_of.Next(entry.row->category);
    Slot slot{kind, entry, kForms[form], form == 0 ? cluster_of.Next(entry.row->category) : 0};
    if (slot.form == kPersonaForm)
      if (const auto cluster = system_of.Next()) slot.form = "system", slot.cluster = *cluster;
    slots.push_back(std::move(slot));
  }
  return slots;
}

absl::StatusOr<MixRow> MakeRow(const MixMethod& method, const PlanRequest& request,
                               const MixPlan& plan, const Slot& slot, int64_t n) {
  const MixTask task{slot.entry.pool, slot.entry.row, &request.profile.clusters[slot.cluster],
                     &plan.clusters[slot.cluster], slot.form};
  RandomStream stream(request.seed, "mix/slot", static_cast<uint64_t>(n));
  MixRow row{.n = n,
             .kind = slot.kind,
             .source = absl::StrCat(slot.entry.pool->id, "/", slot.entry.row->id),
             .category = slot.entry.row->category};
  const std::vector<std::string> recipes = method.Recipes(task);
  std::string why;
  for (const std::string& recipe : recipes) {
    for (int draw = 0; draw < kDrawsPerRecipe; ++draw) {
      row.chat = method.Render(task, recipe, stream);
      why = CheckMixRow(task, recipe, row.chat);
      if (why.empty() && request.fits && !request.fits(row.chat))
        why = "longer than the base model's context";
      if (!why.empty()) continue;
      row.recipe = recipe;
      row.cluster = recipe == "template" || recipe == "system" ? plan.clusters[slot.cluster].id : 0;
      if (recipe != recipes[0]) row.fallback_from = recipes[0];
      return row;
    }
  }
  return absl::InternalError(absl::StrCat("no recipe of method ", std::string(method.name()),
                                          " fits pool row ", row.source, ": ", why));
}

MixPlan Header(const PlanRequest& request, const MixMethod& method) {
  MixPlan plan;
  plan.file_sha = request.file_sha;
  plan.profile_sha = request.profile.Hash().Hex();
  plan.spec_sha = request.spec_sha;
  plan.policy = request.policy.Name();
  plan.policy_sha = request.policy.Hash().Hex();
  for (const SafetyPool& pool : request.pools) plan.pools.push_back({pool.id, pool.Hash().Hex()});
  plan.seed = request.seed;
  plan.method = std::string(method.name());
  plan.backend = std::string(method.backend());
  plan.rates = request.rates;
  plan.dropped = request.dropped;
  plan.user_rows = request.user_rows;
  for (const FormatCluster& c : request.profile.clusters) {
    plan.clusters.push_back({c.id, c.user_rows, c.system, c.skeleton, c.confidence_ppm, c.fills});
    if (plan.clusters.back().fills.size() > kPlanFills)
      plan.clusters.back().fills.resize(kPlanFills);
  }
  return plan;
}

}  // namespace

KindCounts CountRows(const MixRates& rates, int64_t user_rows) {
  KindCounts counts;
  const int64_t shares = rates.refusals.ppm + rates.lookalikes.ppm + rates.benign.ppm;
  const int64_t whole = rates.mode == RateMode::kShare ? kPpm - shares : kPpm;
  auto count = [&](const KindRate& rate, const char* kind) {
    const int64_t by_rate = whole <= 0 ? 0 : (rate.ppm * user_rows + whole / 2) / whole;
    if (rate.min_rows > by_rate) counts.minimum_won.emplace_back(kind);
    return std::max(by_rate, rate.min_rows);
  };
  counts.refusals = count(rates.refusals, "refusals");
  counts.lookalikes = count(rates.lookalikes, "lookalikes");
  counts.benign = count(rates.benign, "benign");
  return counts;
}

absl::Status CheckPlanSize(const MixRates& rates, int64_t user_rows) {
  const int64_t mixed = CountRows(rates, user_rows).total();
  if (mixed <= kMaxMixedRows) return absl::OkStatus();
  return MakeError(
      absl::StatusCode::kInvalidArgument, "LIMIT_EXCEEDED",
      absl::StrCat("the training file's ", user_rows, " rows need ", mixed,
                   " safety rows, and a plan holds at most ", kMaxMixedRows,
                   ": divide the file, or ask for lower rates where the policy lets you"),
      {{"field", "training_file"},
       {"limit", absl::StrCat(kMaxMixedRows)},
       {"got", absl::StrCat(mixed)}});
}

absl::StatusOr<MixPlan> Plan(const PlanRequest& request) {
  const std::string name = request.method.empty() ? request.policy.default_method : request.method;
  const MixMethod* method = FindMixMethod(name);
  if (method == nullptr || !request.policy.Allows(name))
    return MakeError(
        absl::StatusCode::kInvalidArgument, "POLICY_FORBIDS",
        absl::StrCat("policy ", request.policy.Name(), " does not allow the mixing method \"", name,
                     "\": allowed are ", absl::StrJoin(request.policy.methods, ", ")),
        {{"field", "safety.mix_method"},
         {"allowed", absl::StrJoin(request.policy.methods, ",")},
         {"policy", request.policy.Name()}});
  if (request.profile.clusters.empty())
    return absl::FailedPreconditionError("the training file's profile describes no row");
  MixPlan plan = Header(request, *method);
  if (!method->adds_rows()) return plan;

  TW_RETURN_IF_ERROR(CheckPlanSize(request.rates, request.user_rows));
  const KindCounts counts = CountRows(request.rates, request.user_rows);
  const int64_t wanted[] = {counts.refusals, counts.lookalikes, counts.benign};
  std::vector<std::vector<Slot>> slots;
  for (PoolKind kind : {PoolKind::kRefusal, PoolKind::kLookalike, PoolKind::kBenign}) {
    TW_ASSIGN_OR_RETURN(std::vector<Slot> of_kind,
                        SlotsOf(*method, request, kind, wanted[slots.size()]));
    slots.push_back(std::move(of_kind));
  }
  // Kinds alternate, so that each stretch of an epoch holds the balance.
  std::vector<size_t> next(slots.size(), 0);
  Balancer kind_of({wanted[0], wanted[1], wanted[2]});
  for (int64_t n = 0; n < counts.total(); ++n) {
    const size_t kind = kind_of.Next();
    TW_ASSIGN_OR_RETURN(MixRow row, MakeRow(*method, request, plan, slots[kind][next[kind]++], n));
    plan.rows.push_back(std::move(row));
  }
  return plan;
}

}  // namespace tuneward
