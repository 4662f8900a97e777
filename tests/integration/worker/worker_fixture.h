// A database, a blob store and one tiny base model for tests that run the real worker: jobs are
// created and planned here as a server does it, then a WorkerApp in the process does the rest.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "core/job/job_spec.h"
#include "core/store/blob/blob_store.h"
#include "core/store/pg/base_model_store.h"
#include "core/store/pg/file_store.h"
#include "core/store/pg/job_listener.h"
#include "core/store/pg/job_store.h"
#include "core/store/pg/model_store.h"
#include "core/store/pg/policy_store.h"
#include "core/store/pg/project_store.h"
#include "core/store/pg/task_store.h"
#include "core/store/pg/transition_store.h"
#include "core/store/pg/worker_store.h"
#include "tests/support/pg_test.h"
#include "worker/app.h"

namespace tuneward {

inline constexpr char kProject[] = "acme";
inline constexpr char kBase[] = "tiny";
inline constexpr char kSecret[] = "a-secret-of-this-test";

struct JobWishes {
  std::string base = kBase;
  std::string file_id;  // empty: the fixture's file
  std::string method = "paraphrase";
  int64_t seed = 7;
  int64_t epochs = 1;
  int64_t batch_size = 8;
  bool plan = true;  // false: a server will
  std::string engine_mode = kIsolated;
};

class WorkerTest : public PgTest {
 protected:
  void SetUp() override;
  void TearDown() override;

  // A job that a planner has planned: QUEUED. Its id.
  std::string MakeJob(const JobWishes& wishes = {});
  std::string UploadRows(int rows, uint64_t seed);
  // `brittle`: its output overflows on the first row it sees.
  void RegisterBase(const std::string& id, const std::string& eval_set, bool brittle = false);

  WorkerOptions Options(const std::string& name) const;
  std::unique_ptr<WorkerApp> StartWorker(const std::string& name,
                                         const std::function<void(WorkerOptions&)>& adjust = {});

  // Waits (with hints from the database) until the job fulfils the condition; fails the test after
  // two minutes.
  JobRecord Await(const std::string& job_id,
                  const std::function<bool(const JobRecord&)>& condition);
  JobRecord AwaitEnd(const std::string& job_id);
  bool AwaitTrue(const std::function<bool()>& condition);  // for what the job's row does not show

  std::vector<EventRecord> Events(const std::string& job_id);
  int CountEvents(const std::string& job_id, const std::string& type, const std::string& text = "");

  SystemClock clock_;
  SystemEntropy entropy_;
  IdGenerator ids_{clock_, entropy_};
  std::string folder_, file_id_;
  std::unique_ptr<BlobStore> blobs_;
  std::optional<BaseModelStore> bases_;
  std::optional<FileStore> files_;
  std::optional<JobStore> jobs_;
  std::optional<ModelStore> models_;
  std::optional<PolicyStore> policies_;
  std::optional<ProjectStore> projects_;
  std::optional<TaskStore> tasks_;
  std::optional<TransitionStore> transitions_;
  std::optional<WorkerStore> workers_;

 private:
  void Plan(const JobRecord& job, const std::string& method);

  std::mutex mutex_;
  std::condition_variable changed_;
  int64_t changes_ = 0;
  std::optional<JobListener> listener_;
};

}  // namespace tuneward
