// Files of preferences and the jobs that learn from them: what fits together is planned as any job
// is, what does not is refused before anything is stored.
#include <gtest/gtest.h>

#include "core/base/json.h"
#include "tests/integration/server/server_fixture.h"

namespace tuneward {
namespace {

using Jobs = v1::FineTuningService::Stub;

class PreferenceJobsTest : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    if (HasFatalFailure() || IsSkipped()) return;
    RegisterBase();
    chats_ = Upload(GoodRows()).value();
    preferences_ = Upload(Preferences(40)).value();
  }

  static std::string Preferences(int rows) {
    std::string text;
    for (int i = 0; i < rows; ++i) {
      const Json row = {
          {"input",
           {{"messages",
             {{{"role", "system"}, {"content", "you sort tickets ."}},
              {{"role", "user"},
               {"content", "ticket : the parcel " + std::to_string(i) +
                               " that i ordered last week has not come , where is "
                               "it now ?\nqueue :"}}}}}},
          {"preferred_output", {{{"role", "assistant"}, {"content", "shipping"}}}},
          {"non_preferred_output", {{{"role", "assistant"}, {"content", "i do not know"}}}}};
      text += row.dump() + "\n";
    }
    return text;
  }

  absl::StatusOr<v1::Job> Create(v1::TrainingMethod method, const v1::File& file,
                                 const v1::File* held_out = nullptr) {
    v1::CreateJobRequest request = JobRequest(file.name());
    request.mutable_job()->set_method(method);
    if (held_out != nullptr) request.mutable_job()->set_validation_file(held_out->name());
    return Call(&Jobs::CreateJob, request, alpha_key_);
  }

  v1::File chats_, preferences_;
};

TEST_F(PreferenceJobsTest, AFileSaysWhatItsRowsAre) {
  EXPECT_EQ(chats_.row_format(), v1::ROW_FORMAT_CHAT);
  EXPECT_EQ(preferences_.state(), v1::FILE_STATE_PROCESSED);
  EXPECT_EQ(preferences_.row_format(), v1::ROW_FORMAT_PREFERENCE);
  EXPECT_EQ(preferences_.rows(), 40);
  ASSERT_EQ(preferences_.formats_size(), 1);
  EXPECT_EQ(preferences_.formats(0).system_prompt(), "you sort tickets .");
  const auto bad = Upload(Preferences(12) + GoodRows(1));
  ASSERT_TRUE(bad.ok()) << bad.status();
  EXPECT_EQ(bad->row_format(), v1::ROW_FORMAT_UNSPECIFIED);
  ASSERT_EQ(bad->problems_size(), 1);
  EXPECT_EQ(bad->problems(0).line(), 13);
}

TEST_F(PreferenceJobsTest, AJobIsPlannedInTheUsersFormat) {
  const auto created = Create(v1::TRAINING_METHOD_DPO, preferences_, &preferences_);
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(created->method(), v1::TRAINING_METHOD_DPO);
  EXPECT_DOUBLE_EQ(created->resolved().beta(), 0.1);
  EXPECT_FALSE(created->hyperparameters().has_beta());
  const v1::Job job = WaitForState(created->name(), v1::JOB_STATE_QUEUED);
  v1::GetJobPlanRequest request;
  request.set_name(job.name() + "/plan");
  const auto plan = Call(&Jobs::GetJobPlan, request, alpha_key_);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->user_rows(), 40);
  int in_format = 0;
  const Json document = ParseJson(plan->document()).value();
  for (const Json& row : document["rows"]) {
    if (row["recipe"] != "template") continue;
    ++in_format;
    EXPECT_EQ(row["messages"][0]["content"], "you sort tickets .");
    EXPECT_TRUE(row["messages"][1]["content"].get<std::string>().ends_with("\nqueue :"));
  }
  EXPECT_GT(in_format, 0);
}

TEST_F(PreferenceJobsTest, AMethodThatDoesNotFitItsFilesIsRefusedWithBothNamed) {
  const struct {
    v1::TrainingMethod method;
    const v1::File& file;
    const char* said;
  } cases[] = {
      {v1::TRAINING_METHOD_DPO, chats_, "must hold preference rows for method dpo, and file-"},
      {v1::TRAINING_METHOD_UNSPECIFIED, preferences_,
       "must hold chat rows for method supervised, and file-"}};
  for (const auto& c : cases) {
    const absl::Status status = Create(c.method, c.file, &c.file).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    const ErrorInfo info = GetErrorInfo(status);
    EXPECT_EQ(info.reason, "INVALID_FIELD");
    ASSERT_EQ(info.violations.size(), 2u) << status;
    EXPECT_EQ(info.violations[0].field, "training_file");
    EXPECT_EQ(info.violations[1].field, "validation_file");
    EXPECT_TRUE(info.violations[0].description.starts_with(c.said))
        << info.violations[0].description;
  }
  EXPECT_EQ(CountRows("jobs"), "0");
}

TEST_F(PreferenceJobsTest, BetaIsOfDpoAlone) {
  v1::CreateJobRequest request = JobRequest(chats_.name());
  request.mutable_job()->mutable_hyperparameters()->set_beta(0.2);
  const ErrorInfo info = GetErrorInfo(Call(&Jobs::CreateJob, request, alpha_key_).status());
  ASSERT_EQ(info.violations.size(), 1u);
  EXPECT_EQ(info.violations[0].field, "hyperparameters.beta");
  request.mutable_job()->mutable_hyperparameters()->clear_beta();
  request.mutable_job()->set_method(static_cast<v1::TrainingMethod>(9));
  EXPECT_EQ(
      GetErrorInfo(Call(&Jobs::CreateJob, request, alpha_key_).status()).violations.at(0).field,
      "method");
}

}  // namespace
}  // namespace tuneward
