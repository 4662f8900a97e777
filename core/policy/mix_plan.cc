#include "core/policy/mix_plan.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "core/data/skeleton_json.h"

namespace tuneward {
namespace {

constexpr char kFormat[] = "tuneward.plan/1";

std::string ModeName(RateMode mode) { return mode == RateMode::kShare ? "share" : "ratio"; }

Json RowToJson(const MixRow& row) {
  Json json = ChatToJson(row.chat);
  json["n"] = row.n;
  json["kind"] = std::string(PoolKindName(row.kind));
  json["source"] = row.source;
  json["category"] = row.category;
  json["cluster"] = row.cluster;
  json["recipe"] = row.recipe;
  json["fallback_from"] = row.fallback_from.empty() ? Json(nullptr) : Json(row.fallback_from);
  json["sha"] = Sha256Of(ChatLine(row.chat)).Hex();
  return json;
}

Json ToJson(const MixPlan& plan) {
  Json pools = Json::array(), clusters = Json::array(), rows = Json::array(),
       dropped = Json::array();
  for (const PoolRef& pool : plan.pools) pools.push_back({{"id", pool.id}, {"sha", pool.sha}});
  for (const PlanCluster& c : plan.clusters)
    clusters.push_back({{"id", c.id},
                        {"user_rows", c.user_rows},
                        {"system", c.system},
                        {"skeleton", SkeletonToJson(c.skeleton)},
                        {"confidence_ppm", c.confidence_ppm},
                        {"fills", c.fills}});
  for (const MixRow& row : plan.rows) rows.push_back(RowToJson(row));
  for (const DroppedLine& line : plan.dropped)
    dropped.push_back({{"line", line.line}, {"reason", line.reason}});
  return {{"format", kFormat},
          {"planner", plan.planner},
          {"inputs",
           {{"file", plan.file_sha},
            {"profile", plan.profile_sha},
            {"spec", plan.spec_sha},
            {"policy", plan.policy},
            {"policy_sha", plan.policy_sha},
            {"pools", std::move(pools)},
            {"row_bank", nullptr},
            {"seed", plan.seed}}},
          {"method", plan.method},
          {"backend", plan.backend},
          {"rates",
           {{"mode", ModeName(plan.rates.mode)},
            {"refusals_ppm", plan.rates.refusals.ppm},
            {"lookalikes_ppm", plan.rates.lookalikes.ppm},
            {"benign_ppm", plan.rates.benign.ppm},
            {"refusals_min", plan.rates.refusals.min_rows},
            {"lookalikes_min", plan.rates.lookalikes.min_rows},
            {"benign_min", plan.rates.benign.min_rows}}},
          {"user_rows", plan.user_rows},
          {"clusters", std::move(clusters)},
          {"rows", std::move(rows)},
          {"dropped", std::move(dropped)}};
}

void ReadInputs(ObjectReader& parent, MixPlan& plan, Violations& problems) {
  const Json* json = parent.Object("inputs");
  if (json == nullptr) return;
  ObjectReader reader(*json, "inputs", problems);
  plan.file_sha = reader.String("file");
  plan.profile_sha = reader.String("profile");
  plan.spec_sha = reader.String("spec");
  plan.policy = reader.String("policy");
  plan.policy_sha = reader.String("policy_sha");
  plan.seed = static_cast<uint64_t>(reader.Int("seed", 0, INT64_MAX));
  if (!reader.Has("row_bank") || !json->at("row_bank").is_null())
    problems.Add("inputs.row_bank", "must be null");
  if (const Json* list = reader.Array("pools")) {
    for (size_t i = 0; i < list->size(); ++i) {
      ObjectReader item((*list)[i], absl::StrCat("inputs.pools[", i, "]"), problems);
      plan.pools.push_back({item.String("id"), item.String("sha")});
      item.Finish();
    }
  }
}

void ReadRates(ObjectReader& parent, MixRates& rates, Violations& problems) {
  const Json* json = parent.Object("rates");
  if (json == nullptr) return;
  ObjectReader reader(*json, "rates", problems);
  rates.mode = reader.String("mode") == "ratio" ? RateMode::kRatio : RateMode::kShare;
  rates.refusals.ppm = reader.Int("refusals_ppm", 0, kPpm);
  rates.lookalikes.ppm = reader.Int("lookalikes_ppm", 0, kPpm);
  rates.benign.ppm = reader.Int("benign_ppm", 0, kPpm);
  rates.refusals.min_rows = reader.Int("refusals_min", 0, INT64_MAX);
  rates.lookalikes.min_rows = reader.Int("lookalikes_min", 0, INT64_MAX);
  rates.benign.min_rows = reader.Int("benign_min", 0, INT64_MAX);
  reader.Finish();
}

PlanCluster ReadCluster(const Json& json, const std::string& path, Violations& problems) {
  PlanCluster c;
  ObjectReader reader(json, path, problems);
  c.id = static_cast<int>(reader.Int("id", 0, 1000));
  c.user_rows = reader.Int("user_rows", 0, INT64_MAX);
  c.system = reader.String("system");
  if (const Json* list = reader.Array("skeleton"))
    c.skeleton = SkeletonFromJson(*list, reader.Path("skeleton"), problems);
  c.confidence_ppm = reader.Int("confidence_ppm", 0, kPpm);
  if (const Json* list = reader.Array("fills"))
    c.fills = FillsFromJson(*list, reader.Path("fills"), problems);
  reader.Finish();
  return c;
}

MixRow ReadRow(const Json& json, const std::string& path, Violations& problems) {
  MixRow row;
  ObjectReader reader(json, path, problems);
  row.n = reader.Int("n", 0, INT64_MAX);
  const std::string kind = reader.String("kind");
  bool known = false;
  for (PoolKind k : {PoolKind::kRefusal, PoolKind::kLookalike, PoolKind::kBenign})
    if (PoolKindName(k) == kind) row.kind = k, known = true;
  if (!known)
    problems.Add(reader.Path("kind"),
                 absl::StrCat("must be refusal, lookalike or benign, got \"", kind, "\""));
  row.source = reader.String("source");
  row.category = reader.String("category");
  row.cluster = static_cast<int>(reader.Int("cluster", 0, 1000));
  row.recipe = reader.String("recipe");
  if (reader.Has("fallback_from") && !json.at("fallback_from").is_null())
    row.fallback_from = reader.String("fallback_from");
  const std::string sha = reader.String("sha");
  const Json* messages = reader.Array("messages");
  if (messages == nullptr) return row;
  auto chat = ChatFromJson({{"messages", *messages}});
  if (!chat.ok())
    problems.Add(reader.Path("messages"), std::string(chat.status().message()));
  else
    row.chat = *std::move(chat);
  if (Sha256Of(ChatLine(row.chat)).Hex() != sha)
    problems.Add(reader.Path("sha"), "does not match the messages");
  return row;
}

}  // namespace

std::string MixPlan::CanonicalJsonText() const { return CanonicalJson(ToJson(*this)); }
Digest MixPlan::Hash() const { return Sha256Of(CanonicalJsonText()); }

std::vector<Chat> MixPlan::Chats() const {
  std::vector<Chat> chats;
  for (const MixRow& row : rows) chats.push_back(row.chat);
  return chats;
}

absl::StatusOr<MixPlan> MixPlan::Parse(std::string_view json_text) {
  TW_ASSIGN_OR_RETURN(const Json json, ParseJson(json_text));
  Violations problems;
  MixPlan plan;
  ObjectReader reader(json, "", problems);
  if (reader.String("format") != kFormat) problems.Add("format", absl::StrCat("must be ", kFormat));
  plan.planner = reader.String("planner");
  if (plan.planner != "1" && plan.planner != kPlannerVersion)
    problems.Add("planner",
                 absl::StrCat("must be 1 or ", kPlannerVersion, ", got \"", plan.planner, "\""));
  ReadInputs(reader, plan, problems);
  plan.method = reader.String("method");
  plan.backend = reader.String("backend");
  ReadRates(reader, plan.rates, problems);
  plan.user_rows = reader.Int("user_rows", 0, INT64_MAX);
  if (const Json* list = reader.Array("clusters"))
    for (size_t i = 0; i < list->size(); ++i)
      plan.clusters.push_back(ReadCluster((*list)[i], absl::StrCat("clusters[", i, "]"), problems));
  if (const Json* list = reader.Array("rows"))
    for (size_t i = 0; i < list->size(); ++i)
      plan.rows.push_back(ReadRow((*list)[i], absl::StrCat("rows[", i, "]"), problems));
  if (const Json* list = reader.Array("dropped")) {
    for (size_t i = 0; i < list->size(); ++i) {
      ObjectReader item((*list)[i], absl::StrCat("dropped[", i, "]"), problems);
      plan.dropped.push_back({item.Int("line", 1, INT64_MAX), item.String("reason")});
      item.Finish();
    }
  }
  reader.Finish();
  TW_RETURN_IF_ERROR(problems.ToStatus());
  return plan;
}

Chat InFormat(const PlanCluster& cluster, std::string_view request, uint64_t index) {
  const std::vector<std::string> none;
  const std::vector<std::string>& fill =
      cluster.fills.empty() ? none : cluster.fills[index % cluster.fills.size()];
  Chat chat;
  if (!cluster.system.empty()) chat.messages.push_back({Role::kSystem, cluster.system});
  chat.messages.push_back({Role::kUser, FillSkeleton(cluster.skeleton, request, fill)});
  return chat;
}

Chat UnderSystem(const PlanCluster& cluster, std::string_view request) {
  std::string opening;
  if (!cluster.skeleton.empty() && cluster.skeleton.front().slot < 0) {
    const std::string& text = cluster.skeleton.front().text;
    const size_t colon = text.find(": ");
    if (colon != std::string::npos) opening = text.substr(0, colon + 2);
  }
  Chat chat;
  if (!cluster.system.empty()) chat.messages.push_back({Role::kSystem, cluster.system});
  chat.messages.push_back({Role::kUser, absl::StrCat(opening, std::string(request))});
  return chat;
}

}  // namespace tuneward
