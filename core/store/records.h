// Rows of the database as plain values (contracts.md D2). Ids are made by the caller, before the
// row. Times are the database's; the stores fill them in. Digests are SHA-256; JSON columns are
// parsed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/sha256.h"
#include "core/job/job_event.h"
#include "core/job/job_state.h"
#include "core/job/release.h"
#include "core/job/task.h"

namespace tuneward {

using WallTime = Clock::WallTime;

struct ProjectRecord {
  std::string id;
  std::string display_name;
  std::string policy_id = "default";
  bool sealed = false;  // its models are never RELEASED
  std::string etag;
  WallTime created_at{};
};

struct ApiKeyRecord {
  std::string id;                   // "key-..."
  std::string project_id;           // empty: an operator's key
  Digest secret_sha256;             // ApiKeyHash of the secret; the secret itself is stored nowhere
  std::vector<std::string> scopes;  // empty: all of a project's
  WallTime created_at{};
  std::optional<WallTime> expires_at, revoked_at;
};

// A blob that a row is about to point to: its file is in the blob store already (file first, row
// second).
struct BlobRef {
  Digest sha256;
  int64_t bytes = 0;
};

struct FileRecord {
  std::string id;  // "file-..."
  std::string project_id;
  std::string filename;
  std::string purpose = "fine-tune";
  Digest sha256;
  int64_t bytes = 0;
  int64_t rows = 0;
  bool ok = true;  // state processed; else error
  Json problems;   // FileReport::ToJson
  Json profile;    // DatasetProfile as JSON; null when the file is in error
  int profile_version = 1;
  WallTime created_at{};
};

struct BaseModelRecord {
  std::string id;
  Digest tree_sha256;
  std::string parent_id;  // empty: none
  std::string family;
  std::string chat_template;
  int64_t context = 0;
  Json dims = Json::object();
  std::string pool, eval_set;
  Json defaults = Json::object();
  std::string state = "active";
  WallTime created_at{};
};

struct PolicyRecord {
  std::string id;
  int64_t version = 0;
  Json document;  // CanonicalJson of it is what sha256 names
  Digest sha256;
  std::string created_by;
  WallTime created_at{};
};

struct JobRecord {
  std::string id;  // "ftjob-..."
  std::string project_id;
  JobPosition position;
  Json spec, resolved;
  std::string base_model_id;
  std::string policy_id;
  int64_t policy_version = 0;
  int64_t seed = 0;
  std::string engine_mode = "isolated";
  std::optional<Digest> plan_sha256;
  std::optional<JobError> error;
  bool cancel_requested = false;
  int64_t event_seq = 0;
  int64_t trained_tokens = 0;
  Json metadata = Json::object();
  std::string etag;
  std::string trace_id;  // of the call that created it; every line about the job carries it
  WallTime created_at{};
  std::optional<WallTime> finished_at;
  // Read only, from other tables.
  std::string model_id;  // empty until the adapter is stored, and after the model is deleted
  Json train_progress;   // the train task's last heartbeat; null before it
  Json task_progress;    // the open task's; null when none is open
};

struct EventRecord {
  std::string job_id;
  int64_t seq = 0;
  WallTime at{};
  JobEvent event;
};

struct StepMetricsRecord {
  int64_t step = 0;
  Json data = Json::object();
};

struct PlanRecord {
  std::string job_id;
  Digest plan_sha256;
  Json summary = Json::object();
};

struct CheckpointRecord {
  std::string job_id;
  int64_t step = 0;
  Digest tree_sha256;
  int64_t fence = 0;
  WallTime created_at{};
};

struct ReleaseDecisionRecord {
  int64_t seq = 0;
  Release verdict = Release::kPending;
  std::vector<std::string> reasons;
  std::string actor;  // "gate", "sweep" or an operator's key id
  int64_t policy_version = 0;
  std::string audit_id;  // empty: none
  WallTime at{};
};

struct ModelRecord {
  std::string id;  // "ft:<base>:<project>:<suffix>:<10 chars>"
  std::string project_id, job_id;
  std::string base_model_id, root_base_id;
  Digest tree_sha256;
  Json serving = Json::object();
  Release release = Release::kPending;
  bool sealed = false;  // the project's at the time; the store fills it in
  WallTime created_at{};
};

struct AuditRecord {
  std::string id;  // "aud-..."
  std::string project_id, job_id, model_id;
  Digest report_sha256;
  std::string profile;
  std::string policy_id;
  int64_t policy_version = 0;
  std::string fingerprint;
  int64_t fence = 0;
  WallTime created_at{};
  std::optional<Digest> generations_sha256;  // every answer behind the report
};

struct WorkerRecord {
  std::string id;  // "wkr-...", new at every start
  std::string host, address;
  std::vector<std::string> roles, bases;  // roles: train, audit, serve
  Json device = Json::object();
  std::string build;
  std::string state = "ready";  // or draining
  WallTime last_seen_at{};
};

struct TaskRecord {
  std::string id;
  std::string project_id, job_id;
  TaskKind kind = TaskKind::kPlan;
  Json payload = Json::object();
  TaskState state = TaskState::kQueued;
  int64_t fence = 0;
  std::string worker_id;  // empty: nobody's
  int deaths = 0, interruptions = 0;
  Json progress;
  WallTime created_at{};
  std::optional<WallTime> lease_until, started_at, finished_at;
};

struct AuditLogRecord {
  int64_t seq = 0;
  Digest prev_hash, hash;
  WallTime at{};
  std::string actor, action, resource;
  Json detail = Json::object();
};

// De-duplication of creates (AIP-155): the same request_id and body in a scope gives the first
// resource again, another body ALREADY_EXISTS REQUEST_ID_REUSED. An empty request_id: no
// de-duplication.
struct Idempotency {
  std::string scope;   // project id, or "admin"
  std::string method;  // "CreateJob"
  std::string request_id;
  Digest body_sha256;
};

template <typename T>
struct Created {
  T record;
  bool repeated = false;  // the request was seen before: `record` is the first one
};

// Pages go by the id of the last row; lists are newest first. An empty next_token: the end.
struct PageRequest {
  int size = 50;
  std::string token;
};

template <typename T>
struct Page {
  std::vector<T> rows;
  std::string next_token;
};

}  // namespace tuneward
