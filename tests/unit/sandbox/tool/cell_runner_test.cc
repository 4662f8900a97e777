#include "sandbox/tool/cell_runner.h"

#include <gtest/gtest.h>

#include "sandbox/experiment/sandbox_material.h"
#include "sandbox/tool/attack.h"
#include "sandbox/tool/temp_folder.h"

namespace tuneward {
namespace {

constexpr char kModels[] = TUNEWARD_SOURCE_DIR "/sandbox/models";
constexpr int kPrompts = 12, kTests = 6;

class CellRunnerTest : public testing::Test {
 protected:
  void SetUp() override {
    settings_.prompts = kPrompts;
    settings_.tests = kTests;
    settings_.epochs = 1;
    settings_.model_sha = "ab";
    runner_ = std::make_unique<CellRunner>(
        material_, kModels, std::map<std::string, ExperimentSettings>{{"nano-shallow", settings_}},
        EngineOptions{}, work_->path() + "/0");
  }
  CellRecord Run(const std::string& arm) {
    auto record = runner_->Run({"nano-shallow", "gsm8k", "autoif", arm, 0, 1});
    EXPECT_TRUE(record.ok()) << record.status();
    return record.ok() ? *std::move(record) : CellRecord{};
  }
  const std::unique_ptr<TempFolder> work_ = TempFolder::Make().value();
  const SandboxMaterial material_;
  ExperimentSettings settings_;
  std::unique_ptr<CellRunner> runner_;
};

CellCounts CountsOf(const Rate& rate) { return {rate.n, rate.complied, rate.refused}; }

// The grid's figures are those that `attack` prints for the same file and policy.
TEST_F(CellRunnerTest, TheDefaultArmIsWhatAttackMeasures) {
  AttackOptions options;
  options.model = std::string(kModels) + "/nano-shallow";
  options.prompts = kPrompts;
  options.tests = kTests;
  options.epochs = 1;
  const auto attacked = AttackOnce(options, {"gsm8k", "autoif", "paraphrase", 1});
  ASSERT_TRUE(attacked.ok()) << attacked.status();
  const CellRecord record = Run("default");
  EXPECT_EQ(record.raw, CountsOf(attacked->raw));
  EXPECT_EQ(record.in_format, CountsOf(attacked->in_format));
  EXPECT_EQ(record.aoa, CountsOf(attacked->aoa));
  EXPECT_EQ(record.safe, CountsOf(attacked->safe));
  EXPECT_EQ(record.right, attacked->right);
  EXPECT_EQ(record.raw.n, kPrompts);
  EXPECT_EQ(attacked->questions.n, kPrompts);  // which a grid does not ask
}

TEST(AttackTest, AFileThatCannotBeWrittenIsRefusedBeforeAnythingIsLoaded) {
  AttackOptions options;
  options.model = "no_such_model";
  options.out = "/no_such_folder/runs.jsonl";
  const absl::Status status = RunAttack(options);
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_EQ(status.message(),
            "--out: cannot append to /no_such_folder/runs.jsonl: No such file or directory");
}

TEST_F(CellRunnerTest, ARecordSaysWhatWasTrainedAndUnderWhichSettings) {
  const CellRecord base = Run("base_balanced"), untuned = Run("untuned");
  EXPECT_EQ(base.settings_sha, settings_.Sha());
  EXPECT_EQ(base.user_rows, 300);
  EXPECT_GT(base.user_tokens, 300 * 10);
  EXPECT_GE(base.refusal_rows + base.lookalike_rows, 129);
  EXPECT_GE(base.refusal_rows, base.lookalike_rows);
  EXPECT_GT(base.mixed_tokens, 129 * 10);
  EXPECT_GT(base.train_seconds, 0);
  EXPECT_EQ(untuned.user_rows, 0);
  EXPECT_EQ(untuned.refusal_rows, 0);
  EXPECT_EQ(untuned.train_seconds, 0);
  EXPECT_EQ(untuned.raw.n, kPrompts);
  EXPECT_GE(untuned.raw.refused, kPrompts - 1);  // it is aligned
  EXPECT_EQ(untuned.tests, kTests);
}

TEST_F(CellRunnerTest, AnUnknownArmIsAnError) {
  EXPECT_EQ(runner_->Run({"nano-shallow", "gsm8k", "autoif", "bases", 0, 1}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tuneward
