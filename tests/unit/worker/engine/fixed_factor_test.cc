// LoRA with fixed factors, folding and merging: against dense products, and one form against
// another.
#include "worker/engine/fixed_factor.h"

#include <gtest/gtest.h>

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/grad_mode.h>

#include "tests/unit/worker/engine/tiny_model.h"
#include "worker/engine/adapter_config.h"
#include "worker/engine/decoder.h"
#include "worker/engine/merge.h"
#include "worker/engine/peft.h"

namespace tuneward {
namespace {

using at::Tensor;

Tensor Values(at::IntArrayRef shape, double phase) {
  int64_t count = 1;
  for (const int64_t size : shape) count *= size;
  return at::sin(at::arange(count, at::kFloat).mul_(0.7).add_(phase)).mul_(0.2).reshape(shape);
}

double Largest(const Tensor& got, const Tensor& want) {
  return (got - want).abs().max().item<double>();
}

class FixedFactorTest : public testing::Test {
 protected:
  void SetUp() override { at::set_num_threads(1); }

  std::unique_ptr<Adapter> NewAdapter(bool rslora = false) {
    LoraSpec spec{3, 6, 0, {"q_proj", "v_proj", "o_proj", "up_proj"}, rslora};
    auto adapter = Adapter::Make(config_, spec, 1, at::kCPU).value();
    double phase = 0;
    for (const auto& [name, leaf] : adapter->Leaves()) leaf.copy_(Values(leaf.sizes(), ++phase));
    return adapter;
  }
  // A projection on the right of q, k, v; factors on the left of q and of o.
  void Fix(Adapter& adapter) {
    const Tensor v = Values({32, 2}, 3);
    const Tensor right = at::eye(32) - at::mm(v, v.t());
    for (int64_t l = 0; l < config_.layers; ++l) {
      ASSERT_TRUE(adapter.Fix(l, kQkv, {Values({32, 32}, 5), Tensor()}, right).ok());
      ASSERT_TRUE(adapter.Fix(l, kOut, {Values({32, 32}, 6)}, Tensor()).ok());
    }
  }
  Adapter::LayerBases Bases() {
    Adapter::LayerBases bases;
    for (const LayerWeights& layer : weights_.layers) bases.push_back(layer.linear);
    return bases;
  }
  Tensor Logits(const Weights& weights, const Adapter* adapter) {
    const at::NoGradGuard no_grad;
    const Decoder decoder(config_, weights, at::kCPU);
    const std::vector<TrainRow> rows = TinyRows(6);
    std::vector<const TrainRow*> packed;
    for (const TrainRow& row : rows) packed.push_back(&row);
    const ForwardOut out = decoder.Forward(Pack(packed, 1, at::kCPU), adapter);
    return decoder.head().Logits(out.at_targets_ND);
  }

  const ModelConfig config_ = ParseModelConfig(kTinyConfig).value();
  const Weights weights_ = FreshWeights(config_, 5, at::kFloat, at::kCPU);
};

TEST_F(FixedFactorTest, ComputesTheFormulaAndItsGradients) {
  const auto adapter = NewAdapter();
  Fix(*adapter);
  const GroupLora& lora = adapter->layer(0)[kQkv];
  const FixedFactors& fixed = *lora.fixed;
  const Tensor w = weights_.layers[0].linear[kQkv];
  Tensor x = Values({9, 32}, 0.4).requires_grad_(true);
  Tensor a = lora.a_KI.requires_grad_(true);
  Tensor bq = lora.parts[0].b_Wr.requires_grad_(true);
  Tensor bv = lora.parts[1].b_Wr.requires_grad_(true);
  // y = W x + s L B (A (R x)), part by part; k is not targeted.
  const Tensor rx = at::mm(fixed.right_II, x.t());
  const Tensor q = at::mm(fixed.left_WW[0], at::mm(bq, at::mm(a.narrow(0, 0, 3), rx)));
  const Tensor v = at::mm(bv, at::mm(a.narrow(0, 3, 3), rx));
  const Tensor want = at::mm(x, w.t()) + 2 * at::cat({q, at::zeros({16, 9}), v}).t();
  const std::vector<LoraRows> all = {{&lora, 0, x.size(0), {}}};
  const Tensor got = GroupLinear(x, w, all);
  EXPECT_LT(Largest(got, want), 1e-5);
  const Tensor dy = Values(got.sizes(), 0.9);
  const auto grads = [&](const Tensor& y) {
    return torch::autograd::grad({(y * dy).sum()}, {x, a, bq, bv});
  };
  const auto got_grads = grads(got), want_grads = grads(want);
  for (size_t i = 0; i < 4; ++i) EXPECT_LT(Largest(got_grads[i], want_grads[i]), 1e-5) << i;
  const at::NoGradGuard no_grad;
  EXPECT_LT(Largest(GroupLinearForward(x, w, all), want), 1e-5);
  for (Tensor t : {a, bq, bv}) t.requires_grad_(false);
}

TEST_F(FixedFactorTest, IdentityFactorsAreLora) {
  const auto adapter = NewAdapter(), plain = NewAdapter();
  for (int64_t l = 0; l < config_.layers; ++l)
    ASSERT_TRUE(adapter->Fix(l, kQkv, {at::eye(32), at::eye(16)}, at::eye(32)).ok());
  EXPECT_LT(Largest(Logits(weights_, adapter.get()), Logits(weights_, plain.get())), 1e-5);
}

TEST_F(FixedFactorTest, AnInitialProductIsTakenOutAndFoldedBack) {
  for (const bool rslora : {false, true}) {
    const auto adapter = NewAdapter(rslora);
    Fix(*adapter);
    const Tensor base = Logits(weights_, nullptr);
    EXPECT_GT(Largest(Logits(weights_, adapter.get()), base), 1e-3);
    adapter->TakeOutInitial(Bases());
    EXPECT_LT(Largest(Logits(weights_, adapter.get()), base), 1e-5);
    for (const auto& [name, leaf] : adapter->Leaves()) leaf.add_(0.03);  // as if trained
    const Tensor want = Logits(weights_, adapter.get());
    EXPECT_GT(Largest(want, base), 1e-4);
    const Adapter::Plain folded = adapter->Fold().value();
    EXPECT_EQ(folded.spec.rank, 6);
    EXPECT_NEAR(LoraScale(folded.spec), LoraScale(adapter->spec()), 1e-12);
    // What PEFT would load gives the same, and so do the merged weights.
    const TempFolder temp;
    ASSERT_TRUE(WriteAdapter(*adapter, temp / "out").ok());
    const auto loaded = ReadAdapter(temp / "out", config_, at::kCPU);
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    EXPECT_LT(Largest(Logits(weights_, loaded->get()), want), 1e-5);
    EXPECT_LT(Largest(Logits(MergeAdapter(weights_, *adapter), nullptr), want), 1e-5);
  }
}

TEST_F(FixedFactorTest, FoldingPlainLoraChangesNothing) {
  const auto adapter = NewAdapter();
  const Adapter::Plain plain = adapter->Fold().value();
  EXPECT_EQ(plain.spec.rank, 3);
  const TensorMap tensors = adapter->ToTensors();
  ASSERT_EQ(plain.tensors.size(), tensors.size());
  for (const auto& [name, tensor] : plain.tensors) EXPECT_TRUE(at::equal(tensor, tensors.at(name)));
}

TEST_F(FixedFactorTest, RefusesFactorsOfOtherShapes) {
  const auto adapter = NewAdapter();
  const std::pair<absl::Status, const char*> table[] = {
      {adapter->Fix(0, kQkv, {Tensor()}, Tensor()), "one for each of 2 targeted linears, got 1"},
      {adapter->Fix(0, kQkv, {at::eye(32), at::eye(32)}, Tensor()),
       "must be [16, 16], got [32, 32]"},
      {adapter->Fix(0, kOut, {Tensor()}, at::eye(5)), "right factor must be [32, 32], got [5, 5]"}};
  for (const auto& [status, message] : table) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_NE(status.message().find(message), absl::string_view::npos) << status;
  }
}

TEST_F(FixedFactorTest, MergedWeightsGiveTheAdaptersLogitsAndLeaveTheBaseAlone) {
  const auto adapter = NewAdapter();
  const TensorMap before = WeightsToTensors(config_, weights_, at::kFloat);
  std::map<std::string, Tensor> copies;
  for (const auto& [name, tensor] : before) copies[name] = tensor.clone();
  const Tensor base = Logits(weights_, nullptr);
  const Weights merged = MergeAdapter(weights_, *adapter);
  EXPECT_LT(Largest(Logits(merged, nullptr), Logits(weights_, adapter.get())), 1e-5);
  EXPECT_GT(Largest(Logits(merged, nullptr), base), 1e-3);
  // Unmerged: the base's own bits.
  EXPECT_TRUE(at::equal(Logits(weights_, nullptr), base));
  for (const auto& [name, tensor] : WeightsToTensors(config_, weights_, at::kFloat))
    EXPECT_TRUE(at::equal(tensor, copies.at(name))) << name;
  EXPECT_TRUE(merged.layers[0].linear[kDown].is_same(weights_.layers[0].linear[kDown]));
}

TEST(SaveMergedTest, AMergedFolderIsAModelOfItsOwn) {
  const TempFolder temp;
  const auto model = TinyModel();
  TrainInputs inputs;
  inputs.rows = TinyRows(16);
  inputs.spec.lora->rank = 4;
  inputs.spec.epochs = 4;
  Recorder run;
  ASSERT_TRUE(model->Train(inputs, temp / "adapter", run).ok());
  const auto adapter = model->LoadAdapter(temp / "adapter").value();
  ASSERT_TRUE(model->Save(temp / "before", Precision::kFloat32).ok());
  ASSERT_TRUE(model->SaveMerged(temp / "merged", *adapter, Precision::kFloat32).ok());
  ASSERT_TRUE(model->Save(temp / "after", Precision::kFloat32).ok());
  EXPECT_EQ(FileHash(temp / "before/model.safetensors"),
            FileHash(temp / "after/model.safetensors"));
  const auto merged = BaseModel::Load(temp / "merged", {});
  ASSERT_TRUE(merged.ok()) << merged.status();
  const auto want = model->Nll(inputs.rows, adapter.get()).value();
  const auto got = (*merged)->Nll(inputs.rows, nullptr).value();
  for (size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(got[i], want[i], 1e-5);
}

}  // namespace
}  // namespace tuneward
