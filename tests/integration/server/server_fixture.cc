#include "tests/integration/server/server_fixture.h"

#include <cstdlib>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "core/base/api_key.h"
#include "core/base/file.h"
#include "core/base/sha256.h"
#include "core/store/pg/project_store.h"
#include "core/text/sentencepiece_trainer.h"
#include "sandbox/world/row_sources.h"
#include "sandbox/world/sandbox_sets.h"
#include "sandbox/world/world.h"

namespace tuneward {
namespace {

constexpr std::chrono::seconds kPatience{30};
constexpr size_t kChunk = 1000;

constexpr char kTinyConfig[] =
    R"({"architectures":["LlamaForCausalLM"],"model_type":"llama","hidden_size":8,
"intermediate_size":16,"max_position_embeddings":256,"num_attention_heads":2,"num_hidden_layers":1,
"num_key_value_heads":1,"rms_norm_eps":1e-05,"rope_theta":10000.0,"tie_word_embeddings":false,"vocab_size":1024})";

const std::string& TinyTokenizer() {
  static const std::string& model = *new std::string([] {
    std::vector<std::string> sentences;
    for (const PoolRow& row : MakeSandboxPool().rows)
      sentences.push_back(row.request + " " + row.answer);
    return TrainSentencepiece(sentences, {}).value();
  }());
  return model;
}

// Weights of zero bytes: the server reads headers only.
std::string TinyWeights() {
  const std::vector<std::pair<std::string, std::vector<int>>> tensors = {
      {"lm_head.weight", {1024, 8}},
      {"model.embed_tokens.weight", {1024, 8}},
      {"model.layers.0.input_layernorm.weight", {8}},
      {"model.layers.0.mlp.down_proj.weight", {8, 16}},
      {"model.layers.0.mlp.gate_proj.weight", {16, 8}},
      {"model.layers.0.mlp.up_proj.weight", {16, 8}},
      {"model.layers.0.post_attention_layernorm.weight", {8}},
      {"model.layers.0.self_attn.k_proj.weight", {4, 8}},
      {"model.layers.0.self_attn.o_proj.weight", {8, 8}},
      {"model.layers.0.self_attn.q_proj.weight", {8, 8}},
      {"model.layers.0.self_attn.v_proj.weight", {4, 8}},
      {"model.norm.weight", {8}}};
  Json header = Json::object();
  int64_t offset = 0;
  for (const auto& [name, shape] : tensors) {
    int64_t bytes = 2;
    for (const int size : shape) bytes *= size;
    header[name] = {
        {"dtype", "BF16"}, {"shape", shape}, {"data_offsets", {offset, offset + bytes}}};
    offset += bytes;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  std::string out;
  for (int i = 0; i < 8; ++i) out.push_back(static_cast<char>(text.size() >> (8 * i) & 0xff));
  return out + text + std::string(static_cast<size_t>(offset), '\0');
}

}  // namespace

std::string ReasonOf(const absl::Status& status) { return GetErrorInfo(status).reason; }

ServerOptions ServerTest::Options() {
  ServerOptions options;
  options.dsn = dsn_;
  options.blob_root = folder_ + "/blobs";
  options.worker_secret = kWorkerSecret;
  return options;
}

void ServerTest::SetUp() {
  PgTest::SetUp();
  if (HasFatalFailure() || IsSkipped()) return;
  std::string pattern = (std::filesystem::temp_directory_path() / "tw_server_XXXXXX").string();
  folder_ = mkdtemp(pattern.data());
  operator_key_ = MakeApiKey(ApiKeyKind::kOperator, entropy_);
  ApiKeyRecord key;
  key.id = ids_.Make(kKeyPrefix);
  key.secret_sha256 = ApiKeyHash(operator_key_);
  ASSERT_TRUE(ProjectStore(*pool_).BootstrapOperatorKey(key).value());
  StartServer();
  for (const auto& [id, policy] :
       {std::pair<std::string, std::string>{"alpha", ""}, {"beta", "policies/open"}}) {
    admin::v1::CreateProjectRequest request;
    request.set_project_id(id);
    request.mutable_project()->set_policy(policy);
    const auto project =
        Call(&admin::v1::ProjectService::Stub::CreateProject, request, operator_key_);
    ASSERT_TRUE(project.ok()) << project.status();
  }
  alpha_key_ = NewKey(kAlpha);
  beta_key_ = NewKey(kBeta);
}

void ServerTest::TearDown() {
  app_.reset();
  if (!folder_.empty()) std::filesystem::remove_all(folder_);
  PgTest::TearDown();
}

void ServerTest::StartServer() {
  auto app = App::Start(Options(), clock_, entropy_);
  ASSERT_TRUE(app.ok()) << app.status();
  app_ = *std::move(app);
  const ServerPorts ports = app_->ports();
  client_channel_ = grpc::CreateChannel(absl::StrCat("127.0.0.1:", ports.client),
                                        grpc::InsecureChannelCredentials());
  admin_channel_ = grpc::CreateChannel(absl::StrCat("127.0.0.1:", ports.admin),
                                       grpc::InsecureChannelCredentials());
}

void ServerTest::Prepare(grpc::ClientContext& context, const std::string& key) {
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  if (!key.empty()) context.AddMetadata("authorization", "Bearer " + key);
}

std::shared_ptr<grpc::Channel> ServerTest::ChannelOf(const google::protobuf::Message& request) {
  return request.GetDescriptor()->file()->package() == "tuneward.admin.v1" ? admin_channel_
                                                                           : client_channel_;
}

std::string ServerTest::NewKey(const std::string& parent, const std::vector<std::string>& scopes) {
  admin::v1::CreateApiKeyRequest request;
  request.set_parent(parent);
  for (const std::string& scope : scopes) request.mutable_api_key()->add_scopes(scope);
  const auto key = Call(&admin::v1::ApiKeyService::Stub::CreateApiKey, request, operator_key_);
  EXPECT_TRUE(key.ok()) << key.status();
  return key.ok() ? key->secret() : "";
}

v1::UploadFileMetadata ServerTest::MetadataOf(const std::string& content) {
  v1::UploadFileMetadata metadata;
  metadata.set_parent(kAlpha);
  metadata.set_filename("rows.jsonl");
  metadata.set_purpose(v1::FILE_PURPOSE_FINE_TUNE);
  metadata.set_expected_bytes(static_cast<int64_t>(content.size()));
  metadata.set_expected_sha256(Sha256Of(content).Raw());
  return metadata;
}

absl::StatusOr<v1::File> ServerTest::Upload(const v1::UploadFileMetadata& metadata,
                                            const std::vector<std::string>& chunks,
                                            const std::string& key) {
  grpc::ClientContext context;
  Prepare(context, key);
  const auto stub = v1::FileService::NewStub(client_channel_);
  v1::File file;
  const auto writer = stub->UploadFile(&context, &file);
  v1::UploadFileRequest message;
  *message.mutable_metadata() = metadata;
  bool open = writer->Write(message);
  for (size_t i = 0; open && i < chunks.size(); ++i) {
    message.set_chunk(chunks[i]);
    open = writer->Write(message);
  }
  writer->WritesDone();
  const grpc::Status status = writer->Finish();
  if (!status.ok()) return FromGrpcStatus(status);
  return file;
}

absl::StatusOr<v1::File> ServerTest::Upload(const std::string& content,
                                            const std::string& request_id, const std::string& key) {
  v1::UploadFileMetadata metadata = MetadataOf(content);
  metadata.set_request_id(request_id);
  std::vector<std::string> chunks;
  for (size_t at = 0; at < content.size(); at += kChunk)
    chunks.push_back(content.substr(at, kChunk));
  return Upload(metadata, chunks, key.empty() ? alpha_key_ : key);
}

std::string ServerTest::GoodRows(int rows) {
  std::string text;
  const auto chats = MakeSourceRows(BuiltInWorld(), "boolq", RowForm::kAutoIf, rows, 7);
  for (const Chat& chat : chats.value()) text += ChatLine(chat) + "\n";
  return text;
}

std::string ServerTest::WriteBaseFolder() {
  const std::string folder = folder_ + "/tiny";
  EXPECT_TRUE(MakeFolders(folder).ok());
  EXPECT_TRUE(WriteFileAtomic(folder + "/config.json", kTinyConfig).ok());
  EXPECT_TRUE(WriteFileAtomic(folder + "/model.safetensors", TinyWeights()).ok());
  EXPECT_TRUE(WriteFileAtomic(folder + "/tokenizer.model", TinyTokenizer()).ok());
  return folder;
}

void ServerTest::RegisterBase() {
  admin::v1::RegisterBaseModelRequest request;
  request.set_base_model_id("tiny");
  request.set_folder(WriteBaseFolder());
  request.mutable_base_model()->set_pool("sandbox@2");
  request.mutable_base_model()->set_eval_set("sandbox@2");
  const auto base =
      Call(&admin::v1::BaseModelService::Stub::RegisterBaseModel, request, operator_key_);
  ASSERT_TRUE(base.ok()) << base.status();
}

v1::CreateJobRequest ServerTest::JobRequest(const std::string& training_file) {
  v1::CreateJobRequest request;
  request.set_parent(kAlpha);
  request.mutable_job()->set_base_model(kBaseName);
  request.mutable_job()->set_training_file(training_file);
  return request;
}

v1::Job ServerTest::WaitForState(const std::string& name, v1::JobState state) {
  grpc::ClientContext context;
  Prepare(context, alpha_key_);
  const auto stub = v1::FineTuningService::NewStub(client_channel_);
  v1::WatchJobRequest request;
  request.set_name(name);
  const auto reader = stub->WatchJob(&context, request);
  v1::WatchJobResponse response;
  v1::Job last;
  while (reader->Read(&response)) {
    if (!response.has_job()) continue;
    last = response.job();
    if (last.state() == state) break;
  }
  context.TryCancel();
  while (reader->Read(&response)) {
  }
  (void)reader->Finish();
  EXPECT_EQ(last.state(), state) << last.ShortDebugString();
  return last;
}

v1::Job ServerTest::MakePlannedJob() {
  const auto file = Upload(GoodRows());
  EXPECT_TRUE(file.ok()) << file.status();
  if (!file.ok()) return {};
  const auto job =
      Call(&v1::FineTuningService::Stub::CreateJob, JobRequest(file->name()), alpha_key_);
  EXPECT_TRUE(job.ok()) << job.status();
  return job.ok() ? WaitForState(job->name(), v1::JOB_STATE_QUEUED) : v1::Job();
}

}  // namespace tuneward
