// Recomputation changes no bit of any gradient: every family, adapters with dropout, whole models,
// preference pairs, several micro-batches.
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include "tests/unit/worker/engine/gradient_probe.h"
#include "tests/unit/worker/engine/reference_model.h"
#include "tests/unit/worker/engine/tiny_model.h"
#include "worker/engine/trainer.h"

namespace tuneward {
namespace {

TrainInputs Inputs() {
  TrainInputs inputs;
  inputs.rows = TinyRows(12);
  inputs.spec.batch_size = 12;
  inputs.spec.max_steps = 1;
  inputs.spec.lora->rank = 4;
  inputs.spec.lora->dropout = 0.2;
  inputs.spec.micro_batch_tokens = 60;
  return inputs;
}

// A step's gradient, of a fresh adapter or of the whole model.
std::vector<at::Tensor> Gradient(const ReferenceModel& model, TrainInputs inputs, bool recompute) {
  inputs.spec.recompute = recompute;
  std::unique_ptr<Adapter> adapter;
  if (inputs.spec.lora) adapter = model.NewAdapter(*inputs.spec.lora, 1);
  GradientProbe probe;
  Recorder run;
  const auto outcome = RunTraining(model.decoder, adapter.get(), inputs, "", probe, run);
  EXPECT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_TRUE(outcome.ok() && outcome->recompute == recompute);
  EXPECT_GT(probe.micros, 1u);
  return probe.seen.tensors();
}

void ExpectEqualBytes(const std::string& name, const std::vector<at::Tensor>& want,
                      const std::vector<at::Tensor>& got) {
  ASSERT_EQ(want.size(), got.size());
  ASSERT_GT(want.size(), 4u);
  double largest = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    EXPECT_TRUE(at::equal(want[i], got[i])) << name << " leaf " << i;
    largest = std::max(largest, want[i].abs().max().item<double>());
  }
  EXPECT_GT(largest, 0) << name;
}

class RecomputeTest : public testing::Test {
 protected:
  void SetUp() override { at::set_num_threads(1); }
};

TEST_F(RecomputeTest, GradientsOfEveryFamilyAreEqual) {
  for (const char* name :
       {"untied", "tied", "mistral", "gemma2", "gemma3_text", "qwen2", "qwen3"}) {
    const ReferenceModel model(name);
    ExpectEqualBytes(name, Gradient(model, Inputs(), false), Gradient(model, Inputs(), true));
  }
}

// Rows of one prompt, which a micro-batch shares.
TEST_F(RecomputeTest, GradientsOfSharedBeginningsAreEqual) {
  TrainInputs inputs = Inputs();
  inputs.spec.lora->dropout = 0;
  for (TrainRow& row : inputs.rows)
    for (TokenId token = 5; token < 13; ++token) {
      row.tokens.insert(row.tokens.begin(), token);
      row.is_target.insert(row.is_target.begin(), false);
    }
  for (const char* name : {"untied", "gemma3_text"}) {
    const ReferenceModel model(name), half(name, at::kBFloat16);
    ExpectEqualBytes(name, Gradient(model, inputs, false), Gradient(model, inputs, true));
    ExpectEqualBytes(name, Gradient(half, inputs, false), Gradient(half, inputs, true));
  }
}

TEST_F(RecomputeTest, GradientsOfAWholeModelAreEqual) {
  for (const char* name : {"tied", "gemma3_text", "qwen2"}) {
    TrainInputs inputs = Inputs();
    inputs.spec.lora.reset();
    // A training changes the weights, so each has its own.
    const auto plain = Gradient(ReferenceModel(name), inputs, false);
    ExpectEqualBytes(name, plain, Gradient(ReferenceModel(name), inputs, true));
  }
}

TEST_F(RecomputeTest, GradientsOfPairsAndOfABf16BaseAreEqual) {
  TrainInputs pairs = Inputs();
  pairs.spec.method = Method::kDpo;
  for (size_t i = 0; i < pairs.rows.size(); i += 2) {
    pairs.rows[i + 1] = pairs.rows[i];
    pairs.rows[i + 1].tokens.back() = 7;
  }
  const ReferenceModel model("untied"), half("untied", at::kBFloat16);
  ExpectEqualBytes("pairs", Gradient(model, pairs, false), Gradient(model, pairs, true));
  ExpectEqualBytes("bf16", Gradient(half, Inputs(), false), Gradient(half, Inputs(), true));
}

}  // namespace
}  // namespace tuneward
