#include "worker/engine/early_stop.h"

#include <gtest/gtest.h>

namespace tuneward {
namespace {

TEST(EarlyStopTest, CountsEvaluationsThatAreNotBetterByTheMargin) {
  EarlyStop stop;
  EXPECT_TRUE(stop.See(5, 2.0, 0.1));  // the first is the best so far, whatever it is
  EXPECT_TRUE(stop.See(10, 1.5, 0.1));
  EXPECT_FALSE(stop.See(15, 1.45, 0.1));
  EXPECT_FALSE(stop.See(20, 1.6, 0.1));
  EXPECT_EQ(stop.worse, 2);
  EXPECT_EQ(stop.best_step, 10);
  EXPECT_DOUBLE_EQ(stop.best_loss, 1.5);
  EXPECT_TRUE(stop.See(25, 1.39, 0.1));
  EXPECT_EQ(stop.worse, 0);
  EXPECT_EQ(stop.best_step, 25);
}

TEST(EarlyStopTest, AnEqualLossIsNotBetter) {
  EarlyStop stop;
  EXPECT_TRUE(stop.See(1, 1.0, 0));
  EXPECT_FALSE(stop.See(2, 1.0, 0));
  EXPECT_EQ(stop.worse, 1);
}

}  // namespace
}  // namespace tuneward
