// Rows that share their beginnings against the same rows apart: equal losses and gradients up to
// the rounding of sums, for every family, pairs, bf16 and batches of several adapters.
#include "worker/engine/shared_places.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "tests/unit/worker/engine/gradient_probe.h"
#include "tests/unit/worker/engine/reference_model.h"
#include "tests/unit/worker/engine/tiny_model.h"
#include "worker/engine/evaluation.h"
#include "worker/engine/packed_batch.h"
#include "worker/engine/preference.h"
#include "worker/engine/train_data.h"
#include "worker/engine/trainer.h"

namespace tuneward {
namespace {

using at::Tensor;
using Ints = std::vector<int64_t>;

// Two system prompts of 17 and 5 tokens, a row that has neither, and one that is another's
// beginning as far as its first answer; the last has a second turn.
std::vector<TrainRow> RowsUnderPrompts() {
  std::vector<TrainRow> rows = TinyRows(9);
  for (size_t i = 0; i < rows.size(); ++i) {
    const size_t length = i == 4 ? 0 : i % 3 == 2 ? 5 : 17;
    for (size_t k = 0; k < length; ++k) {
      const auto at = static_cast<std::ptrdiff_t>(k);
      rows[i].tokens.insert(rows[i].tokens.begin() + at, static_cast<TokenId>(5 + k + length));
      rows[i].is_target.insert(rows[i].is_target.begin() + at, false);
    }
  }
  rows[7].tokens = rows[1].tokens;
  rows[7].is_target = rows[1].is_target;
  for (const TokenId token : {9, 11, 6}) {
    rows[7].tokens.push_back(token);
    rows[7].is_target.push_back(token != 9);
  }
  return rows;
}

std::vector<const TrainRow*> Pointers(const std::vector<TrainRow>& rows) {
  std::vector<const TrainRow*> pointers;
  for (const TrainRow& row : rows) pointers.push_back(&row);
  return pointers;
}

struct Result {
  double loss = 0;
  Tensor nll_N;
  std::vector<Tensor> gradients;
};

Result ResultOf(const ReferenceModel& model, const Adapter& adapter, const PackedBatch& batch) {
  const ForwardOut out = model.decoder.Forward(batch, &adapter);
  const LmHead::Loss loss =
      model.decoder.head().Nll(out.at_targets_ND, batch.target_N, batch.weight_N);
  std::vector<Tensor> leaves;
  for (const auto& [name, leaf] : adapter.Leaves()) leaves.push_back(leaf);
  return {loss.total.item<double>(), loss.nll_N, torch::autograd::grad({loss.total}, leaves)};
}

double Largest(const std::vector<Tensor>& tensors) {
  double largest = 0;
  for (const Tensor& tensor : tensors)
    largest = std::max(largest, tensor.abs().max().item<double>());
  return largest;
}

void ExpectNear(const Result& got, const Result& want, double tolerance) {
  EXPECT_NEAR(got.loss, want.loss, tolerance * want.loss);
  EXPECT_LT((got.nll_N - want.nll_N).abs().max().item<double>(), tolerance);
  ASSERT_EQ(got.gradients.size(), want.gradients.size());
  for (size_t i = 0; i < want.gradients.size(); ++i) {
    const double size = want.gradients[i].abs().max().item<double>();
    EXPECT_GT(size, 0) << i;
    EXPECT_LT((got.gradients[i] - want.gradients[i]).abs().max().item<double>(), tolerance * size)
        << i;
  }
}

class SharedPlacesTest : public testing::Test {
 protected:
  void SetUp() override { at::set_num_threads(1); }
};

TEST_F(SharedPlacesTest, ANodeIsWhatStandsAtTheSameTokensBeforeAnyPredictor) {
  std::vector<TrainRow> rows = TinyRows(3);
  rows[0].tokens = {1, 5, 6, 7, 8};
  rows[1].tokens = {1, 5, 6, 7, 8};  // 7 predicts the first target: it stays the row's own
  rows[2].tokens = {1, 5, 9, 7, 8};
  for (TrainRow& row : rows) row.is_target = {false, false, false, false, true};
  const auto pointers = Pointers(rows);
  const PackedBatch batch = Pack(pointers, 1, at::kCPU, Beginnings::kShared);
  ASSERT_TRUE(batch.shared);
  EXPECT_EQ(batch.tokens(), 15);
  EXPECT_EQ(batch.nodes(), 10);
  EXPECT_TRUE(at::equal(batch.tokens_U, at::tensor(Ints{1, 5, 6, 7, 8, 7, 8, 9, 7, 8})));
  EXPECT_EQ(batch.shared->unique_host, (Ints{0, 1, 2, 3, 4, 0, 1, 2, 5, 6, 0, 1, 7, 8, 9}));
  EXPECT_EQ(batch.shared->known_B, (Ints{0, 3, 2}));
  EXPECT_TRUE(at::equal(batch.target_index_N, at::tensor(Ints{3, 5, 8})));
  EXPECT_TRUE(at::equal(batch.target_N, at::tensor(Ints{8, 8, 8})));
  // Too little in common: one of seventeen.
  rows[1].tokens[1] = 4;
  rows[2].tokens = {3, 5, 9, 7, 8, 8, 8};
  rows[2].is_target.resize(7, true);
  const PackedBatch apart = Pack(pointers, 1, at::kCPU, Beginnings::kShared);
  EXPECT_TRUE(apart.shared == nullptr);
  EXPECT_EQ(apart.nodes(), 17);
}

TEST_F(SharedPlacesTest, ANodesGradientIsTheSumOverItsPlaces) {
  const std::vector<TrainRow> rows = RowsUnderPrompts();
  const PackedBatch batch = Pack(Pointers(rows), 1, at::kCPU, Beginnings::kShared);
  ASSERT_TRUE(batch.shared);
  const int64_t places = batch.tokens(), nodes = batch.nodes();
  EXPECT_LT(nodes, places);
  const Tensor x_UC = at::rand({nodes, 3}, at::kDouble).requires_grad_(true);
  const Tensor y_TC = at::rand({places, 3}, at::kDouble).requires_grad_(true);
  const Tensor up_TC = at::rand({places, 3}, at::kDouble),
               up_UC = at::rand({nodes, 3}, at::kDouble);
  const Tensor spread = ToPlaces(x_UC, batch.shared), taken = ToNodes(y_TC, batch.shared);
  EXPECT_TRUE(at::equal(spread, x_UC.index_select(0, batch.shared->unique_T)));
  EXPECT_TRUE(at::equal(ToNodes(spread, batch.shared), x_UC));
  const auto dx = torch::autograd::grad({spread}, {x_UC}, {up_TC})[0];
  const auto dy = torch::autograd::grad({taken}, {y_TC}, {up_UC})[0];
  EXPECT_TRUE(at::allclose(
      dx, at::zeros({nodes, 3}, at::kDouble).index_add(0, batch.shared->unique_T, up_TC)));
  EXPECT_TRUE(at::equal(
      dy, at::zeros({places, 3}, at::kDouble).index_add(0, batch.shared->first_U, up_UC)));
}

TEST_F(SharedPlacesTest, EveryFamilyGivesWhatItGivesApart) {
  const std::vector<TrainRow> rows = RowsUnderPrompts();
  const auto pointers = Pointers(rows);
  for (const char* name :
       {"untied", "tied", "mistral", "gemma2", "gemma3_text", "qwen2", "qwen3"}) {
    SCOPED_TRACE(name);
    const ReferenceModel model(name);
    const auto adapter = model.NewAdapter({4, 8}, 1);
    const PackedBatch shared = Pack(pointers, 0.02, at::kCPU, Beginnings::kShared);
    ASSERT_TRUE(shared.shared);
    ExpectNear(ResultOf(model, *adapter, shared),
               ResultOf(model, *adapter, Pack(pointers, 0.02, at::kCPU)), 1e-5);
  }
  const ReferenceModel half("untied", at::kBFloat16);
  const auto adapter = half.NewAdapter({4, 8}, 1);
  ExpectNear(ResultOf(half, *adapter, Pack(pointers, 0.02, at::kCPU, Beginnings::kShared)),
             ResultOf(half, *adapter, Pack(pointers, 0.02, at::kCPU)), 4e-2);
}

// Sharing, apart and sharing again in one pass, each with its own adapter.
TEST_F(SharedPlacesTest, BatchesInOnePassGiveWhatEachGivesAlone) {
  const ReferenceModel model("qwen3");
  const std::vector<TrainRow> rows = RowsUnderPrompts();
  std::vector<TrainRow> others = TinyRows(5, 8);
  for (size_t i = 0; i < others.size(); ++i) others[i].tokens[0] = static_cast<TokenId>(3 + i);
  const std::vector<PackedBatch> batches = {
      Pack(Pointers(rows), 0.02, at::kCPU, Beginnings::kShared),
      Pack(Pointers(others), 0.02, at::kCPU, Beginnings::kShared),
      Pack(Pointers(rows), 0.01, at::kCPU, Beginnings::kShared)};
  ASSERT_TRUE(batches[0].shared && !batches[1].shared);
  std::vector<std::unique_ptr<Adapter>> adapters;
  std::vector<ForwardPart> parts;
  for (const PackedBatch& batch : batches) {
    adapters.push_back(model.NewAdapter({4, 8}, adapters.size() + 1));
    parts.push_back({&batch, adapters.back().get(), {}});
  }
  for (const bool recompute : {false, true}) {
    const std::vector<ForwardOut> outs = model.decoder.ForwardTogether(parts, recompute);
    for (size_t i = 0; i < batches.size(); ++i) {
      const LmHead::Loss loss =
          model.decoder.head().Nll(outs[i].at_targets_ND, batches[i].target_N, batches[i].weight_N);
      std::vector<Tensor> leaves;
      for (const auto& [name, leaf] : adapters[i]->Leaves()) leaves.push_back(leaf);
      const Result got{loss.total.item<double>(), loss.nll_N,
                       torch::autograd::grad({loss.total}, leaves, {}, /*retain_graph=*/true)};
      ExpectNear(got, ResultOf(model, *adapters[i], batches[i]), 1e-5);
    }
  }
}

// A prompt of very many rows: in bf16 a running sum would stop growing.
TEST_F(SharedPlacesTest, SumsOverManyPlacesAreTakenInFp32) {
  std::vector<TrainRow> rows = TinyRows(200);
  for (TrainRow& row : rows) row.tokens[1] = 5;
  const PackedBatch batch = Pack(Pointers(rows), 1, at::kCPU, Beginnings::kShared);
  ASSERT_TRUE(batch.shared);
  const Tensor x_UC = at::zeros({batch.nodes(), 3}, at::kBFloat16).requires_grad_(true);
  const Tensor up_TC = at::full({batch.tokens(), 3}, 1.3, at::kBFloat16);
  const Tensor dx = torch::autograd::grad({ToPlaces(x_UC, batch.shared)}, {x_UC}, {up_TC})[0][0][0];
  EXPECT_NEAR(dx.item<double>(), 200 * up_TC[0][0].item<double>(), 1);
}

// Plain LoRA shares, dropout and whole models do not.
TEST_F(SharedPlacesTest, TrainingsShareWhereTheyMay) {
  const ReferenceModel model("untied");
  TrainInputs inputs;
  inputs.rows = RowsUnderPrompts();
  for (const TrainRow& row : RowsUnderPrompts()) {
    inputs.rows.push_back(row);
    inputs.rows.back().source = 1;
  }
  inputs.spec.batch_size = 18;
  inputs.spec.max_steps = 1;
  inputs.manifest_sha = "0011";
  const auto probe_of = [&](const TrainSpec& spec) {
    inputs.spec = spec;
    const ReferenceModel fresh("untied");  // a whole model's training changes it
    const auto adapter = spec.lora ? model.NewAdapter({4, 8}, 3) : nullptr;
    GradientProbe probe;
    Recorder run;
    const auto outcome = RunTraining(fresh.decoder, adapter.get(), inputs, "", probe, run);
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    EXPECT_TRUE(outcome.ok() && outcome->tokens == probe.tokens);
    return std::pair(probe.nodes, probe.tokens);
  };
  const auto [nodes, tokens] = probe_of(inputs.spec);
  EXPECT_LT(2 * nodes, tokens);  // each row is there twice
  TrainSpec dropout = inputs.spec;
  dropout.lora->dropout = 0.1;
  EXPECT_EQ(probe_of(dropout), (std::pair{tokens, tokens}));
  TrainSpec whole = inputs.spec;
  whole.lora.reset();
  EXPECT_EQ(probe_of(whole), (std::pair{tokens, tokens}));
}

TEST_F(SharedPlacesTest, AnEvaluationIsThatOfRowsApart) {
  const ReferenceModel model("untied");
  const auto adapter = model.NewAdapter({4, 8}, 2);
  TrainInputs inputs;
  inputs.eval_rows = RowsUnderPrompts();
  const at::NoGradGuard no_grad;
  const PackedBatch apart = Pack(Pointers(inputs.eval_rows), 1, at::kCPU);
  const ForwardOut out = model.decoder.Forward(apart, adapter.get());
  const double mean = model.decoder.head()
                          .Nll(out.at_targets_ND, apart.target_N, apart.weight_N)
                          .nll_N.mean()
                          .item<double>();
  EXPECT_NEAR(Evaluate(model.decoder, adapter.get(), inputs, 8192).loss, mean, 1e-5 * mean);
}

// Pairs share their prompts; recomputation changes no bit.
TEST_F(SharedPlacesTest, PairsGiveWhatTheyGiveApart) {
  const ReferenceModel model("gemma2");
  TrainInputs inputs;
  for (const TrainRow& row : RowsUnderPrompts()) {
    inputs.rows.push_back(row);
    inputs.rows.push_back(row);
    inputs.rows.back().tokens.back() = 7;
  }
  inputs.spec.method = Method::kDpo;
  inputs.spec.batch_size = 9;
  inputs.spec.max_steps = 1;
  inputs.manifest_sha = "0011";
  const auto gradient = [&](bool recompute) {
    inputs.spec.recompute = recompute;
    const auto adapter = model.NewAdapter({4, 8}, 3);
    GradientProbe probe;
    Recorder run;
    const auto outcome = RunTraining(model.decoder, adapter.get(), inputs, "", probe, run);
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    EXPECT_LT(probe.nodes, probe.tokens);
    return probe.seen.tensors();
  };
  const std::vector<Tensor> shared = gradient(false), again = gradient(true);
  EXPECT_GT(Largest(shared), 0);
  for (size_t i = 0; i < shared.size(); ++i) EXPECT_TRUE(at::equal(shared[i], again[i])) << i;

  // The same pairs packed apart.
  const auto adapter = model.NewAdapter({4, 8}, 3);
  PackedBatch apart = PackPairs(Pointers(inputs.rows), inputs.spec.dpo_beta, 1.0 / 9, at::kCPU);
  AttachReference(model.decoder, apart);
  const LmHead::Loss loss =
      DpoLoss(apart, model.decoder.Forward(apart, adapter.get()), model.decoder.head());
  std::vector<Tensor> leaves;
  for (const auto& [name, leaf] : adapter->Leaves()) leaves.push_back(leaf);
  const std::vector<Tensor> want = torch::autograd::grad({loss.total}, leaves);
  for (size_t i = 0; i < want.size(); ++i)
    EXPECT_LT((shared[i] - want[i]).abs().max().item<double>(), 1e-5 * Largest(want)) << i;
}

}  // namespace
}  // namespace tuneward
