#include "worker/engine/memory_estimate.h"

#include <gtest/gtest.h>

namespace tuneward {
namespace {

ModelConfig Shape() {
  ModelConfig c;
  c.layers = 4;
  c.hidden = 256;
  c.heads = 8;
  c.kv_heads = 4;
  c.head_dim = 32;
  c.intermediate = 688;
  c.vocab = 4096;
  c.context = 512;
  return c;
}

TEST(MemoryEstimateTest, GrowsWithWhatTakesMemory) {
  const TrainSpec plain;
  const MemoryNeed base = EstimateTraining(Shape(), plain, Precision::kFloat32);
  ModelConfig deeper = Shape();
  deeper.layers = 8;
  const MemoryNeed deep = EstimateTraining(deeper, plain, Precision::kFloat32);
  EXPECT_GT(deep.per_token, 3 * base.per_token / 2);
  ModelConfig normed = Shape();
  normed.branch_norms = normed.qk_norm = true;
  EXPECT_GT(EstimateTraining(normed, plain, Precision::kFloat32).per_token, base.per_token);
  TrainSpec again = plain;
  again.recompute = true;
  const MemoryNeed less = EstimateTraining(deeper, again, Precision::kFloat32);
  EXPECT_LT(less.per_token, deep.per_token / 2);
  // A layer more costs what goes into it alone, h and its norm, and a fifth for holes in the heap.
  EXPECT_NEAR(static_cast<double>(less.per_token -
                                  EstimateTraining(Shape(), again, Precision::kFloat32).per_token),
              1.2 * 4 * 4 * 2 * 256, 2);
  TrainSpec wide = plain;
  wide.lora->rank = 64;
  EXPECT_GT(EstimateTraining(Shape(), wide, Precision::kFloat32).fixed, base.fixed);
  TrainSpec stops = plain;
  stops.patience = 2;
  EXPECT_GT(EstimateTraining(Shape(), stops, Precision::kFloat32).fixed, base.fixed);
  TrainSpec whole = plain;
  whole.lora.reset();
  // Two gradients and two moments of each of the model's 5.2 million parameters.
  EXPECT_GT(EstimateTraining(Shape(), whole, Precision::kFloat32).fixed, base.fixed + 60'000'000);
  EXPECT_LT(EstimateTraining(Shape(), plain, Precision::kBFloat16).per_token,
            6 * base.per_token / 10);
}

TEST(MemoryEstimateTest, TheVocabularyCostsNothingPerToken) {
  ModelConfig large = Shape();
  large.vocab = 128000;
  EXPECT_EQ(EstimateTraining(large, {}, Precision::kFloat32).per_token,
            EstimateTraining(Shape(), {}, Precision::kFloat32).per_token);
}

TEST(MemoryEstimateTest, AMicroBatchShrinksToWhatFits) {
  const MemoryNeed need{1000, 10};
  EXPECT_EQ(*FitMicroBatch(need, 500, 100, 6000), 500);
  EXPECT_EQ(*FitMicroBatch(need, 500, 100, 5990), 499);
  EXPECT_EQ(*FitMicroBatch(need, 500, 100, 2000), 100);
  EXPECT_EQ(*FitMicroBatch(need, 50, 100, 2000), 100);  // a longer row stands alone
}

TEST(MemoryEstimateTest, BelowTheLongestRowItIsRefusedWithTheFigures) {
  const MemoryNeed need{int64_t{30} << 20, int64_t{1} << 20};
  const absl::Status status = FitMicroBatch(need, 500, 100, int64_t{129} << 20).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  for (const char* part : {"out of memory", "130 MiB", "129 MiB", "100 tokens"})
    EXPECT_NE(status.message().find(part), absl::string_view::npos) << status;
}

}  // namespace
}  // namespace tuneward
