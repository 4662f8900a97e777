#include "worker/serving/decode_queue.h"

#include <gtest/gtest.h>

namespace tuneward {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

DecodeRequest Prompt(TokenId token) {
  DecodeRequest request;
  request.prompt = {token};
  return request;
}

class DecodeQueueTest : public ::testing::Test {
 protected:
  // Answers prompt t with t+1, t+2 and the stop token.
  DecodeQueue::Decode decode_ =
      [this](const DecodeRequest& request,
             const DecodeQueue::OnToken& on_token) -> absl::StatusOr<Generation> {
    clock_.Advance(decode_takes_);
    ++decoded_;
    const TokenId first = request.prompt.at(0);
    if (first < 0) return absl::NotFoundError("no such base");
    Generation generation;
    for (TokenId token : {first + 1, first + 2}) {
      generation.tokens.push_back(token);
      if (!on_token(token)) return generation;
    }
    generation.stopped = true;
    return generation;
  };

  FakeClock clock_;
  milliseconds decode_takes_{100};
  int decoded_ = 0;
};

TEST_F(DecodeQueueTest, GivesEachCallerItsOwnTokensOrError) {
  DecodeQueue queue(clock_, decode_);
  auto good = queue.Submit(Prompt(4)), bad = queue.Submit(Prompt(-1));
  ASSERT_TRUE(good.ok() && bad.ok());
  queue.RunIdle(milliseconds(0));
  const auto piece = (*good)->Next(milliseconds(0));
  ASSERT_TRUE(piece.ok()) << piece.status();
  EXPECT_EQ(piece->tokens, (std::vector<TokenId>{5, 6}));
  EXPECT_TRUE(piece->finished);
  EXPECT_TRUE(piece->stopped);
  EXPECT_TRUE(absl::IsNotFound((*bad)->Next(milliseconds(0)).status()));
}

TEST_F(DecodeQueueTest, AnUnfinishedGenerationGivesAnEmptyPiece) {
  DecodeQueue queue(clock_, decode_);
  auto ticket = queue.Submit(Prompt(4));
  ASSERT_TRUE(ticket.ok());
  const auto piece = (*ticket)->Next(milliseconds(0));
  ASSERT_TRUE(piece.ok());
  EXPECT_TRUE(piece->tokens.empty());
  EXPECT_FALSE(piece->finished);
}

TEST_F(DecodeQueueTest, ACancelledGenerationIsNeverBegun) {
  DecodeQueue queue(clock_, decode_);
  auto ticket = queue.Submit(Prompt(4));
  ASSERT_TRUE(ticket.ok());
  (*ticket)->Cancel();
  queue.RunIdle(milliseconds(0));
  EXPECT_EQ(decoded_, 0);
  EXPECT_TRUE(absl::IsCancelled((*ticket)->Next(milliseconds(0)).status()));
}

TEST_F(DecodeQueueTest, HoldsBackTheSecondDecodeUntilTheTaskHadItsTime) {
  DecodeQueue queue(clock_, decode_, 0.2);
  ASSERT_TRUE(queue.Submit(Prompt(1)).ok() && queue.Submit(Prompt(2)).ok());
  queue.RunBetweenSteps();
  EXPECT_EQ(decoded_, 1);
  clock_.Advance(milliseconds(399));
  queue.RunBetweenSteps();
  EXPECT_EQ(decoded_, 1);
  clock_.Advance(milliseconds(1));
  queue.RunBetweenSteps();
  EXPECT_EQ(decoded_, 2);
}

TEST_F(DecodeQueueTest, TakesAtMostItsShareOfALongTask) {
  DecodeQueue queue(clock_, decode_, 0.2);
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(queue.Submit(Prompt(1)).ok());
  for (int step = 0; step < 200; ++step) {
    clock_.Advance(milliseconds(50));
    queue.RunBetweenSteps();
  }
  const auto total = clock_.Monotonic().time_since_epoch();
  EXPECT_GE(decoded_, 20);
  EXPECT_LE(decoded_ * decode_takes_, total / 5 + decode_takes_);
}

TEST_F(DecodeQueueTest, RefusesMoreThanItsLimit) {
  DecodeQueue queue(clock_, decode_, 0.2, 1);
  ASSERT_TRUE(queue.Submit(Prompt(1)).ok());
  const absl::Status refused = queue.Submit(Prompt(2)).status();
  EXPECT_TRUE(absl::IsResourceExhausted(refused));
  EXPECT_EQ(GetErrorInfo(refused).reason, "OVERLOADED");
  EXPECT_GT(GetErrorInfo(refused).retry_after_ms, 0);
}

TEST_F(DecodeQueueTest, CloseFailsWhatWaitsAndWhatComes) {
  DecodeQueue queue(clock_, decode_);
  auto ticket = queue.Submit(Prompt(1));
  ASSERT_TRUE(ticket.ok());
  queue.Close();
  EXPECT_TRUE(absl::IsUnavailable((*ticket)->Next(milliseconds(0)).status()));
  EXPECT_EQ(GetErrorInfo(queue.Submit(Prompt(2)).status()).reason, "DRAINING");
  EXPECT_EQ(decoded_, 0);
}

TEST_F(DecodeQueueTest, WakeEndsTheIdleWait) {
  DecodeQueue queue(clock_, decode_);
  queue.Wake();
  queue.RunIdle(seconds(600));  // at once, else the test times out
  EXPECT_EQ(decoded_, 0);
}

}  // namespace
}  // namespace tuneward
