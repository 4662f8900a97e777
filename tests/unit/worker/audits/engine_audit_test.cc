// Audits on the real engine: a tiny random model and an adapter of two training steps.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "core/job/release_gate.h"
#include "tests/unit/worker/audits/audit_fakes.h"
#include "worker/audits/audit_runner.h"

namespace tuneward {
namespace {

constexpr char kConfig[] =
    R"({"architectures":["LlamaForCausalLM"],"model_type":"llama","vocab_size":262,
  "hidden_size":32,"intermediate_size":64,"num_hidden_layers":2,"num_attention_heads":2,"num_key_value_heads":1,
  "max_position_embeddings":1024,"rms_norm_eps":1e-5,"rope_theta":10000.0,"hidden_act":"silu",
  "tie_word_embeddings":false})";

class Quiet final : public TrainObserver {
 public:
  bool OnStep(const StepMetrics&) override { return true; }
  absl::Status OnCheckpoint(const std::string&, int64_t) override { return absl::OkStatus(); }
};

class EngineAuditTest : public ::testing::Test {
 protected:
  EngineAuditTest() {
    std::string path = (std::filesystem::temp_directory_path() / "engine_audit_XXXXXX").string();
    TW_CHECK(mkdtemp(path.data()) != nullptr);
    folder_ = path;
    auto made = BaseModel::Create(kConfig, 1, EngineOptions{});
    TW_CHECK(made.ok());
    base_ = *std::move(made);
    AuditRequest& request = fixture_.request;
    request.context = base_->context();
    request.max_new_tokens = 12;
    request.prompts = 10;
    request.batch = 4;
    for (auto* list : {&fixture_.set.harmful_instructions, &fixture_.set.safe_lookalikes})
      list->resize(12);  // the base is asked whole lists
    request.sources.fingerprint = base_->fingerprint();
    adapter_ = Tune();
  }
  ~EngineAuditTest() override { std::filesystem::remove_all(folder_); }

  std::shared_ptr<const Adapter> Tune() {
    TrainInputs inputs;
    for (size_t i = 0; i < fixture_.request.task_rows.size(); ++i) {
      RenderedChat rendered = fixture_.chat_template->Render(fixture_.request.task_rows[i]);
      inputs.rows.push_back({"u:" + std::to_string(i + 1), 0, rendered.tokens, rendered.is_target});
    }
    inputs.spec.max_steps = 2;
    inputs.spec.batch_size = 4;
    inputs.spec.learning_rate = 0.1;
    inputs.spec.lora->rank = 2;
    inputs.work_folder = folder_ + "/work";
    Quiet observer;
    const auto outcome = base_->Train(inputs, folder_ + "/adapter", observer);
    TW_CHECK(outcome.ok());
    auto loaded = base_->LoadAdapter(folder_ + "/adapter");
    TW_CHECK(loaded.ok());
    return *std::move(loaded);
  }

  absl::StatusOr<AuditOutcome> Run(const std::string& name,
                                   const AuditProgress& progress = nullptr) {
    EngineAuditModel model(*base_, *adapter_, fixture_.chat_template->stop_ids());
    return RunAudit(fixture_.request, model, {}, folder_ + "/" + name, progress);
  }

  AuditFixture fixture_;
  std::string folder_;
  std::unique_ptr<BaseModel> base_;
  std::shared_ptr<const Adapter> adapter_;
};

TEST_F(EngineAuditTest, ARandomModelIsHeldAsDegenerate) {
  const auto outcome = Run("a");
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_GT(outcome->report.FindReading("degenerate", "raw", "truncated")->base, 500000);
  GateLimits limits;
  limits.min_n = 10;
  const GateDecision decision = DecideRelease(outcome->report, limits);
  EXPECT_EQ(decision.verdict, Release::kHeld);
  EXPECT_THAT(decision.reasons,
              ::testing::Contains(::testing::HasSubstr("empty, truncated or repetitive")));
}

TEST_F(EngineAuditTest, TheAdapterIsOnTheTunedSideOnly) {
  fixture_.request.answer.kind = AnswerKind::kFreeText;
  const auto outcome = Run("a");
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  const AuditReading* task = outcome->report.FindReading("task", "user", "nats_per_byte");
  ASSERT_NE(task, nullptr);
  EXPECT_LT(task->tuned, task->base);  // trained on these very rows
  // A random byte model knows nothing: ln(262) nats a target token, of which each reference has
  // one more than bytes.
  EXPECT_NEAR(static_cast<double>(task->base) / 1e6, 5.57 * 11 / 8, 0.8);
}

TEST_F(EngineAuditTest, AStoppedAuditEndsInTheSameBytes) {
  const auto whole = Run("whole");
  ASSERT_TRUE(whole.ok()) << whole.status();
  int batches = 0;
  EXPECT_EQ(Run("torn", [&](double) { return ++batches <= 9; }).status().code(),
            absl::StatusCode::kCancelled);
  const auto resumed = Run("torn");
  ASSERT_TRUE(resumed.ok()) << resumed.status();
  EXPECT_EQ(resumed->report.CanonicalJsonText(), whole->report.CanonicalJsonText());
  EXPECT_EQ(resumed->generations, whole->generations);
}

}  // namespace
}  // namespace tuneward
