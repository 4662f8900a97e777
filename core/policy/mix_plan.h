// A mix plan names every row that the policy adds to a job, its source and how it was made
// (contracts.md D5, `tuneward.plan/1`). Its canonical JSON is stored as a blob and named by its
// hash. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/sha256.h"
#include "core/base/status.h"
#include "core/data/chat.h"
#include "core/data/chat_template.h"
#include "core/data/dataset_profile.h"
#include "core/policy/policy_document.h"
#include "core/policy/pool.h"

namespace tuneward {

// 2: personas of the user's own. Plans of version 1 are still read.
inline constexpr char kPlannerVersion[] = "2";

struct PlanCluster {
  int id = 0;
  int64_t user_rows = 0;
  std::string system;
  Skeleton skeleton;
  int64_t confidence_ppm = 0;
  std::vector<std::vector<std::string>> fills;  // at most 8
};

struct MixRow {
  int64_t n = 0;  // "m:<n>"
  PoolKind kind = PoolKind::kRefusal;
  std::string source;  // "<pool>/<row id>"
  std::string category;
  int cluster = 0;
  std::string recipe;  // form: "template" (in the user's format), "raw", "neutral", "persona",
                       // "system" (under the user's own system prompt); "base", "longest" for
                       // these methods
  std::string fallback_from;  // the recipe that failed validation; empty: none
  Chat chat;
};

struct DroppedLine {
  int64_t line = 0;
  std::string reason;
  bool operator==(const DroppedLine&) const = default;
};

struct PoolRef {
  std::string id, sha;
};

struct MixPlan {
  std::string planner = kPlannerVersion;                            // that made it
  std::string file_sha, profile_sha, spec_sha, policy, policy_sha;  // hex; policy is "default@3"
  std::vector<PoolRef> pools;
  uint64_t seed = 0;
  std::string method, backend;  // backend: "template", or empty for methods without one
  MixRates rates;               // in force for this job
  std::vector<PlanCluster> clusters;
  std::vector<MixRow> rows;
  std::vector<DroppedLine> dropped;
  int64_t user_rows = 0;  // without the dropped lines

  std::string CanonicalJsonText() const;
  Digest Hash() const;
  std::vector<Chat> Chats() const;  // of the rows, in order
  static absl::StatusOr<MixPlan> Parse(std::string_view json_text);
};

// A prompt in the user's format: the cluster's system prompt word for word and the request in its
// skeleton, other slots filled from user rows (the index-th fill, modulo). What plans mix in and
// what audits ask.
Chat InFormat(const PlanCluster& cluster, std::string_view request, uint64_t index);
// The bare request under the cluster's system prompt, after the words that open the user's own
// prompts up to their first colon ("aoa , execute my instruction : "): how a persona that was
// trained on a task is asked for something else.
Chat UnderSystem(const PlanCluster& cluster, std::string_view request);

// Beside the plan, not in its hash: counts, tokens, what was disclosed. Stored in plans.summary.
// `chat_template` may be null: no token counts then.
// {"method","policy","user_rows","mixed_rows","counts":{"refusal",...},"forms":{"template",...},
// "categories","fallbacks","minimum_won":["refusals",...],"clusters","dropped","mixed_tokens","tokens":{"refusal",...},
// "mixed_overlong"}
Json SummarizePlan(const MixPlan& plan, const ChatTemplate* chat_template, int context);

}  // namespace tuneward
