#include "core/base/status.h"

#include <gtest/gtest.h>

namespace tuneward {
namespace {

TEST(ErrorInfoTest, TravelsWithTheStatus) {
  const absl::Status status = MakeError(absl::StatusCode::kFailedPrecondition, "BAD_STATE",
                                        "the job is done", {{"state", "SUCCEEDED"}});
  EXPECT_EQ(status.message(), "the job is done");
  EXPECT_EQ(GetErrorInfo(status).reason, "BAD_STATE");
  EXPECT_EQ(GetErrorInfo(status).metadata.at("state"), "SUCCEEDED");
  EXPECT_EQ(GetErrorInfo(absl::InternalError("x")).reason, "");
}

TEST(ErrorInfoTest, SurvivesBytesThatAreNotUtf8) {
  EXPECT_EQ(GetErrorInfo(MakeError(absl::StatusCode::kInvalidArgument, "INVALID_FIELD", "x",
                                   {{"got", "\xff"}}))
                .reason,
            "INVALID_FIELD");
}

TEST(ViolationsTest, NamesTheFirstAndCountsTheRest) {
  Violations problems;
  EXPECT_TRUE(problems.ToStatus().ok());
  problems.Add("rank", "must be in [1, 256], got 0");
  problems.Add("alpha", "must be positive, got -1");
  const absl::Status status = problems.ToStatus();
  EXPECT_EQ(status.message(), "rank: must be in [1, 256], got 0 (and 1 more)");
  EXPECT_EQ(GetErrorInfo(status).violations.size(), 2u);
}

}  // namespace
}  // namespace tuneward
