#include "worker/serving/decode_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace tuneward {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

DecodeRequest Prompt(TokenId token, const std::string& base = "base", int tokens = 2) {
  DecodeRequest request;
  request.base_tree = base;
  request.prompt = {token};
  request.sampling.max_new_tokens = tokens;
  return request;
}

// What the fake batches of a test did, in order.
struct World {
  FakeClock clock;
  milliseconds step_takes{100};
  size_t room = 1000;
  absl::Status step_fails;
  std::vector<std::string> opened;
  std::vector<std::vector<TokenId>> steps;  // the rows of each, by their prompts
};

// Answers prompt t with t+1, t+2, ... , the last of max_new_tokens followed by a stop token.
class FakeBatch final : public DecodeBatch {
 public:
  explicit FakeBatch(World& world) : world_(world) {}
  absl::StatusOr<bool> Add(const DecodeRequest& request, OnToken on_token, OnEnd on_end) override {
    if (request.prompt[0] < 0) return absl::NotFoundError("no such adapter");
    if (rows_.size() >= world_.room) return false;
    rows_.push_back({request.prompt[0], request.sampling.max_new_tokens, std::move(on_token),
                     std::move(on_end)});
    return true;
  }
  size_t rows() const override { return rows_.size(); }
  absl::Status Step() override {
    world_.clock.Advance(world_.step_takes);
    if (!world_.step_fails.ok()) return world_.step_fails;
    std::vector<TokenId>& step = world_.steps.emplace_back();
    std::vector<Row> going;
    for (Row& row : rows_) {
      step.push_back(row.prompt);
      Generation& made = row.made;
      made.tokens.push_back(row.prompt + 1 + static_cast<TokenId>(made.tokens.size()));
      const bool goes_on = row.on_token(made.tokens.back());
      made.stopped = goes_on && static_cast<int>(made.tokens.size()) == row.most;
      if (goes_on && !made.stopped)
        going.push_back(std::move(row));
      else
        row.on_end(made);
    }
    rows_ = std::move(going);
    return absl::OkStatus();
  }

 private:
  struct Row {
    TokenId prompt;
    int most;
    OnToken on_token;
    OnEnd on_end;
    Generation made = {};
  };
  World& world_;
  std::vector<Row> rows_;
};

class DecodeQueueTest : public ::testing::Test {
 protected:
  DecodeQueue Queue(const DecodeLimits& limits = {}) {
    return DecodeQueue(
        world_.clock,
        [this](const std::string& base) -> absl::StatusOr<std::unique_ptr<DecodeBatch>> {
          world_.opened.push_back(base);
          if (base == "none") return absl::NotFoundError("no such base");
          return std::make_unique<FakeBatch>(world_);
        },
        limits, [this](size_t rows) { told_.push_back(rows); });
  }
  // As the models' thread without a task does.
  static void Run(DecodeQueue& queue, int calls) {
    for (int i = 0; i < calls; ++i) queue.RunIdle(milliseconds(0));
  }
  World world_;
  std::vector<size_t> told_;
};

TEST_F(DecodeQueueTest, GivesEachCallerItsOwnTokensOrError) {
  DecodeQueue queue = Queue();
  auto good = queue.Submit(Prompt(4)), bad = queue.Submit(Prompt(-1)),
       lost = queue.Submit(Prompt(1, "none")), other = queue.Submit(Prompt(8));
  ASSERT_TRUE(good.ok() && bad.ok() && lost.ok() && other.ok());
  Run(queue, 3);
  for (const auto& [ticket, want] : {std::pair(*good, 4), std::pair(*other, 8)}) {
    const auto piece = ticket->Next(milliseconds(0));
    ASSERT_TRUE(piece.ok()) << piece.status();
    EXPECT_EQ(piece->tokens, (std::vector<TokenId>{want + 1, want + 2}));
    EXPECT_TRUE(piece->finished);
    EXPECT_TRUE(piece->stopped);
  }
  EXPECT_TRUE(absl::IsNotFound((*bad)->Next(milliseconds(0)).status()));
  EXPECT_TRUE(absl::IsNotFound((*lost)->Next(milliseconds(0)).status()));
}

TEST_F(DecodeQueueTest, DecodesWhatWaitsTogetherAndLetsLaterOnesJoin) {
  DecodeQueue queue = Queue();
  auto first = queue.Submit(Prompt(10, "base", 3)), second = queue.Submit(Prompt(20, "base", 1));
  Run(queue, 1);
  // The second one's end is told at once, not with the batch's.
  EXPECT_TRUE((*second)->Next(milliseconds(0))->finished);
  EXPECT_FALSE((*first)->Next(milliseconds(0))->finished);
  auto third = queue.Submit(Prompt(30, "base", 2));
  Run(queue, 2);
  EXPECT_EQ(world_.steps, (std::vector<std::vector<TokenId>>{{10, 20}, {10, 30}, {10, 30}}));
  EXPECT_EQ(told_, (std::vector<size_t>{2, 2, 2}));
  EXPECT_EQ(world_.opened.size(), 1u);
  EXPECT_TRUE((*first)->Next(milliseconds(0))->finished);
  EXPECT_EQ((*third)->Next(milliseconds(0))->tokens, (std::vector<TokenId>{31, 32}));
}

TEST_F(DecodeQueueTest, TheOldestOnesBaseDecidesAndNobodyStarves) {
  DecodeQueue queue = Queue();
  std::vector<std::shared_ptr<DecodeTicket>> tickets;
  for (const auto& [token, base] :
       std::vector<std::pair<TokenId, std::string>>{{10, "a"}, {20, "b"}, {30, "a"}, {40, "b"}})
    tickets.push_back(queue.Submit(Prompt(token, base)).value());
  Run(queue, 1);
  // More of base a come all the time; b, which waits, gets its turn when those that run are done.
  for (int i = 0; i < 5; ++i) {
    tickets.push_back(queue.Submit(Prompt(50 + 10 * i, "a")).value());
    Run(queue, 1);
  }
  EXPECT_EQ(world_.opened, (std::vector<std::string>{"a", "b", "a"}));
  EXPECT_EQ(world_.steps[0], (std::vector<TokenId>{10, 30}));
  EXPECT_EQ(world_.steps[1], (std::vector<TokenId>{10, 30}));
  EXPECT_EQ(world_.steps[2], (std::vector<TokenId>{20, 40}));
  EXPECT_EQ(world_.steps[4], (std::vector<TokenId>{50, 60, 70, 80}));
}

TEST_F(DecodeQueueTest, TakesAsManyAsItsLimitAndAsHaveRoomInOrder) {
  DecodeLimits limits;
  limits.together = 3;
  DecodeQueue queue = Queue(limits);
  for (int i = 1; i <= 5; ++i) ASSERT_TRUE(queue.Submit(Prompt(10 * i, "base", i)).ok());
  Run(queue, 1);
  world_.room = 2;  // the rows that run have taken more of the cache
  Run(queue, 3);
  EXPECT_EQ(world_.steps,
            (std::vector<std::vector<TokenId>>{{10, 20, 30}, {20, 30}, {30, 40}, {40, 50}}));
}

TEST_F(DecodeQueueTest, AnUnfinishedGenerationGivesAnEmptyPiece) {
  DecodeQueue queue = Queue();
  auto ticket = queue.Submit(Prompt(4));
  ASSERT_TRUE(ticket.ok());
  const auto piece = (*ticket)->Next(milliseconds(0));
  ASSERT_TRUE(piece.ok());
  EXPECT_TRUE(piece->tokens.empty());
  EXPECT_FALSE(piece->finished);
}

TEST_F(DecodeQueueTest, ACancelledGenerationIsNeverBegun) {
  DecodeQueue queue = Queue();
  auto ticket = queue.Submit(Prompt(4));
  ASSERT_TRUE(ticket.ok());
  (*ticket)->Cancel();
  Run(queue, 1);
  EXPECT_TRUE(world_.opened.empty());
  EXPECT_TRUE(absl::IsCancelled((*ticket)->Next(milliseconds(0)).status()));
}

TEST_F(DecodeQueueTest, CancellingEndsThatRowAlone) {
  DecodeQueue queue = Queue();
  auto gone = queue.Submit(Prompt(10, "base", 9)), stays = queue.Submit(Prompt(20, "base", 4));
  Run(queue, 1);
  (*gone)->Cancel();
  Run(queue, 3);
  EXPECT_EQ(world_.steps, (std::vector<std::vector<TokenId>>{{10, 20}, {10, 20}, {20}, {20}}));
  EXPECT_EQ((*stays)->Next(milliseconds(0))->tokens.size(), 4u);
}

TEST_F(DecodeQueueTest, AStepThatFailsFailsThoseThatRanAndNoOther) {
  DecodeQueue queue = Queue();
  auto ran = queue.Submit(Prompt(10)), waits = queue.Submit(Prompt(20, "other"));
  world_.step_fails = absl::ResourceExhaustedError("out of memory");
  Run(queue, 1);
  world_.step_fails = absl::OkStatus();
  Run(queue, 2);
  EXPECT_TRUE(absl::IsResourceExhausted((*ran)->Next(milliseconds(0)).status()));
  EXPECT_TRUE((*waits)->Next(milliseconds(0))->finished);
}

TEST_F(DecodeQueueTest, ATaskEarnsTimeForChatsAndAnOverlongStepIsOwed) {
  DecodeQueue queue = Queue();
  queue.RunIdle(milliseconds(0));  // the task begins
  auto ticket = queue.Submit(Prompt(1, "base", 100));
  ASSERT_TRUE(ticket.ok());
  const auto steps_after = [&](milliseconds of_task) {
    world_.clock.Advance(of_task);
    queue.RunBetweenSteps();
    return world_.steps.size();
  };
  EXPECT_EQ(steps_after(milliseconds(4)), 1u);    // 1 ms earned, 100 taken
  EXPECT_EQ(steps_after(milliseconds(396)), 1u);  // even
  EXPECT_EQ(steps_after(milliseconds(1)), 2u);
  EXPECT_EQ(steps_after(milliseconds(4000)), 12u);  // 900.25 ms: a slice has several steps
  EXPECT_EQ(steps_after(seconds(3600)), 22u);       // a quiet hour earns a second
}

TEST_F(DecodeQueueTest, TakesAtMostItsShareOfALongTask) {
  for (const int step_ms : {7, 50, 900}) {
    DecodeQueue queue = Queue();
    queue.RunIdle(milliseconds(0));
    const auto began = world_.clock.Monotonic();
    const size_t before = world_.steps.size();
    std::vector<std::shared_ptr<DecodeTicket>> tickets;
    for (int step = 0; step < 400; ++step) {
      if (step % 8 == 0) tickets.push_back(queue.Submit(Prompt(1, "base", 20)).value());
      world_.clock.Advance(milliseconds(step_ms));
      queue.RunBetweenSteps();
    }
    const auto total = world_.clock.Monotonic() - began;
    const auto decoded = (world_.steps.size() - before) * world_.step_takes;
    EXPECT_LE(decoded, total / 5 + world_.step_takes) << step_ms;
    EXPECT_GE(decoded, total / 6) << step_ms;
  }
}

TEST_F(DecodeQueueTest, RefusesMoreThanItsLimit) {
  DecodeLimits limits;
  limits.waiting = 1;
  DecodeQueue queue = Queue(limits);
  ASSERT_TRUE(queue.Submit(Prompt(1)).ok());
  const absl::Status refused = queue.Submit(Prompt(2)).status();
  EXPECT_TRUE(absl::IsResourceExhausted(refused));
  EXPECT_EQ(GetErrorInfo(refused).reason, "OVERLOADED");
  EXPECT_GT(GetErrorInfo(refused).retry_after_ms, 0);
}

TEST_F(DecodeQueueTest, CloseFailsWhatWaitsAndWhatComesAndLetsFinishWhatRuns) {
  DecodeQueue queue = Queue();
  auto quick = queue.Submit(Prompt(1, "base", 4)), slow = queue.Submit(Prompt(2, "base", 99));
  Run(queue, 1);
  auto waits = queue.Submit(Prompt(3));
  queue.Close();
  EXPECT_TRUE(absl::IsUnavailable((*waits)->Next(milliseconds(0)).status()));
  EXPECT_EQ(GetErrorInfo(queue.Submit(Prompt(2)).status()).reason, "DRAINING");
  queue.FinishRunning(seconds(1));
  EXPECT_TRUE((*quick)->Next(milliseconds(0))->finished);
  EXPECT_EQ((*slow)->Next(milliseconds(0))->tokens.size(), 11u);
  EXPECT_EQ(GetErrorInfo((*slow)->Next(milliseconds(0)).status()).reason, "DRAINING");
}

TEST_F(DecodeQueueTest, WakeEndsTheIdleWait) {
  DecodeQueue queue = Queue();
  queue.Wake();
  queue.RunIdle(seconds(600));  // at once, else the test times out
  EXPECT_TRUE(world_.opened.empty());
}

TEST_F(DecodeQueueTest, ChatsDoNotKeepTheThreadFromLookingForTasks) {
  DecodeQueue queue = Queue();
  auto ticket = queue.Submit(Prompt(1, "base", 1000));
  ASSERT_TRUE(ticket.ok());
  queue.RunIdle(seconds(1));
  EXPECT_EQ(world_.steps.size(), 10u);
  queue.Wake();  // a task is there
  queue.RunIdle(seconds(1));
  EXPECT_EQ(world_.steps.size(), 10u);
}

TEST_F(DecodeQueueTest, CallersOnManyThreadsGetWhatTheyAskedFor) {
  DecodeLimits limits;
  limits.waiting = 1000;
  DecodeQueue queue = Queue(limits);
  std::vector<std::thread> callers;
  std::atomic<int> right{0}, left{20};
  for (int caller = 0; caller < 20; ++caller)
    callers.emplace_back([&, caller] {
      for (int n = 0; n < 20; ++n) {
        const TokenId token = caller * 100 + n;
        const auto ticket = queue.Submit(Prompt(token, n % 3 == 0 ? "a" : "b", 1 + n % 4)).value();
        std::vector<TokenId> got, want;
        for (int t = 0; t < 1 + n % 4; ++t) want.push_back(token + 1 + t);
        for (bool done = false; !done;) {
          const auto piece = ticket->Next(milliseconds(1000)).value();
          got.insert(got.end(), piece.tokens.begin(), piece.tokens.end());
          done = piece.finished;
        }
        right += got == want;
      }
      --left;
    });
  while (left > 0) queue.RunIdle(milliseconds(1));
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(right, 400);
}

}  // namespace
}  // namespace tuneward
