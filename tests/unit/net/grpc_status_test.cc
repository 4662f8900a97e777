#include "net/grpc_status.h"

#include <gtest/gtest.h>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace tuneward {
namespace {

TEST(GrpcStatusTest, KeepsEveryDetailWhenSentAndReceived) {
  const absl::Status sent = MakeError(absl::StatusCode::kInvalidArgument, "2 fields are wrong",
                                      ErrorInfo{"INVALID_FIELD",
                                                {{"limit", "10"}},
                                                {{"job.suffix", "too long"}, {"job.seed", "-1"}},
                                                1500});
  const absl::Status received = FromGrpcStatus(ToGrpcStatus(sent));
  EXPECT_EQ(received.code(), sent.code());
  EXPECT_EQ(received.message(), sent.message());
  const ErrorInfo info = GetErrorInfo(received);
  EXPECT_EQ(info.reason, "INVALID_FIELD");
  EXPECT_EQ(info.metadata, (std::map<std::string, std::string>{{"limit", "10"}}));
  EXPECT_EQ(info.violations,
            (std::vector<FieldViolation>{{"job.suffix", "too long"}, {"job.seed", "-1"}}));
  EXPECT_EQ(info.retry_after_ms, 1500);
}

TEST(GrpcStatusTest, NamesOurDomainForOtherClients) {
  const grpc::Status sent =
      ToGrpcStatus(MakeError(absl::StatusCode::kNotFound, "NOT_FOUND", "no such job"));
  google::rpc::Status rpc;
  ASSERT_TRUE(rpc.ParseFromString(sent.error_details()));
  ASSERT_EQ(rpc.details_size(), 1);
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(rpc.details(0).UnpackTo(&info));
  EXPECT_EQ(info.domain(), "tuneward");
  EXPECT_EQ(rpc.code(), 5);
}

TEST(GrpcStatusTest, HidesTheTextOfInternalErrors) {
  const grpc::Status sent = ToGrpcStatus(absl::InternalError("/var/lib/tuneward/blobs: I/O error"));
  EXPECT_EQ(sent.error_code(), grpc::StatusCode::INTERNAL);
  EXPECT_EQ(sent.error_message().find("/var"), std::string::npos);
}

TEST(GrpcStatusTest, TellsOnlyWhatHasAReason) {
  const absl::Status ours[] = {
      absl::NotFoundError("/var/lib/tuneward/blobs/ab: No such file or directory"),
      absl::DataLossError("blob below /var/lib/tuneward was damaged"),
      absl::FailedPreconditionError("database error 23503: table \"jobs\"")};
  for (const absl::Status& status : ours) {
    const grpc::Status sent = ToGrpcStatus(HideInternals(status));
    EXPECT_EQ(sent.error_code(), grpc::StatusCode::INTERNAL) << status;
    EXPECT_EQ(sent.error_message(), "internal error; the server's log has the details");
  }
  const absl::Status full = HideInternals(absl::ResourceExhaustedError("/var/blobs: disk full"));
  EXPECT_EQ(full.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(full.message().find("/var"), absl::string_view::npos);
  const absl::Status away = HideInternals(MakeError(absl::StatusCode::kUnavailable,
                                                    "could not connect to 10.0.0.5 as tuneward_app",
                                                    ErrorInfo{"STORE_UNAVAILABLE", {}, {}, 1000}));
  EXPECT_EQ(away.message().find("10.0.0.5"), absl::string_view::npos);
  EXPECT_EQ(GetErrorInfo(away).reason, "STORE_UNAVAILABLE");
  EXPECT_EQ(GetErrorInfo(away).retry_after_ms, 1000);
  const absl::Status theirs = MakeError(absl::StatusCode::kNotFound, "NOT_FOUND", "no file \"f\"");
  EXPECT_EQ(HideInternals(theirs), theirs);
  EXPECT_EQ(HideInternals(absl::CancelledError("gone")), absl::CancelledError("gone"));
}

TEST(GrpcStatusTest, StaysWithinATrailerWhateverTheTexts) {
  ErrorInfo many{"INVALID_FILE", {{"reasons", std::string(5000, 'r')}}, {}, 0};
  for (int i = 0; i < 20; ++i)
    many.violations.push_back({"training_file.lines[1]", std::string(400, 'x')});
  std::string message;
  for (int i = 0; i < 1000; ++i) message += "\xc3\xa9";
  const grpc::Status sent =
      ToGrpcStatus(MakeError(absl::StatusCode::kInvalidArgument, message, many));
  EXPECT_LT(sent.error_message().size() * 3 + sent.error_details().size() * 4 / 3, 8000u);
  const absl::Status received = FromGrpcStatus(sent);
  EXPECT_EQ(GetErrorInfo(received).violations.size(), 6u);
  EXPECT_EQ(received.message().substr(598, 5), "\xc3\xa9...");  // cut between two characters
}

TEST(GrpcStatusTest, ReadsAStatusOfAnotherServerWithoutDetails) {
  const absl::Status status = FromGrpcStatus({grpc::StatusCode::UNAVAILABLE, "connection refused"});
  EXPECT_EQ(status, absl::UnavailableError("connection refused"));
  EXPECT_EQ(GetErrorInfo(status).reason, "");
}

}  // namespace
}  // namespace tuneward
