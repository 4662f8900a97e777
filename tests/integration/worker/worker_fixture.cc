#include "tests/integration/worker/worker_fixture.h"

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <limits>

#include "core/base/file.h"
#include "core/data/dataset_profile.h"
#include "core/data/dataset_validator.h"
#include "core/job/job_spec.h"
#include "core/policy/planner.h"
#include "core/store/blob/blob_tree.h"
#include "core/text/sentencepiece_trainer.h"
#include "sandbox/world/row_sources.h"
#include "sandbox/world/sandbox_sets.h"
#include "sandbox/world/world.h"
#include "worker/tasks/train_recorder.h"

namespace tuneward {
namespace {

constexpr char kTinyConfig[] =
    R"({"architectures":["LlamaForCausalLM"],"model_type":"llama","hidden_act":"silu",
  "hidden_size":32,"num_hidden_layers":2,"num_attention_heads":4,"num_key_value_heads":2,"intermediate_size":48,
  "vocab_size":1024,"max_position_embeddings":1024,"rms_norm_eps":1e-5,"rope_theta":10000.0,
  "tie_word_embeddings":false})";

// Made once a process: the tokenizer takes a second.
const std::string& TinyTokenizer() {
  static const std::string& model = *new std::string([] {
    std::vector<std::string> sentences;
    for (const PoolRow& row : MakeSandboxPool().rows) {
      sentences.push_back(row.request);
      sentences.push_back(row.answer);
    }
    return TrainSentencepiece(sentences, {}).value();
  }());
  return model;
}

// Gives one row of the head the largest finite weights, in a folder that BaseModel::Save has
// written in fp32.
void MakeBrittle(const std::string& folder) {
  const std::string path = folder + "/model.safetensors";
  std::string bytes = ReadFile(path).value();
  uint64_t header_size = 0;
  std::memcpy(&header_size, bytes.data(), sizeof header_size);
  const Json tensor =
      ParseJson(std::string_view(bytes).substr(8, header_size)).value()["lm_head.weight"];
  const std::vector<float> row(tensor["shape"][1].get<size_t>(), std::numeric_limits<float>::max());
  std::memcpy(bytes.data() + 8 + header_size + tensor["data_offsets"][0].get<size_t>(), row.data(),
              row.size() * sizeof(float));
  ASSERT_TRUE(WriteFileAtomic(path, bytes).ok());
}

}  // namespace

void WorkerTest::SetUp() {
  PgTest::SetUp();
  if (HasFatalFailure() || IsSkipped()) return;
  std::string pattern = (std::filesystem::temp_directory_path() / "tw_worker_XXXXXX").string();
  folder_ = mkdtemp(pattern.data());
  blobs_ = BlobStore::Open(folder_ + "/blobs", ids_).value();
  bases_.emplace(*pool_);
  files_.emplace(*pool_);
  jobs_.emplace(*pool_);
  models_.emplace(*pool_);
  policies_.emplace(*pool_);
  projects_.emplace(*pool_);
  tasks_.emplace(*pool_);
  transitions_.emplace(*pool_);
  workers_.emplace(*pool_);
  listener_.emplace(dsn_, [this](const std::string&) {
    std::lock_guard lock(mutex_);
    ++changes_;
    changed_.notify_all();
  });
  ASSERT_TRUE(policies_->Put("open", OpenPolicy().ToJson(), "test").ok());
  ProjectRecord project;
  project.id = kProject;
  project.policy_id = "open";
  ASSERT_TRUE(projects_->CreateProject(project, "test").ok());
  RegisterBase(kBase, "sandbox@2");
  file_id_ = UploadRows(64, 1);
}

void WorkerTest::TearDown() {
  listener_.reset();
  if (!folder_.empty()) std::filesystem::remove_all(folder_);
}

void WorkerTest::RegisterBase(const std::string& id, const std::string& eval_set, bool brittle) {
  const std::string folder = folder_ + "/base-" + id;
  ASSERT_TRUE(MakeFolders(folder).ok());
  const auto model = BaseModel::Create(kTinyConfig, 3, {}).value();
  ASSERT_TRUE(model->Save(folder, Precision::kFloat32).ok());
  if (brittle) MakeBrittle(folder);
  ASSERT_TRUE(WriteFileAtomic(folder + "/tokenizer.model", TinyTokenizer()).ok());
  const StoredTree tree = PutTree(*blobs_, folder).value();
  BaseModelRecord base;
  base.id = id;
  base.tree_sha256 = tree.sha256;
  base.family = "llama";
  base.chat_template = "tuneward/1";
  base.context = 1024;
  base.pool = "sandbox@2";
  base.eval_set = eval_set;
  base.defaults = {{"lora_lr", 0.002}};
  const auto registered = bases_->Register(base, "test", {}, BlobRefsOf(tree.blobs));
  ASSERT_TRUE(registered.ok()) << registered.status();
}

std::string WorkerTest::UploadRows(int rows, uint64_t seed) {
  std::string text;
  const auto chats = MakeSourceRows(BuiltInWorld(), "gsm8k", RowForm::kAutoIf, rows, seed);
  for (const Chat& chat : chats.value()) text += ChatLine(chat) + "\n";
  DatasetProfiler profiler;
  DatasetValidator validator({}, [&](int64_t, const DataRow& row) { profiler.Add(row); });
  validator.Feed(text);
  const FileReport report = validator.Finish();
  EXPECT_TRUE(report.ok()) << report.reason;
  const StoredBlob blob = blobs_->Put(text).value();
  FileRecord file;
  file.id = ids_.Make(kFilePrefix);
  file.project_id = kProject;
  file.filename = "rows.jsonl";
  file.sha256 = blob.sha256;
  file.bytes = blob.bytes;
  file.rows = report.rows;
  file.problems = report.ToJson();
  file.profile = profiler.Finish().ToJson();
  const auto registered = files_->RegisterFile(file);
  EXPECT_TRUE(registered.ok()) << registered.status();
  return file.id;
}

std::string WorkerTest::MakeJob(const JobWishes& wishes) {
  JobSpec spec;
  spec.base_model = wishes.base;
  spec.training_file = wishes.file_id.empty() ? file_id_ : wishes.file_id;
  spec.seed = wishes.seed;
  spec.hyperparameters.epochs = wishes.epochs;
  spec.hyperparameters.batch_size = wishes.batch_size;
  spec.safety.mix_method = wishes.method;
  const FileRecord file = files_->GetFile(kProject, spec.training_file).value();
  const BaseModelRecord base = bases_->Get(wishes.base).value();
  const ResolvedHyperparameters resolved =
      Resolve(spec, file.rows, ParseBaseDefaults(base.defaults, base.context).value()).value();
  JobRecord job;
  job.id = ids_.Make(kJobPrefix);
  job.project_id = kProject;
  job.spec = spec.ToJson();
  job.resolved = resolved.ToJson();
  job.base_model_id = wishes.base;
  job.policy_id = "open";
  job.policy_version = policies_->Head("open").value().version;
  job.seed = wishes.seed;
  job.engine_mode = wishes.engine_mode;
  const auto created = jobs_->CreateJob(job, ids_.Make(kTaskPrefix), Json::object());
  EXPECT_TRUE(created.ok()) << created.status();
  if (wishes.plan) Plan(job, wishes.method);
  return job.id;
}

void WorkerTest::Plan(const JobRecord& job, const std::string& method) {
  const auto claimed = tasks_->Claim("planner", {TaskKind::kPlan}, std::chrono::seconds(20));
  ASSERT_TRUE(claimed.ok() && claimed->has_value()) << claimed.status();
  const JobSpec spec = JobSpec::FromJson(job.spec).value();
  const FileRecord file = files_->GetFile(kProject, spec.training_file).value();
  PlanRequest request;
  request.file_sha = file.sha256.Hex();
  request.spec_sha = spec.Hash().Hex();
  request.profile = DatasetProfile::FromJson(file.profile).value();
  request.policy = OpenPolicy();
  request.pools = {MakeSandboxPool()};
  request.method = method;
  request.rates = EffectiveRates(spec.safety, request.policy);
  request.user_rows = file.rows;
  request.seed = static_cast<uint64_t>(job.seed);
  const auto plan = tuneward::Plan(request);
  ASSERT_TRUE(plan.ok()) << plan.status();
  const StoredBlob blob = blobs_->Put(plan->CanonicalJsonText()).value();
  ASSERT_TRUE(transitions_->PlanMoved((*claimed)->lease, JobStage::kPlanning).ok());
  const absl::Status completed = transitions_->PlanCompleted(
      (*claimed)->lease, {blob.sha256, blob.bytes}, Json::object(), {ids_.Make(kTaskPrefix)});
  ASSERT_TRUE(completed.ok()) << completed;
}

WorkerOptions WorkerTest::Options(const std::string& name) const {
  WorkerOptions options;
  options.dsn = dsn_;
  options.worker_secret = kSecret;
  options.blob_root = folder_ + "/blobs";
  options.tasks.cache_root = folder_ + "/cache-" + name;
  options.tasks.checkpoint_every = 10;
  options.tasks.audit_prompts = 12;
  options.poll = std::chrono::milliseconds(50);
  options.keeper.lease.ttl = std::chrono::milliseconds(2000);
  options.keeper.lease.heartbeat = std::chrono::milliseconds(100);
  options.keeper.lease.sweep = std::chrono::milliseconds(100);
  options.keeper.margin = std::chrono::milliseconds(500);
  return options;
}

std::unique_ptr<WorkerApp> WorkerTest::StartWorker(
    const std::string& name, const std::function<void(WorkerOptions&)>& adjust) {
  WorkerOptions options = Options(name);
  if (adjust) adjust(options);
  auto app = WorkerApp::Start(options, [] {});
  EXPECT_TRUE(app.ok()) << app.status();
  return app.ok() ? *std::move(app) : nullptr;
}

bool WorkerTest::AwaitTrue(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  std::unique_lock lock(mutex_);
  while (std::chrono::steady_clock::now() < deadline) {
    const int64_t seen = changes_;
    lock.unlock();
    if (condition()) return true;
    lock.lock();
    // Progress and metrics give no hint, so this also looks again by itself.
    changed_.wait_for(lock, std::chrono::milliseconds(20), [&] { return changes_ != seen; });
  }
  return false;
}

JobRecord WorkerTest::Await(const std::string& job_id,
                            const std::function<bool(const JobRecord&)>& condition) {
  JobRecord job;
  EXPECT_TRUE(AwaitTrue([&] {
    job = jobs_->GetJobById(job_id).value();
    return condition(job);
  })) << "job is "
      << Name(job.position.state) << "/" << Name(job.position.stage);
  return job;
}

JobRecord WorkerTest::AwaitEnd(const std::string& job_id) {
  return Await(job_id, [](const JobRecord& job) { return IsTerminal(job.position.state); });
}

std::vector<EventRecord> WorkerTest::Events(const std::string& job_id) {
  return jobs_->ListEvents(job_id, 0, 10000).value();
}

int WorkerTest::CountEvents(const std::string& job_id, const std::string& type,
                            const std::string& text) {
  int count = 0;
  for (const EventRecord& event : Events(job_id)) {
    if (event.event.type == type && event.event.data.dump().find(text) != std::string::npos)
      ++count;
  }
  return count;
}

}  // namespace tuneward
