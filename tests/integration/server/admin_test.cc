#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/store/pg/audit_log.h"
#include "core/store/pg/worker_store.h"
#include "tests/integration/server/server_fixture.h"

namespace tuneward {
namespace {

namespace av1 = admin::v1;

class AdminTest : public ServerTest {
 protected:
  av1::RegisterBaseModelRequest BaseRequest() {
    av1::RegisterBaseModelRequest request;
    request.set_base_model_id("tiny");
    request.set_folder(WriteBaseFolder());
    request.mutable_base_model()->set_pool("sandbox@2");
    request.mutable_base_model()->set_eval_set("sandbox@2");
    return request;
  }
  absl::StatusOr<av1::BaseModel> Register(const av1::RegisterBaseModelRequest& request) {
    return Call(&av1::BaseModelService::Stub::RegisterBaseModel, request, operator_key_);
  }
};

TEST_F(AdminTest, RegistersABaseModelOnceAndKeepsWhatItRead) {
  const auto base = Register(BaseRequest());
  ASSERT_TRUE(base.ok()) << base.status();
  EXPECT_EQ(base->name(), "baseModels/tiny");
  EXPECT_EQ(base->family(), "llama");
  EXPECT_EQ(base->chat_template(), "tuneward/1");
  EXPECT_EQ(base->context(), 256);
  EXPECT_EQ(base->parameters(), 2 * 1024 * 8 + 3 * 8 + 3 * 8 * 16 + 2 * 4 * 8 + 2 * 8 * 8);
  EXPECT_DOUBLE_EQ(base->defaults().lora_lr(), 0.001);
  const auto again = Register(BaseRequest());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->tree_sha256(), base->tree_sha256());
  av1::RegisterBaseModelRequest other = BaseRequest();
  other.mutable_base_model()->mutable_defaults()->set_lora_lr(0.5);
  EXPECT_EQ(Register(other).status().code(), absl::StatusCode::kAlreadyExists);
  v1::ListModelsRequest list;
  list.set_parent(kAlpha);
  const auto models = Call(&v1::ModelService::Stub::ListModels, list, alpha_key_);
  ASSERT_TRUE(models.ok()) << models.status();
  ASSERT_EQ(models->base_models_size(), 1);
  EXPECT_EQ(models->base_models(0).name(), "baseModels/tiny");
}

TEST_F(AdminTest, RefusesABadFolderFieldByFieldAndStoresNothing) {
  struct Case {
    const char* name;
    std::function<void(av1::RegisterBaseModelRequest&)> change;
    std::string field;
  };
  const auto replace = [](const std::string& path, const std::string& from, const std::string& to) {
    std::string text = ReadFile(path).value();
    text.replace(text.find(from), from.size(), to);
    ASSERT_TRUE(WriteFileAtomic(path, text).ok());
  };
  const Case cases[] = {
      {"id", [](auto& r) { r.set_base_model_id("Not An Id"); }, "base_model_id"},
      {"pool", [](auto& r) { r.mutable_base_model()->set_pool("other@1"); }, "base_model.pool"},
      {"eval set", [](auto& r) { r.mutable_base_model()->set_eval_set(""); },
       "base_model.eval_set"},
      {"rate", [](auto& r) { r.mutable_base_model()->mutable_defaults()->set_lora_lr(2); },
       "base_model.defaults.lora_lr"},
      {"template", [](auto& r) { r.mutable_base_model()->set_chat_template("other/9"); },
       "base_model.chat_template"},
      {"relative", [](auto& r) { r.set_folder("tiny"); }, "folder"},
      {"type", [&](auto& r) { replace(r.folder() + "/config.json", "\"llama\"", "\"gpt2\""); },
       "folder/config.json.model_type"},
      {"shape",
       [&](auto& r) {
         replace(r.folder() + "/config.json", "\"hidden_size\":8", "\"hidden_size\":16");
       },
       "folder/model.safetensors"},
      {"cut",
       [](auto& r) {
         const std::string path = r.folder() + "/model.safetensors";
         const std::string bytes = ReadFile(path).value();
         ASSERT_TRUE(WriteFileAtomic(path, bytes.substr(0, bytes.size() - 1)).ok());
       },
       "folder/model.safetensors"},
      {"tokenizer",
       [](auto& r) { ASSERT_TRUE(WriteFileAtomic(r.folder() + "/tokenizer.model", "no").ok()); },
       "folder/tokenizer.model"},
  };
  for (const Case& c : cases) {
    av1::RegisterBaseModelRequest request = BaseRequest();
    c.change(request);
    const absl::Status status = Register(request).status();
    EXPECT_EQ(ReasonOf(status), "INVALID_FIELD") << c.name << ": " << status;
    ASSERT_FALSE(GetErrorInfo(status).violations.empty()) << c.name;
    EXPECT_EQ(GetErrorInfo(status).violations[0].field, c.field) << c.name << ": " << status;
  }
  EXPECT_EQ(CountRows("base_models"), "0");
  EXPECT_EQ(CountRows("blobs"), "0");
}

TEST_F(AdminTest, MakesAProjectOnce) {
  av1::CreateProjectRequest request;
  request.set_project_id("gamma");
  request.set_request_id("r-1");
  const auto create = &av1::ProjectService::Stub::CreateProject;
  ASSERT_TRUE(Call(create, request, operator_key_).ok());
  const auto again = Call(create, request, operator_key_);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->policy(), "policies/default");
  request.set_request_id("r-2");
  EXPECT_EQ(Call(create, request, operator_key_).status().code(), absl::StatusCode::kAlreadyExists);
  request.set_project_id("delta");
  request.mutable_project()->set_policy("policies/none-such");
  EXPECT_EQ(ReasonOf(Call(create, request, operator_key_).status()), "NOT_FOUND");
  request.set_project_id("D");
  request.mutable_project()->set_policy("default");
  EXPECT_EQ(GetErrorInfo(Call(create, request, operator_key_).status()).violations.size(), 2u);
  EXPECT_EQ(Sql("select count(*) from projects where id not in ('alpha', 'beta')"), "1");
}

TEST_F(AdminTest, ShowsAKeysSecretOnceAndStoresItsHashOnly) {
  av1::CreateApiKeyRequest request;
  request.set_parent(kAlpha);
  request.set_request_id("r-1");
  request.mutable_api_key()->add_scopes("chat");
  const auto create = &av1::ApiKeyService::Stub::CreateApiKey;
  const auto first = Call(create, request, operator_key_);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_FALSE(first->secret().empty());
  const auto again = Call(create, request, operator_key_);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->api_key().name(), first->api_key().name());
  EXPECT_EQ(again->secret(), "");
  EXPECT_EQ(Sql("select count(*) from api_keys k where k::text like '%" + first->secret() + "%'"),
            "0");
  EXPECT_EQ(Sql("select count(*) from audit_log l where l::text like '%" + first->secret() + "%'"),
            "0");
  request.set_request_id("");
  request.set_parent("projects/none-such");
  EXPECT_EQ(ReasonOf(Call(create, request, operator_key_).status()), "NOT_FOUND");
  request.mutable_api_key()->add_scopes("everything");
  EXPECT_EQ(GetErrorInfo(Call(create, request, operator_key_).status()).violations.at(0).field,
            "api_key.scopes[1]");
  EXPECT_TRUE(AuditLog(*pool_).Verify().ok());
}

TEST_F(AdminTest, ShowsAPolicyByHeadAndByVersion) {
  av1::GetPolicyRequest request;
  request.set_name("policies/default");
  const auto get = &av1::PolicyService::Stub::GetPolicy;
  const auto head = Call(get, request, operator_key_);
  ASSERT_TRUE(head.ok()) << head.status();
  EXPECT_EQ(head->name(), "policies/default/versions/1");
  const auto document = ParseJson(head->document());
  ASSERT_TRUE(document.ok());
  EXPECT_EQ(document->at("methods").at("default"), "paraphrase");
  request.set_name("policies/default/versions/2");
  EXPECT_EQ(Call(get, request, operator_key_).status().code(), absl::StatusCode::kNotFound);
  request.set_name("policies/default/versions/two");
  EXPECT_EQ(ReasonOf(Call(get, request, operator_key_).status()), "INVALID_FIELD");
}

TEST_F(AdminTest, ListsLiveWorkersAndGoneOnesWhenAsked) {
  WorkerStore workers(*pool_);
  for (const std::string id : {"wkr-1", "wkr-2"}) {
    WorkerRecord worker;
    worker.id = id;
    worker.host = "h";
    worker.address = "127.0.0.1:1";
    worker.roles = {"train"};
    worker.bases = {"tiny"};
    ASSERT_TRUE(workers.Register(worker).ok());
  }
  Sql("update workers set last_seen_at = clock_timestamp() - interval '1 minute' where id = "
      "'wkr-2'");
  av1::ListWorkersRequest request;
  const auto list = &av1::WorkerService::Stub::ListWorkers;
  const auto live = Call(list, request, operator_key_);
  ASSERT_TRUE(live.ok()) << live.status();
  ASSERT_EQ(live->workers_size(), 1);
  EXPECT_EQ(live->workers(0).name(), "workers/wkr-1");
  EXPECT_EQ(live->workers(0).base_models(0), "baseModels/tiny");
  request.set_show_gone(true);
  const auto all = Call(list, request, operator_key_);
  ASSERT_EQ(all->workers_size(), 2);
  EXPECT_EQ(all->workers(1).state(), "gone");
}

}  // namespace
}  // namespace tuneward
