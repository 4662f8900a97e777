// The parser, files and jobs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/cli/output.h"
#include "core/base/json.h"
#include "core/job/audit_report.h"
#include "tests/unit/client/cli_fixture.h"

namespace tuneward::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST_F(CliTest, WrongArgumentsEndWithStatusTwo) {
  EXPECT_EQ(Run({}), 2);
  EXPECT_EQ(Run({"jobs"}), 2);
  EXPECT_EQ(Run({"jobs", "get"}), 2);
  EXPECT_EQ(Run({"jobs", "create", "--base", "nano", "--file", "file-1", "--epochs", "many"}), 2);
  EXPECT_EQ(Run({"--no-such-flag", "files", "list"}), 2);
  EXPECT_TRUE(provider_.jobs.created.empty());
}

TEST_F(CliTest, HelpListsCommandsAndExitStatuses) {
  EXPECT_EQ(Run({"--help"}), 0);
  for (const char* word : {"login", "files", "jobs", "models", "chat", "admin", "Exit status"}) {
    EXPECT_THAT(out_.str(), HasSubstr(word));
  }
}

TEST_F(CliTest, MissingProjectIsExplained) {
  env_.erase("TUNEWARD_PROJECT");
  EXPECT_EQ(Run({"jobs", "get", "ftjob-1"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("--project"));
}

TEST_F(CliTest, EachCodeHasItsExitStatus) {
  const std::vector<std::pair<absl::StatusCode, int>> cases = {
      {absl::StatusCode::kInvalidArgument, 2},
      {absl::StatusCode::kNotFound, 3},
      {absl::StatusCode::kUnavailable, 4},
      {absl::StatusCode::kResourceExhausted, 4},
      {absl::StatusCode::kUnauthenticated, 5},
      {absl::StatusCode::kPermissionDenied, 5},
      {absl::StatusCode::kFailedPrecondition, 6},
      {absl::StatusCode::kAlreadyExists, 6},
      {absl::StatusCode::kInternal, 1}};
  for (const auto& [code, status] : cases) {
    provider_.jobs.get_failure = absl::Status(code, "told so");
    EXPECT_EQ(Run({"jobs", "get", "ftjob-1"}), status) << absl::StatusCodeToString(code);
  }
}

TEST_F(CliTest, EveryViolationHasALineOfItsOwn) {
  Violations problems;
  problems.Add("hyperparameters.epochs", "must be in [1, 50], got 99");
  problems.Add("hyperparameters.lora_rank", "must be in [1, 256], got 0");
  provider_.jobs.create_failures = {problems.ToStatus(), problems.ToStatus()};
  const std::vector<std::string> create = {"jobs",   "create", "--base",   "nano",
                                           "--file", "file-1", "--epochs", "99"};
  EXPECT_EQ(Run(create), 2);
  EXPECT_THAT(err_.str(), HasSubstr("error: INVALID_FIELD"));
  EXPECT_THAT(err_.str(), HasSubstr("\n  hyperparameters.epochs: must be in [1, 50], got 99\n"));
  EXPECT_THAT(err_.str(), HasSubstr("\n  hyperparameters.lora_rank: must be in [1, 256], got 0\n"));

  std::vector<std::string> with_json = create;
  with_json.push_back("--json");
  EXPECT_EQ(Run(with_json), 2);
  const Json error = Json::parse(err_.str())["error"];
  EXPECT_EQ(error["code"], "INVALID_ARGUMENT");
  EXPECT_EQ(error["reason"], "INVALID_FIELD");
  ASSERT_EQ(error["violations"].size(), 2u);
  EXPECT_EQ(error["violations"][1]["field"], "hyperparameters.lora_rank");
  EXPECT_EQ(out_.str(), "");
}

TEST_F(CliTest, CreateSendsOnlyWhatWasSaid) {
  EXPECT_EQ(
      Run({"jobs", "create", "--base", "nano", "--file", "file-1", "--epochs", "3", "--seed", "7",
           "--mix-method", "base", "--metadata", "team=red", "--lora-targets", "q_proj,v_proj"}),
      0)
      << err_.str();
  ASSERT_EQ(provider_.jobs.created.size(), 1u);
  const v1::CreateJobRequest& request = provider_.jobs.created[0];
  EXPECT_EQ(request.parent(), "projects/demo");
  EXPECT_FALSE(request.request_id().empty());
  EXPECT_EQ(request.job().base_model(), "baseModels/nano");
  EXPECT_EQ(request.job().training_file(), "projects/demo/files/file-1");
  EXPECT_EQ(request.job().hyperparameters().epochs(), 3);
  EXPECT_FALSE(request.job().hyperparameters().has_batch_size());
  EXPECT_EQ(request.job().hyperparameters().lora_targets_size(), 2);
  EXPECT_EQ(request.job().seed(), 7);
  EXPECT_EQ(request.job().safety().mix_method(), "base");
  EXPECT_EQ(request.job().metadata().at("team"), "red");
}

TEST_F(CliTest, CreateUploadsAPathFirst) {
  provider_.files.answer.set_name("projects/demo/files/file-9");
  provider_.files.answer.set_state(v1::FILE_STATE_PROCESSED);
  EXPECT_EQ(Run({"jobs", "create", "--base", "nano", "--file", WriteFile("rows.jsonl", "{}\n"),
                 "--json"}),
            0)
      << err_.str();
  EXPECT_EQ(provider_.files.content, "{}\n");
  ASSERT_EQ(provider_.jobs.created.size(), 1u);
  EXPECT_EQ(provider_.jobs.created[0].job().training_file(), "projects/demo/files/file-9");
  EXPECT_EQ(Json::parse(out_.str())["name"], "projects/demo/jobs/ftjob-1");
}

TEST_F(CliTest, CreateSendsTheMethodAndHowItIsEvaluated) {
  EXPECT_EQ(Run({"jobs",
                 "create",
                 "--base",
                 "nano",
                 "--file",
                 "file-1",
                 "--validation-file",
                 "file-2",
                 "--method",
                 "dpo",
                 "--beta",
                 "0.25",
                 "--schedule",
                 "linear",
                 "--warmup-ratio",
                 "0.1",
                 "--eval-every",
                 "20",
                 "--patience",
                 "3"}),
            0)
      << err_.str();
  ASSERT_EQ(provider_.jobs.created.size(), 1u);
  const v1::Job& job = provider_.jobs.created[0].job();
  EXPECT_EQ(job.method(), v1::TRAINING_METHOD_DPO);
  EXPECT_EQ(job.hyperparameters().beta(), 0.25);
  EXPECT_EQ(job.hyperparameters().schedule(), v1::LEARNING_RATE_SCHEDULE_LINEAR);
  EXPECT_EQ(job.hyperparameters().warmup_ratio(), 0.1);
  EXPECT_EQ(job.hyperparameters().eval_every(), 20);
  EXPECT_EQ(job.hyperparameters().patience(), 3);
  EXPECT_EQ(Run({"jobs", "create", "--base", "nano", "--file", "file-1", "--method", "ppo"}), 2);
}

TEST_F(CliTest, AJobShowsItsRewardsAndHeldOutLoss) {
  provider_.jobs.answer.set_name("projects/demo/jobs/ftjob-1");
  provider_.jobs.answer.mutable_resolved()->set_beta(0.25);
  v1::JobProgress& progress = *provider_.jobs.answer.mutable_progress();
  provider_.jobs.answer.set_state(v1::JOB_STATE_RUNNING);
  progress.set_total_steps(40);
  progress.set_eval_loss(0.5);
  progress.set_eval_step(20);
  progress.mutable_preference()->set_reward_accuracy(0.75);
  progress.mutable_preference()->set_reward_margin(1.5);
  progress.mutable_preference()->set_chosen_reward(0.5);
  progress.mutable_preference()->set_rejected_reward(-1);
  EXPECT_EQ(Run({"jobs", "get", "ftjob-1"}), 0);
  for (const char* part : {"dpo with beta 0.25", "validation loss 0.500 after step 20",
                           "reward accuracy 0.75, margin 1.500 (chosen 0.500, rejected -1.000)"})
    EXPECT_THAT(out_.str(), HasSubstr(part));
}

TEST_F(CliTest, WaitingForAJobThatFailsEndsWithStatusOne) {
  provider_.jobs.scripts = {{{JobUpdate(v1::JOB_STATE_RUNNING, v1::JOB_STAGE_TRAINING),
                              EventUpdate(1, "loss is not finite"),
                              JobUpdate(v1::JOB_STATE_FAILED, v1::JOB_STAGE_TRAINING)},
                             absl::OkStatus()}};
  EXPECT_EQ(Run({"jobs", "create", "--base", "nano", "--file", "file-1", "--wait"}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("loss is not finite"));
  EXPECT_THAT(out_.str(), HasSubstr("failed"));
}

TEST_F(CliTest, WaitSaysSoWhenThereIsNoAuditReport) {
  provider_.jobs.audit_failure =
      MakeError(absl::StatusCode::kFailedPrecondition, "BAD_STATE", "the audit was not completed");
  provider_.jobs.scripts = {{{JobUpdate(v1::JOB_STATE_SUCCEEDED)}, absl::OkStatus()}};
  EXPECT_EQ(Run({"jobs", "create", "--base", "nano", "--file", "file-1", "--wait"}), 0)
      << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("the audit was not completed"));
}

TEST_F(CliTest, WatchDrawsABarOnATerminalAndPlainLinesElsewhere) {
  v1::WatchJobResponse metrics = EventUpdate(2, "step 50", "metrics");
  auto& fields = *metrics.mutable_event()->mutable_data()->mutable_fields();
  fields["step"].set_number_value(50);
  fields["total_steps"].set_number_value(100);
  fields["loss"].set_number_value(0.5);
  const FakeJobs::WatchScript script = {
      {JobUpdate(v1::JOB_STATE_RUNNING, v1::JOB_STAGE_TRAINING),
       EventUpdate(1, "training has begun"), metrics, JobUpdate(v1::JOB_STATE_SUCCEEDED)},
      absl::OkStatus()};
  provider_.jobs.scripts = {script, script};
  draw_ = true;
  EXPECT_EQ(Run({"jobs", "watch", "ftjob-1"}), 0);
  EXPECT_THAT(err_.str(), HasSubstr("\r"));
  EXPECT_THAT(err_.str(), HasSubstr("[############............]  50 %  step 50/100  loss 0.500"));
  draw_ = false;
  EXPECT_EQ(Run({"jobs", "watch", "ftjob-1"}), 0);
  EXPECT_THAT(err_.str(), Not(HasSubstr("\r")));
  EXPECT_THAT(err_.str(), HasSubstr("training has begun\n"));
  EXPECT_THAT(err_.str(), HasSubstr("step 50/100"));
}

TEST_F(CliTest, WatchOfAJobThatIsPastTrainingDrawsNoOldSteps) {
  v1::WatchJobResponse metrics = EventUpdate(2, "step 50", "metrics");
  (*metrics.mutable_event()->mutable_data()->mutable_fields())["step"].set_number_value(50);
  provider_.jobs.scripts = {{{JobUpdate(v1::JOB_STATE_RUNNING, v1::JOB_STAGE_AUDITING), metrics,
                              JobUpdate(v1::JOB_STATE_SUCCEEDED)},
                             absl::OkStatus()}};
  draw_ = true;
  EXPECT_EQ(Run({"jobs", "watch", "ftjob-1"}), 0);
  EXPECT_EQ(err_.str(), "\rauditing\x1b[K\r\x1b[K");
}

TEST_F(CliTest, WatchInJsonPrintsOneLineAnUpdate) {
  provider_.jobs.scripts = {
      {{EventUpdate(1, "a"), JobUpdate(v1::JOB_STATE_CANCELLED)}, absl::OkStatus()}};
  EXPECT_EQ(Run({"jobs", "watch", "ftjob-1", "--json"}), 1);
  std::istringstream lines(out_.str());
  std::string line;
  ASSERT_TRUE(std::getline(lines, line));
  EXPECT_EQ(Json::parse(line)["message"], "a");
  ASSERT_TRUE(std::getline(lines, line));
  EXPECT_EQ(Json::parse(line)["state"], "JOB_STATE_CANCELLED");
  EXPECT_EQ(err_.str(), "");
}

TEST_F(CliTest, UploadOfBadLinesShowsThemAndEndsWithStatusTwo) {
  provider_.files.answer.set_name("projects/demo/files/file-9");
  provider_.files.answer.set_state(v1::FILE_STATE_ERROR);
  provider_.files.answer.set_problem_count(21);
  v1::FileProblem& problem = *provider_.files.answer.add_problems();
  problem.set_line(17);
  problem.set_field("messages[2].role");
  problem.set_description("must be system, user or assistant, got \x1b[31mrobot");
  EXPECT_EQ(Run({"files", "upload", WriteFile("bad.jsonl", "x\n")}), 2);
  EXPECT_THAT(
      out_.str(),
      HasSubstr("line 17, messages[2].role: must be system, user or assistant, got ?[31mrobot"));
  EXPECT_THAT(out_.str(), HasSubstr("and 20 more problems"));
}

TEST_F(CliTest, UploadOfTooFewRowsSaysWhyItIsOfNoUse) {
  provider_.files.answer.set_name("projects/demo/files/file-9");
  provider_.files.answer.set_state(v1::FILE_STATE_ERROR);
  provider_.files.answer.set_error_reason("TOO_FEW_EXAMPLES");
  EXPECT_EQ(Run({"files", "upload", WriteFile("short.jsonl", "x\n")}), 2);
  EXPECT_THAT(out_.str(), HasSubstr("TOO_FEW_EXAMPLES: a job needs more rows"));
}

TEST_F(CliTest, FormatsAreShownOnOneLineEach) {
  provider_.files.answer.set_name("projects/demo/files/file-9");
  provider_.files.answer.set_state(v1::FILE_STATE_PROCESSED);
  v1::FormatCluster& format = *provider_.files.answer.add_formats();
  format.set_rows(300);
  format.set_skeleton("Ticket: {0}\nQueue:");
  EXPECT_EQ(Run({"files", "upload", WriteFile("rows.jsonl", "x\n")}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("format of 300 rows: Ticket: {0}\\nQueue:\n"));
}

TEST_F(CliTest, ListFollowsPagesUpToTheLimit) {
  provider_.files.file_count = 5;
  EXPECT_EQ(Run({"files", "list", "--json"}), 0);
  EXPECT_EQ(Json::parse(out_.str())["files"].size(), 5u);
  EXPECT_EQ(Run({"files", "list", "--json", "--limit", "3"}), 0);
  EXPECT_EQ(Json::parse(out_.str())["files"].size(), 3u);
}

TEST_F(CliTest, JsonShowsHashesInHexAndLeavesOtherTextAlone) {
  v1::File file;
  file.set_sha256(std::string("\x00\xff\x10", 3));
  EXPECT_EQ(ToJson(file)["sha256"], "00ff10");
  v1::Job job;
  (*job.mutable_metadata())["sha256"] = "AAAA";
  EXPECT_EQ(ToJson(job)["metadata"]["sha256"], "AAAA");
  v1::WatchJobResponse update;
  update.mutable_event()->set_seq(3);
  EXPECT_EQ(ToJson(update)["event"]["seq"], "3");
}

TEST_F(CliTest, PlanShowsCountsAndARowOfEachKind) {
  v1::JobPlan& plan = provider_.jobs.plan;
  plan.set_policy("policies/default/versions/1");
  plan.set_method("paraphrase");
  plan.set_user_rows(300);
  (*plan.mutable_mixed_rows())["refusal"] = 2;
  (*plan.mutable_mixed_rows())["lookalike"] = 1;
  plan.set_document(R"({"rows":[
      {"n":0,"kind":"refusal","source":"s/1","recipe":"template","messages":[{"role":"user","content":"do harm"},{"role":"assistant","content":"no"}]},
      {"n":1,"kind":"refusal","source":"s/2","recipe":"template","messages":[{"role":"user","content":"second"}]},
      {"n":2,"kind":"lookalike","source":"s/3","recipe":"raw","messages":[{"role":"user","content":"two\nlines"}]}]})");
  EXPECT_EQ(Run({"jobs", "plan", "ftjob-1", "--rows", "2"}), 0) << err_.str();
  EXPECT_THAT(provider_.jobs.asked, ElementsAre("projects/demo/jobs/ftjob-1/plan"));
  EXPECT_THAT(out_.str(), HasSubstr("mixed rows  lookalike 1  refusal 2\n"));
  EXPECT_THAT(out_.str(), HasSubstr("user: do harm\n"));
  EXPECT_THAT(out_.str(), HasSubstr("user: two\\nlines\n"));
  EXPECT_THAT(out_.str(), Not(HasSubstr("second")));
}

TEST_F(CliTest, MalformedPlanIsAServerErrorNotACrash) {
  provider_.jobs.plan.set_document(R"({"rows":[{"kind":"refusal"}]})");
  EXPECT_EQ(Run({"jobs", "plan", "ftjob-1"}), 1);
  provider_.jobs.plan.set_document("nothing");
  EXPECT_EQ(Run({"jobs", "plan", "ftjob-1"}), 1);
}

}  // namespace
}  // namespace tuneward::cli
