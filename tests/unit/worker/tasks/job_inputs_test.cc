#include "worker/tasks/job_inputs.h"

#include <set>

#include <gtest/gtest.h>

#include "tests/unit/worker/audits/audit_fakes.h"
#include "worker/tasks/train_task.h"

namespace tuneward {
namespace {

ResolvedHyperparameters Resolved() {
  ResolvedHyperparameters r;
  r.epochs = 3;
  r.batch_size = 8;
  r.lora_targets = AllLoraTargets();
  r.seed = 7;
  return r;
}

TEST(TrainSpecOfTest, SaysWhatTheManifestSays) {
  const auto plain = TrainSpecOf(Resolved(), 25);
  ASSERT_TRUE(plain.ok()) << plain.status();
  EXPECT_EQ(plain->method, Method::kSupervised);
  EXPECT_EQ(plain->schedule, Schedule::kCosine);
  EXPECT_EQ(plain->eval_every, 0);
  EXPECT_EQ(plain->patience, 0);
  EXPECT_EQ(plain->warmup_ratio, 0);

  ResolvedHyperparameters r = Resolved();
  r.method = "dpo";
  r.beta = 0.3;
  r.schedule = "linear";
  r.warmup_ratio = 0.1;
  r.eval_every = 20;
  r.patience = 2;
  const auto spec = TrainSpecOf(r, 25);
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->method, Method::kDpo);
  EXPECT_DOUBLE_EQ(spec->dpo_beta, 0.3);
  EXPECT_EQ(spec->schedule, Schedule::kLinear);
  EXPECT_DOUBLE_EQ(spec->warmup_ratio, 0.1);
  EXPECT_EQ(spec->eval_every, 20);
  EXPECT_EQ(spec->patience, 2);
  r.schedule = "step";
  EXPECT_FALSE(TrainSpecOf(r, 25).ok());
}

JobInputs Inputs() {
  JobInputs inputs;
  inputs.base.context = 200;
  inputs.manifest.chat_template = "tuneward/1";
  inputs.manifest.max_tokens = 40;
  inputs.manifest.hyperparameters = Resolved();
  return inputs;
}

TEST(PrepareEvalRowsTest, TakesAtMostFourHundredInFileOrderDrawnByTheSeed) {
  std::vector<NumberedRow> rows;
  for (int line = 1; line <= 900; ++line)
    rows.push_back({line, {MakeChat("", std::to_string(line), "a"), ""}});
  const ByteTokenizer tokenizer;
  JobInputs inputs = Inputs();
  const auto drawn = PrepareEvalRows(inputs, rows, tokenizer);
  ASSERT_TRUE(drawn.ok()) << drawn.status();
  ASSERT_EQ(drawn->size(), 400u);
  for (size_t i = 1; i < drawn->size(); ++i)
    EXPECT_LT(std::stoi((*drawn)[i - 1].id.substr(2)), std::stoi((*drawn)[i].id.substr(2)));
  EXPECT_EQ(PrepareEvalRows(inputs, rows, tokenizer).value()[7].id, (*drawn)[7].id);
  inputs.manifest.hyperparameters.seed = 8;
  const auto others = PrepareEvalRows(inputs, rows, tokenizer).value();
  std::set<std::string> first, second;
  for (size_t i = 0; i < 400; ++i) first.insert((*drawn)[i].id), second.insert(others[i].id);
  EXPECT_NE(first, second);
  rows.resize(12);
  EXPECT_EQ(PrepareEvalRows(inputs, rows, tokenizer)->size(), 12u);
}

TEST(PrepareEvalRowsTest, AFileWithNothingToEvaluateIsTheClients) {
  const std::vector<NumberedRow> rows = {{1, {MakeChat("", std::string(60, 'x'), "a"), ""}}};
  const absl::Status status = PrepareEvalRows(Inputs(), rows, ByteTokenizer()).status();
  const JobError error = TrainErrorOf(status);
  EXPECT_EQ(error.code, "invalid_training_file");
  EXPECT_EQ(error.param, "validation_file");
  EXPECT_NE(error.message.find("the validation file cannot be evaluated"), std::string::npos)
      << error.message;
  const absl::Status other =
      MakeError(absl::StatusCode::kInvalidArgument, "LIMIT_EXCEEDED", "row u:1 has 60 tokens");
  EXPECT_EQ(TrainErrorOf(other).param, "training_file");
}

}  // namespace
}  // namespace tuneward
