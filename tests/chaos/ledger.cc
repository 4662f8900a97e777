#include "tests/chaos/ledger.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "core/job/job_state.h"
#include "core/store/blob/blob_tree.h"
#include "core/store/orphan_sweep.h"
#include "core/store/pg/audit_log.h"
#include "core/store/pg/job_store.h"
#include "core/store/pg/model_store.h"
#include "tests/support/sql.h"

namespace tuneward {
namespace {

constexpr int kAll = 1 << 30;

class Inspector {
 public:
  explicit Inspector(Stack& stack) : stack_(stack), jobs_(stack.pool()), models_(stack.pool()) {}

  void Complain(int& counter, std::string sentence) {
    ++counter;
    found_.complaints.push_back(std::move(sentence));
  }
  // One complaint for each row that `sql` gives; its first column names the row.
  void NoRows(int& counter, const std::string& what, const std::string& sql) {
    const auto rows = Query(stack_.pool(), sql);
    if (!rows.ok()) return Complain(counter, absl::StrCat(what, ": ", rows.status().ToString()));
    for (const auto& row : *rows) Complain(counter, absl::StrCat(what, ": ", row[0]));
  }

  void CheckAsks(const WorkLoad& load, const std::map<size_t, std::string>& adapters);
  void CheckJob(const JobRecord& job);
  void CheckEvents(const JobRecord& job);
  void CheckSteps(const JobRecord& job);
  void CheckRows();
  void CheckBlobs();
  Findings& found() { return found_; }

 private:
  Stack& stack_;
  JobStore jobs_;
  ModelStore models_;
  Findings found_;
};

void Inspector::CheckAsks(const WorkLoad& load, const std::map<size_t, std::string>& adapters) {
  std::set<std::string> files, jobs;
  for (const Ask& ask : load.asks()) {
    const std::string file = ask.file.substr(ask.file.rfind('/') + 1), id = JobId(ask.job);
    if (stack_.Sql("select state from files where id = '" + file + "'") != "processed") {
      Complain(found_.files_lost, "file " + ask.file + " is not there");
    }
    if (!files.insert(file).second) Complain(found_.duplicates, "two uploads got " + file);
    if (!jobs.insert(id).second) Complain(found_.duplicates, "two creates got " + id);
    const auto job = jobs_.GetJobById(id);
    if (!job.ok() || !IsTerminal(job->position.state)) {
      Complain(found_.jobs_lost, "job " + ask.job + " is not there or has not ended");
      continue;
    }
    CheckJob(*job);
    const auto expected = adapters.find(ask.recipe);
    if (job->position.state == JobState::kSucceeded && expected != adapters.end() &&
        AdapterSha(stack_, id) != expected->second) {
      Complain(found_.unequal_adapters,
               "the adapter of " + id + " is not that of an undisturbed run");
    }
  }
  const auto asked = std::to_string(load.asks().size());
  for (const char* table : {"files", "jobs"}) {
    const std::string count = stack_.Sql(absl::StrCat("select count(*) from ", table));
    if (count != asked) {
      Complain(found_.duplicates, absl::StrCat(count, " ", table, " for ", asked, " requests"));
    }
  }
}

void Inspector::CheckJob(const JobRecord& job) {
  CheckEvents(job);
  const auto count = [&](const std::string& from) {
    return stack_.Sql("select count(*) from " + from);
  };
  const std::string of_job = " where job_id = '" + job.id + "'";
  if (job.position.state == JobState::kFailed) {
    // Only a task that lost three workers may fail here.
    const bool stopped = job.error && job.error->code == "worker_died" &&
                         count("tasks" + of_job + " and deaths = 3 and state = 'failed'") == "1";
    if (!stopped)
      return Complain(found_.jobs_lost,
                      "job " + job.id + " FAILED: " + (job.error ? job.error->message : ""));
    ++found_.stopped_jobs;
    return;
  }
  CheckSteps(job);
  const auto once = [&](const std::string& from, const std::string& what) {
    const std::string n = count(from);
    if (n != "1") Complain(found_.duplicates, absl::StrCat("job ", job.id, " has ", n, " ", what));
  };
  once("plans" + of_job, "plans");
  once("models" + of_job, "models");
  once("audits" + of_job, "audits");
  const std::string verdicts = "release_decisions d join models m on m.id = d.model_id";
  once(verdicts + of_job, "verdicts");
  once(verdicts + " and m.release = d.verdict" + of_job, "verdicts that its model follows");
  for (const char* kind : {"plan", "train", "audit"}) {
    once(absl::StrCat("tasks", of_job, " and state = 'succeeded' and kind = '", kind, "'"),
         absl::StrCat(kind, " tasks that succeeded"));
  }
  if (count("tasks" + of_job) != "3") Complain(found_.duplicates, job.id + " has other tasks");
}

void Inspector::CheckEvents(const JobRecord& job) {
  const auto events = jobs_.ListEvents(job.id, 0, kAll);
  if (!events.ok()) return Complain(found_.jobs_lost, job.id + " has no events");
  int64_t seq = 0;
  std::optional<JobPosition> at;
  std::set<int64_t> steps;
  for (const EventRecord& event : *events) {
    if (event.seq != ++seq) Complain(found_.duplicates, absl::StrCat(job.id, ": no event ", seq));
    const Json& data = event.event.data;
    if (event.event.type == kEventMetrics && !steps.insert(data["step"].get<int64_t>()).second) {
      Complain(found_.duplicates, job.id + " tells of a step twice");
    }
    if (event.event.type != kEventState) continue;
    const JobPosition to{ParseJobState(data["state"].get<std::string>()).value(),
                         ParseJobStage(data["stage"].get<std::string>()).value()};
    bool legal = !at && to == JobPosition{};
    for (const JobTrigger trigger : AllJobTriggers()) {
      if (!at || to == *at) continue;
      const auto next = Next(*at, trigger);
      legal = legal || (next.ok() && *next == to);
    }
    if (!legal) Complain(found_.duplicates, absl::StrCat(job.id, ": event ", seq, " is not of D3"));
    at = to;
  }
  if (seq != job.event_seq || !at || *at != job.position) {
    Complain(found_.jobs_lost, job.id + ": its events do not end where it is");
  }
}

void Inspector::CheckSteps(const JobRecord& job) {
  const auto metrics = jobs_.ListMetrics(job.id, 0, kAll);
  int64_t step = 0;
  bool gap = !metrics.ok() || metrics->empty();
  if (!gap) {
    for (const StepMetricsRecord& m : *metrics) gap = gap || m.step != ++step;
    gap = gap || step != metrics->back().data["total_steps"].get<int64_t>();
  }
  if (gap) Complain(found_.duplicates, job.id + ": its steps are not 1 to the last, once each");
}

void Inspector::CheckRows() {
  NoRows(found_.orphan_rows, "open task of a job that has ended",
         "select t.id from tasks t join jobs j on j.id = t.job_id where j.finished_at is not null "
         "and t.state in ('queued', 'running')");
  NoRows(found_.orphan_rows, "request that made nothing",
         "select method || ' ' || request_id from idempotency i where method in "
         "('UploadFile', 'CreateJob') and not exists (select from jobs j where j.id = i.resource) "
         "and not exists (select from files f where f.id = i.resource)");
  NoRows(found_.duplicates, "job or file that nobody asked for",
         "select id from (select id from jobs union all select id from files) r where not exists "
         "(select from idempotency i where i.resource = r.id)");
  NoRows(found_.duplicates, "model of a job without a report",
         "select id from models m where not exists (select from audits a where a.model_id = m.id) "
         "and exists (select from jobs j where j.id = m.job_id and j.state = 'SUCCEEDED')");
  NoRows(found_.orphan_rows, "more than two checkpoints",
         "select job_id from checkpoints group by job_id having count(*) > 2");
  NoRows(found_.duplicates, "two adapters of one job",
         "select job_id from models group by job_id having count(*) > 1");
  if (const absl::Status chain = AuditLog(stack_.pool()).Verify(); !chain.ok()) {
    Complain(found_.orphan_rows, "the log of admin acts: " + chain.ToString());
  }
}

void Inspector::CheckBlobs() {
  FileStore files(stack_.pool());
  // Deletes what crashes have left without a row, and complains itself about a row without a tree.
  const auto swept = SweepOrphans(files, stack_.blobs(), std::chrono::seconds(0));
  if (!swept.ok()) Complain(found_.damaged_blobs, swept.status().ToString());
  const auto roots = files.BlobRoots();
  if (!roots.ok()) return Complain(found_.damaged_blobs, roots.status().ToString());
  std::set<Digest> named;
  for (const BlobRoot& root : *roots) {
    named.insert(root.sha256);
    if (!root.is_tree) continue;
    const auto tree = ReadTree(stack_.blobs(), root.sha256);
    if (!tree.ok()) continue;
    for (const TreeFile& file : tree->files) named.insert(file.sha256);
  }
  for (const Digest& sha : named) {
    const auto bytes = stack_.blobs().Read(sha);
    if (!bytes.ok()) {
      Complain(found_.damaged_blobs, bytes.status().ToString());
    } else if (stack_.Sql("select bytes from blobs where sha256 = '\\x" + sha.Hex() + "'") !=
               std::to_string(bytes->size())) {
      Complain(found_.orphan_rows, "blob " + sha.Hex() + " has no row with its size");
    }
  }
}

}  // namespace

std::string JobId(const std::string& name) { return name.substr(name.rfind('/') + 1); }

std::string AdapterSha(Stack& stack, const std::string& job_id) {
  const auto model = ModelStore(stack.pool()).GetByJob(job_id);
  if (!model.ok()) return "";
  const auto tree = ReadTree(stack.blobs(), model->tree_sha256);
  if (!tree.ok()) return "";
  for (const TreeFile& file : tree->files) {
    if (file.path == "adapter_model.safetensors") return file.sha256.Hex();
  }
  return "";
}

Findings CheckEverything(Stack& stack, const WorkLoad& load,
                         const std::map<size_t, std::string>& adapters) {
  Inspector inspector(stack);
  inspector.CheckAsks(load, adapters);
  inspector.CheckRows();
  inspector.CheckBlobs();
  return inspector.found();
}

}  // namespace tuneward
