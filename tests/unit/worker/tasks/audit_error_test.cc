#include <gtest/gtest.h>

#include "worker/tasks/audit_task.h"

namespace tuneward {
namespace {

TEST(AuditErrorTest, TellsAClientWhatIsItsFilesAndNothingOfOurs) {
  EXPECT_EQ(AuditErrorOf(MakeError(absl::StatusCode::kFailedPrecondition, "LIMIT_EXCEEDED",
                                   "prompt harm/1 in the user's format 0 takes too many tokens")),
            "prompt harm/1 in the user's format 0 takes too many tokens");
  const std::string ours =
      AuditErrorOf(absl::DataLossError("blob ab below /var/lib/tuneward was damaged"));
  EXPECT_EQ(ours.find("/var"), std::string::npos);
  EXPECT_FALSE(ours.empty());
}

}  // namespace
}  // namespace tuneward
