#include "worker/engine/schedule.h"

#include <gtest/gtest.h>

#include <cmath>

namespace tuneward {
namespace {

TEST(ScheduleTest, CosineFallsFromTheRateToZero) {
  TrainSpec spec;
  spec.learning_rate = 2;
  EXPECT_DOUBLE_EQ(LearningRate(spec, 1, 4), 2);
  EXPECT_NEAR(LearningRate(spec, 3, 4), 1, 1e-12);
  EXPECT_NEAR(LearningRate(spec, 4, 4), 1 - std::sqrt(0.5), 1e-12);
}

TEST(ScheduleTest, WarmUpRisesFromZero) {
  TrainSpec spec;
  spec.learning_rate = 1;
  spec.warmup_steps = 4;
  EXPECT_DOUBLE_EQ(LearningRate(spec, 1, 8), 0);
  EXPECT_DOUBLE_EQ(LearningRate(spec, 3, 8), 0.5);
  EXPECT_DOUBLE_EQ(LearningRate(spec, 5, 8), 1);
  spec.schedule = Schedule::kConstant;
  EXPECT_DOUBLE_EQ(LearningRate(spec, 8, 8), 1);
}

TEST(ScheduleTest, LinearFallsFromTheRateToZero) {
  TrainSpec spec;
  spec.learning_rate = 2;
  spec.schedule = Schedule::kLinear;
  EXPECT_DOUBLE_EQ(LearningRate(spec, 1, 4), 2);
  EXPECT_DOUBLE_EQ(LearningRate(spec, 2, 4), 1.5);
  EXPECT_DOUBLE_EQ(LearningRate(spec, 4, 4), 0.5);
  spec.warmup_steps = 2;
  EXPECT_DOUBLE_EQ(LearningRate(spec, 2, 4), 1);
  EXPECT_DOUBLE_EQ(LearningRate(spec, 3, 4), 2);
  EXPECT_DOUBLE_EQ(LearningRate(spec, 4, 4), 1);
}

TEST(ScheduleTest, AWarmUpRatioIsRoundedUpAndYieldsToSteps) {
  TrainSpec spec;
  spec.warmup_ratio = 0.1;
  EXPECT_EQ(WarmUpSteps(spec, 30), 3);
  EXPECT_EQ(WarmUpSteps(spec, 31), 4);
  EXPECT_EQ(WarmUpSteps(spec, 1), 1);
  spec.learning_rate = 1;
  spec.schedule = Schedule::kConstant;
  EXPECT_DOUBLE_EQ(LearningRate(spec, 3, 40), 0.5);
  spec.warmup_steps = 5;
  EXPECT_EQ(WarmUpSteps(spec, 30), 5);
}

TEST(ScheduleTest, CountsStepsPerEpochAndCutsThem) {
  TrainSpec spec;
  spec.batch_size = 16;
  spec.epochs = 3;
  EXPECT_EQ(TotalSteps(spec, 33), 9);
  EXPECT_EQ(TotalSteps(spec, 32), 6);
  spec.max_steps = 4;
  EXPECT_EQ(TotalSteps(spec, 33), 4);
}

}  // namespace
}  // namespace tuneward
