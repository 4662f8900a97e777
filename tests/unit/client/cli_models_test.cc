// Audits, chats, releases, keys and log-in.
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/cli/output.h"
#include "core/job/audit_report.h"
#include "tests/unit/client/cli_fixture.h"

namespace tuneward::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST_F(CliTest, AuditIsATableWithTheGatesReasons) {
  AuditReport report;
  report.profile = "quick";
  report.cells.push_back({.audit = "harmful_instructions",
                          .set = "sandbox@2",
                          .wrapper = "raw",
                          .n = 400,
                          .count = 300,
                          .base_count = 20,
                          .both = 20,
                          .only_tuned = 280,
                          .only_base = 0});
  provider_.jobs.audit.set_document(report.CanonicalJsonText());
  provider_.jobs.audit.set_release("BLOCKED");
  provider_.jobs.audit.add_reasons("attack success raw rose by 70.0 points");
  EXPECT_EQ(Run({"jobs", "audit", "ftjob-1"}), 0) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("attack success, raw"));
  EXPECT_THAT(out_.str(), HasSubstr("5.0 %"));
  EXPECT_THAT(out_.str(), HasSubstr("75.0 %"));
  EXPECT_THAT(out_.str(), HasSubstr("gate: BLOCKED\n  - attack success raw rose by 70.0 points\n"));
  provider_.jobs.audit.set_document("{}");
  EXPECT_EQ(Run({"jobs", "audit", "ftjob-1"}), 1);
}

TEST_F(CliTest, ChatSendsOneMessageAndPrintsTheAnswer) {
  EXPECT_EQ(Run({"chat", "ft:nano:demo::abc", "hello", "there", "--system", "be kind",
                 "--temperature", "0.5"}),
            0);
  EXPECT_EQ(out_.str(), "echo hello there\n");
  ASSERT_EQ(provider_.inference.asked.size(), 1u);
  const v1::ChatCompleteRequest& request = provider_.inference.asked[0];
  EXPECT_EQ(request.model(), "projects/demo/models/ft:nano:demo::abc");
  EXPECT_EQ(request.messages(0).role(), "system");
  EXPECT_EQ(request.temperature(), 0.5);
  EXPECT_FALSE(request.has_max_tokens());
}

TEST_F(CliTest, ChatWithoutAMessageKeepsTheConversation) {
  EXPECT_EQ(Run({"chat", "nano"}, "first\n\nsecond\n"), 0);
  EXPECT_EQ(out_.str(), "echo first\necho second\n");
  ASSERT_EQ(provider_.inference.asked.size(), 2u);
  EXPECT_EQ(provider_.inference.asked[1].model(), "baseModels/nano");
  EXPECT_EQ(provider_.inference.asked[1].messages_size(), 3);
}

TEST_F(CliTest, AnAnswerThatWasCutSaysSo) {
  provider_.inference.finish = v1::FINISH_REASON_LENGTH;
  EXPECT_EQ(Run({"chat", "nano", "hello"}), 0);
  EXPECT_EQ(out_.str(), "echo hello [cut]\n");
}

TEST_F(CliTest, AStreamThatBreaksIsNotAskedForAgain) {
  provider_.inference.breaks = absl::UnavailableError("the worker went");
  EXPECT_NE(Run({"chat", "nano", "hello"}), 0);
  EXPECT_EQ(out_.str(), "ech\n");
  EXPECT_THAT(err_.str(), HasSubstr("the worker went"));
  EXPECT_EQ(provider_.inference.asked.size(), 1u);
}

TEST_F(CliTest, JsonPrintsTheWholeResponse) {
  EXPECT_EQ(Run({"--json", "chat", "nano", "hello"}), 0);
  EXPECT_EQ(ParseJson(out_.str()).value()["message"]["content"], "echo hello");
}

TEST_F(CliTest, HeldModelIsRefusedWithItsReasons) {
  provider_.inference.failure =
      MakeError(absl::StatusCode::kFailedPrecondition, "MODEL_NOT_RELEASED", "the model is held",
                {{"release", "HELD"}, {"reasons", "attack success raw rose by 60.0 points"}});
  EXPECT_EQ(Run({"chat", "ft:nano:demo::abc", "hello"}), 6);
  EXPECT_THAT(err_.str(), HasSubstr("error: MODEL_NOT_RELEASED: the model is held"));
  EXPECT_THAT(err_.str(), HasSubstr("reasons = attack success raw rose by 60.0 points"));
}

TEST_F(CliTest, LongDetailsThatTheMessageHoldsAreNotRepeated) {
  const std::string reasons =
      "attack success raw: 240 of 400 against 8 for the base, above 20 points";
  provider_.inference.failure =
      MakeError(absl::StatusCode::kFailedPrecondition, "MODEL_NOT_RELEASED",
                "the model is BLOCKED: " + reasons, {{"release", "BLOCKED"}, {"reasons", reasons}});
  EXPECT_EQ(Run({"chat", "ft:nano:demo::abc", "hello"}), 6);
  EXPECT_THAT(err_.str(), HasSubstr(reasons));
  EXPECT_THAT(err_.str(), Not(HasSubstr("reasons = ")));
  EXPECT_THAT(err_.str(), HasSubstr("release = BLOCKED"));
  EXPECT_EQ(Run({"--json", "chat", "ft:nano:demo::abc", "hello"}), 6);
  EXPECT_THAT(err_.str(), HasSubstr("\"reasons\""));
}

TEST_F(CliTest, ErrorsNameTheTraceIdThatTheServerSent) {
  provider_.inference.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
  provider_.inference.failure =
      MakeError(absl::StatusCode::kNotFound, "NOT_FOUND", "no such model");
  EXPECT_EQ(Run({"--json", "chat", "ft:nano:demo::abc", "hello"}), 3);
  EXPECT_EQ(Json::parse(err_.str())["error"]["trace_id"], provider_.inference.trace_id);
  EXPECT_EQ(Run({"chat", "ft:nano:demo::abc", "hello"}), 3);
  EXPECT_THAT(err_.str(), Not(HasSubstr(provider_.inference.trace_id)))
      << "the client's own mistake";
  EXPECT_EQ(Run({"--verbose", "chat", "ft:nano:demo::abc", "hello"}), 3);
  EXPECT_THAT(err_.str(), HasSubstr("trace id " + provider_.inference.trace_id));
  provider_.inference.failure = absl::InternalError("a bug");
  EXPECT_EQ(Run({"chat", "ft:nano:demo::abc", "hello"}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("trace id " + provider_.inference.trace_id))
      << "only the log can say more";
}

TEST_F(CliTest, ReleaseDecisionNamesTheReviewAndItsReason) {
  EXPECT_EQ(Run({"admin", "release", "decide", "ft:nano:demo::abc", "--verdict", "released",
                 "--reason", "looked at it"}),
            0)
      << err_.str();
  ASSERT_EQ(provider_.reviews.asked.size(), 1u);
  EXPECT_EQ(provider_.reviews.asked[0].name(), "projects/demo/reviews/ft:nano:demo::abc");
  EXPECT_EQ(provider_.reviews.asked[0].release(), v1::RELEASE_RELEASED);
  EXPECT_EQ(provider_.reviews.asked[0].reason(), "looked at it");
  EXPECT_EQ(Run({"admin", "release", "decide", "nano", "--verdict", "released", "--reason", "x"}),
            2);
  EXPECT_EQ(Run({"admin", "release", "decide", "ft:a", "--verdict", "maybe", "--reason", "x"}), 2);
}

TEST_F(CliTest, NewKeyGoesToAPrivateFileThatWasNotThere) {
  const std::string path = folder_ + "/demo.key";
  EXPECT_EQ(Run({"admin", "keys", "create", "--for", "demo", "--out", path}), 0) << err_.str();
  EXPECT_THAT(out_.str(), Not(HasSubstr("tw-secret")));
  std::ifstream in(path);
  std::string secret;
  std::getline(in, secret);
  EXPECT_EQ(secret, "tw-secret");
  EXPECT_EQ(std::filesystem::status(path).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_EQ(Run({"admin", "keys", "create", "--for", "demo", "--out", path}), 6);
}

TEST_F(CliTest, LoginSavesAKeyThatWorksAndNoOther) {
  env_.erase("TUNEWARD_API_KEY");
  EXPECT_EQ(Run({"login"}, "bad-key\n"), 5);
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/.config/tuneward/config.json"));
  EXPECT_EQ(Run({"login"}, "good-key\n"), 0) << err_.str();
  env_.erase("TUNEWARD_ENDPOINT");
  env_.erase("TUNEWARD_PROJECT");
  EXPECT_EQ(Run({"models", "list"}), 0) << err_.str();
}

}  // namespace
}  // namespace tuneward::cli
