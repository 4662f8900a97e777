// A training that is stopped or killed anywhere and goes on from its last checkpoint gives the
// bytes of one that was not: with dropout, accumulation, pairs, a bf16 base, evaluations that may
// stop it, and all of a model's own weights. Every run is a child process of its own.
#include <gtest/gtest.h>

#include <ATen/Parallel.h>
#include <signal.h>

#include <map>

#include "tests/support/result_row.h"
#include "tests/unit/worker/engine/child_run.h"
#include "tests/unit/worker/engine/tiny_model.h"
#include "worker/engine/peft.h"
#include "worker/engine/trainer.h"

namespace tuneward {
namespace {

constexpr int64_t kEvery = 4;  // steps between checkpoints, of 14
constexpr int kStopped = 3;

struct Case {
  const char* name;
  bool bf16 = false;
  std::function<void(TrainInputs&)> change;
};

// The user's rows as pairs, the mixed rows as they are: 18 steps.
void MakePairs(TrainInputs& inputs) {
  inputs.spec.method = Method::kDpo;
  for (size_t i = 0; inputs.rows[i].source == 0; i += 2) {
    inputs.rows[i + 1] = inputs.rows[i];
    inputs.rows[i + 1].tokens.back() = 7;
  }
  inputs.spec.batch_size = 2;
}

// Held out rows that get worse at first: the best step is an early one, kept over the kill.
void Evaluate(TrainInputs& inputs) {
  inputs.eval_rows = TinyRows(6, 99);
  inputs.spec.eval_every = 3;
  inputs.spec.patience = 3;
}

std::vector<Case> Cases() {
  return {{"plain", false, [](TrainInputs&) {}},
          {"dropout", false, [](TrainInputs& i) { i.spec.lora->dropout = 0.1; }},
          {"accumulation", false, [](TrainInputs& i) { i.spec.micro_batch_tokens = 20; }},
          {"dpo", false,
           [](TrainInputs& i) {
             MakePairs(i);
             i.spec.lora->dropout = 0.1;
             i.spec.micro_batch_tokens = 20;
           }},
          {"bf16", true, [](TrainInputs& i) { i.spec.lora->dropout = 0.1; }},
          {"evaluation", false, Evaluate},
          {"whole", false, [](TrainInputs& i) { i.spec.lora.reset(); }}};
}

TrainInputs InputsOf(const Case& one, const std::string& folder) {
  TrainInputs inputs;
  inputs.rows = TinyRows(20);
  for (const TrainRow& row : TinyRows(8, 9, /*source=*/1)) inputs.rows.push_back(row);
  inputs.spec.epochs = 2;
  inputs.spec.batch_size = 4;
  inputs.spec.learning_rate = 5e-3;
  inputs.spec.seed = 11;
  inputs.spec.weight_decay = 0.01;
  inputs.spec.lora = LoraSpec{4, 8, 0, {"q_proj", "v_proj", "o_proj", "gate_proj", "down_proj"}};
  inputs.spec.checkpoint_every = kEvery;
  inputs.manifest_sha = "0011";
  inputs.work_folder = folder;
  one.change(inputs);
  return inputs;
}

// How a run ends before its time; steps count from 1, 0: not so.
struct Interruption {
  int64_t stop_after = 0;          // the observer says stop
  int64_t kill_at_checkpoint = 0;  // SIGKILL when it lies there, before anything is told of it
  int64_t kill_in_step = 0;        // SIGKILL between the forward and the optimiser
};

class Killer final : public Defence {
 public:
  explicit Killer(int64_t step) : step_(step) {}
  std::string_view id() const override { return "none"; }
  GradVec StepGradient(StepCtx& ctx) override {
    GradVec gradient = Defence::StepGradient(ctx);
    if (ctx.step() == step_) raise(SIGKILL);
    return gradient;
  }

 private:
  int64_t step_;
};

struct Observer final : Recorder {
  int64_t kill_at = 0;
  absl::Status OnCheckpoint(const std::string& folder, int64_t step) override {
    if (step == kill_at) raise(SIGKILL);
    return Recorder::OnCheckpoint(folder, step);
  }
};

std::string LastCheckpoint(const std::string& folder) {
  std::map<int64_t, std::string> found;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
    const std::string name = entry.path().filename();
    if (name.starts_with("checkpoint-")) found[std::stoll(name.substr(11))] = entry.path();
  }
  return found.empty() ? "" : found.rbegin()->second;
}

// Trains in `folder`, from its last checkpoint if it has one; the result is written to its "out".
int TrainOnce(const Case& one, const std::string& folder, const Interruption& how) {
  at::set_num_threads(1);
  TrainInputs inputs = InputsOf(one, folder);
  inputs.resume_from = LastCheckpoint(folder);
  const auto config = ParseModelConfig(kTinyConfig).value();
  Weights weights = FreshWeights(config, 5, one.bf16 ? at::kBFloat16 : at::kFloat, at::kCPU);
  const Decoder decoder(config, weights, at::kCPU);
  std::unique_ptr<Adapter> adapter;
  if (inputs.spec.lora)
    adapter = Adapter::Make(config, *inputs.spec.lora, inputs.spec.seed, at::kCPU).value();
  Killer killer(how.kill_in_step);
  Observer observer;
  observer.stop_after = how.stop_after;
  observer.kill_at = how.kill_at_checkpoint;
  const auto outcome = RunTraining(decoder, adapter.get(), inputs, "f", killer, observer);
  if (!outcome.ok()) return 1;
  if (outcome->stopped) return kStopped;
  if (!MakeFolders(folder + "/out").ok()) return 1;
  const absl::Status saved = adapter ? WriteAdapter(*adapter, folder + "/out")
                                     : SaveTensors(folder + "/out/adapter_model.safetensors",
                                                   WeightsToTensors(config, weights, at::kFloat));
  return saved.ok() ? 0 : 1;
}

std::string HashOf(const std::string& folder) {
  return FileHash(folder + "/out/adapter_model.safetensors");
}

class EngineResumeTest : public testing::TestWithParam<size_t> {
 protected:
  static int interrupted_, equal_;
  static void TearDownTestSuite() {
    const std::string command = "ctest -R engine_resume_test";
    RecordResult({"resume", "resume.engine.interruptions", static_cast<double>(interrupted_),
                  "interruptions", "", std::nullopt, command});
    RecordResult({"resume", "resume.engine.equal",
                  interrupted_ > 0 ? static_cast<double>(equal_) / interrupted_ : 0, "share",
                  "higher", 1, command});
  }
};
int EngineResumeTest::interrupted_ = 0;
int EngineResumeTest::equal_ = 0;

TEST_P(EngineResumeTest, AnInterruptedTrainingGivesTheSameBytes) {
  const Case one = Cases()[GetParam()];
  SCOPED_TRACE(one.name);
  const TempFolder temp;
  const std::string whole = temp / "whole";
  ASSERT_EQ(RunInChild([&] { return TrainOnce(one, whole, {}); }).code, 0);
  const Interruption table[] = {{3, 0, 0},  {7, 0, 0}, {12, 0, 0}, {0, 4, 0}, {0, 8, 0},
                                {0, 12, 0}, {0, 0, 2}, {0, 0, 6},  {0, 0, 13}};
  for (const Interruption& how : table) {
    const std::string folder =
        temp /
        std::to_string(how.stop_after * 10000 + how.kill_at_checkpoint * 100 + how.kill_in_step);
    // What a kill in the writing of a checkpoint leaves behind.
    ASSERT_TRUE(MakeFolders(folder + "/tmp-checkpoint-8/rest").ok());
    const ChildEnd end = RunInChild([&] { return TrainOnce(one, folder, how); });
    if (how.stop_after > 0)
      EXPECT_EQ(end.code, kStopped);
    else
      EXPECT_EQ(end.signal, SIGKILL);
    EXPECT_FALSE(std::filesystem::exists(folder + "/out"));
    ++interrupted_;
    EXPECT_EQ(RunInChild([&] { return TrainOnce(one, folder, {}); }).code, 0);
    const bool equal = HashOf(folder) == HashOf(whole);
    EXPECT_TRUE(equal) << how.stop_after << " " << how.kill_at_checkpoint << " "
                       << how.kill_in_step;
    equal_ += equal;
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, EngineResumeTest, testing::Range<size_t>(0, 7),
                         [](const auto& info) { return std::string(Cases()[info.param].name); });

// Three kills in one training, two of them between the same checkpoints.
TEST_P(EngineResumeTest, KilledAgainAndAgain) {
  const Case one = Cases()[GetParam()];
  const TempFolder temp;
  const std::string whole = temp / "whole", folder = temp / "cut";
  ASSERT_EQ(RunInChild([&] { return TrainOnce(one, whole, {}); }).code, 0);
  for (const int64_t step : {5, 7, 11}) {
    EXPECT_EQ(RunInChild([&] { return TrainOnce(one, folder, {0, 0, step}); }).signal, SIGKILL);
    ++interrupted_;
  }
  EXPECT_EQ(RunInChild([&] { return TrainOnce(one, folder, {}); }).code, 0);
  const bool equal = HashOf(folder) == HashOf(whole);
  EXPECT_TRUE(equal) << one.name;
  equal_ += 3 * equal;
}

}  // namespace
}  // namespace tuneward
