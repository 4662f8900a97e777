// Adapters across the border, with PEFT itself at the other side: it loads what the engine wrote
// and saves what the engine loads (tests/reference/peft_exchange.py). Needs the environment of
// `scripts/setup.sh --reference`; skipped without, a failure where TUNEWARD_REQUIRE holds "peft".
#include <gtest/gtest.h>

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/grad_mode.h>

#include <filesystem>

#include "core/base/file.h"
#include "core/base/json.h"
#include "tests/support/child_process.h"
#include "tests/support/reference_programs.h"
#include "tests/support/result_row.h"
#include "tests/unit/worker/engine/tiny_model.h"
#include "worker/engine/peft.h"
#include "worker/engine/trainer.h"

namespace tuneward {
namespace {

using at::Tensor;

constexpr double kTolerance = 1e-4;
constexpr const char* kReference = kReferenceFolder;

class PeftTest : public testing::Test {
 protected:
  void SetUp() override {
    TW_NEEDS_REFERENCE_PROGRAMS();
    at::set_num_threads(1);
    const Json numbers =
        ParseJson(ReadFile(std::string(kReference) + "peft/numbers.json").value()).value();
    Json rows = Json::array();
    for (size_t n = 0; n < numbers["loss_rows"]; ++n) {
      const Json& row = numbers["rows"][n];
      rows_.push_back({"u:" + std::to_string(n + 1), 0, row["tokens"].get<std::vector<TokenId>>(),
                       row["is_target"].get<std::vector<bool>>()});
      rows.push_back(row);
    }
    ASSERT_TRUE(WriteFileAtomic(temp_ / "rows.json", rows.dump()).ok());
  }

  // At every position, with the adapter as it lies in the folder.
  absl::StatusOr<Tensor> Logits(const std::string& adapter_folder) {
    return LogitsOf(config_, decoder_, rows_, adapter_folder);
  }
  static absl::StatusOr<Tensor> LogitsOf(const ModelConfig& config, const Decoder& decoder,
                                         const std::vector<TrainRow>& rows,
                                         const std::string& adapter_folder) {
    const at::NoGradGuard no_grad;
    TW_ASSIGN_OR_RETURN(const auto adapter, ReadAdapter(adapter_folder, config, at::kCPU));
    std::vector<const TrainRow*> packed;
    for (const TrainRow& row : rows) packed.push_back(&row);
    PackedBatch batch = Pack(packed, 1, at::kCPU);
    batch.target_index_N = at::arange(batch.tokens());
    return decoder.head().Logits(decoder.Forward(batch, adapter.get()).at_targets_ND);
  }

  // An adapter on all linears of a family's tiny model, with the path of that model beside it.
  void TrainFamily(const std::string& family) {
    const std::string base = std::string(kReference) + "peft/" + family + "/base";
    const ModelConfig config = ParseModelConfig(ReadFile(base + "/config.json").value()).value();
    std::vector<TrainRow> rows = rows_;
    for (TrainRow& row : rows)
      for (TokenId& token : row.tokens) token %= static_cast<TokenId>(config.vocab);
    TrainInputs inputs;
    inputs.rows = rows;
    inputs.spec.lora = LoraSpec{4, 8, 0.1};
    inputs.spec.epochs = 4;
    inputs.spec.learning_rate = 0.02;
    const std::string folder = temp_ / ("ours/" + family);
    Recorder recorder;
    ASSERT_TRUE(BaseModel::Load(base, {}).value()->Train(inputs, folder, recorder).ok());
    EXPECT_LT(recorder.steps.back().loss, recorder.steps.front().loss) << family;
    const Weights weights = LoadWeights(config, base, at::kFloat, at::kCPU).value();
    const Tensor logits =
        LogitsOf(config, Decoder(config, weights, at::kCPU), rows, folder).value();
    ASSERT_TRUE(SaveTensors(folder + "/logits.safetensors", {{"logits", logits}}).ok());
    ASSERT_TRUE(WriteFileAtomic(folder + "/base", base).ok());
  }

  void TrainOurs(const std::string& name, const LoraSpec& lora) {
    TrainInputs inputs;
    inputs.rows = rows_;
    inputs.spec.lora = lora;
    inputs.spec.epochs = 4;
    inputs.spec.learning_rate = 0.02;
    const std::string folder = temp_ / ("ours/" + name);
    Recorder recorder;
    const auto model = BaseModel::Load(base_, {}).value();
    ASSERT_TRUE(model->Train(inputs, folder, recorder).ok());
    EXPECT_LT(recorder.steps.back().loss, recorder.steps.front().loss);
    ASSERT_TRUE(
        SaveTensors(folder + "/logits.safetensors", {{"logits", Logits(folder).value()}}).ok());
  }

  TempFolder temp_;
  const std::string base_ = std::string(kReference) + "peft/untied/base";
  const ModelConfig config_ = ParseModelConfig(ReadFile(base_ + "/config.json").value()).value();
  const Weights weights_ =
      WeightsFromTensors(config_, LoadTensors(base_ + "/model.safetensors").value(), at::kFloat,
                         at::kCPU)
          .value();
  const Decoder decoder_{config_, weights_, at::kCPU};
  std::vector<TrainRow> rows_;
};

void Record(const char* name, double error) {
  RecordResult({"parity", std::string("parity.") + name, error, "error", "lower", kTolerance,
                "ctest -R engine_peft_test"});
  EXPECT_LT(error, kTolerance) << name;
}

// One test: the interpreter and its imports take most of the time.
TEST_F(PeftTest, EachSideLoadsWhatTheOtherWrote) {
  TrainOurs("all", LoraSpec{8, 16, 0.1});
  TrainOurs("some", LoraSpec{3, 4.5, 0, {"v_proj", "gate_proj"}});
  TrainOurs("rslora", LoraSpec{16, 8, 0, {"q_proj", "down_proj"}, true});

  for (const char* family : {"mistral", "gemma2", "gemma3_text", "qwen2", "qwen3"})
    TrainFamily(family);

  ChildOptions options;
  options.output_file = temp_ / "python.log";
  const absl::Status run = RunChild(
      {kReferencePython, std::string(kReference) + "peft_exchange.py", base_, temp_ / ""}, options);
  ASSERT_TRUE(run.ok()) << run << "\n" << ReadFile(options.output_file).value_or("");
  const Json report = ParseJson(ReadFile(temp_ / "report.json").value()).value();

  double ours = 0, theirs = 0;
  ASSERT_EQ(report["errors"].size(), 8u);
  for (const auto& [name, error] : report["errors"].items()) {
    EXPECT_LT(error.get<double>(), kTolerance) << name;
    ours = std::max(ours, error.get<double>());
  }
  for (const Json& entry : report["theirs"]) {
    const std::string folder = temp_ / ("theirs/" + entry.get<std::string>());
    const auto logits = Logits(folder);
    ASSERT_TRUE(logits.ok()) << logits.status();
    const Tensor want = LoadTensors(folder + "/logits.safetensors").value().at("logits");
    const double error = (*logits - want).abs().max().item<double>();
    EXPECT_LT(error, kTolerance) << entry;
    theirs = std::max(theirs, error);
  }
  for (const Json& entry : report["refused"]) {
    const std::string key = entry, folder = temp_ / ("refused/" + key);
    const auto logits = Logits(folder);
    EXPECT_EQ(logits.status().code(), absl::StatusCode::kInvalidArgument) << key;
    const std::string message(logits.status().message());
    EXPECT_EQ(message.find(folder + "/adapter_config.json: " + key + ":"), 0u) << message;
  }
  Record("peft_loads_ours_max_error", ours);
  Record("we_load_peft_max_error", theirs);
}

}  // namespace
}  // namespace tuneward
