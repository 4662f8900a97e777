// Tuned models and operators' decisions.
#include "tests/integration/store/store_fixture.h"

namespace tuneward {
namespace {

class ModelStoreTest : public StoreTest {
 protected:
  void MakeModel(const std::string& job, Release verdict) {
    ASSERT_TRUE(StoreReport(ToAuditing(job), job, verdict).ok());
  }
};

TEST_F(ModelStoreTest, OperatorReleasesAHeldModelWithAReason) {
  MakeModel("ftjob-1", Release::kHeld);
  const auto model = models_->Decide(kProject, ModelId("ftjob-1"), Release::kReleased,
                                     "read 40 answers", "key-op");
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ(model->release, Release::kReleased);
  EXPECT_EQ(models_->Get(kProject, ModelId("ftjob-1"))->release, Release::kReleased);
  const auto decisions = models_->Decisions(ModelId("ftjob-1"));
  ASSERT_EQ(decisions->size(), 2u);
  EXPECT_EQ(decisions->at(1).seq, 2);
  EXPECT_EQ(decisions->at(1).actor, "key-op");
  EXPECT_EQ(decisions->at(1).reasons[0], "read 40 answers");
  EXPECT_EQ(EventTypes("ftjob-1").back(), "release");
  AuditLog log(*pool_);
  EXPECT_EQ(log.List(0, 100)->back().action, "DecideRelease");
  EXPECT_EQ(log.List(0, 100)->back().detail.at("reason"), "read 40 answers");
  EXPECT_TRUE(log.Verify().ok());
}

TEST_F(ModelStoreTest, DecisionsThatD3DoesNotHaveAreRefused) {
  ASSERT_TRUE(StoreAdapter(ToTraining("ftjob-1"), "ftjob-1").ok());  // PENDING
  EXPECT_EQ(Reason(models_->Decide(kProject, ModelId("ftjob-1"), Release::kReleased, "r", "key-op")
                       .status()),
            "BAD_STATE");
  MakeProject("other", false);
  EXPECT_EQ(
      Reason(
          models_->Decide("other", ModelId("ftjob-1"), Release::kBlocked, "r", "key-op").status()),
      "NOT_FOUND");
  EXPECT_FALSE(models_->Decide(kProject, ModelId("ftjob-1"), Release::kHeld, "r", "key-op").ok());
  EXPECT_FALSE(models_->Decide(kProject, ModelId("ftjob-1"), Release::kBlocked, "", "key-op").ok());
  EXPECT_EQ(Sql("select count(*) from release_decisions"), "0");
}

TEST_F(ModelStoreTest, ReleasedModelsCanOnlyBeBlocked) {
  MakeModel("ftjob-1", Release::kReleased);
  EXPECT_EQ(Reason(models_->Decide(kProject, ModelId("ftjob-1"), Release::kReleased, "r", "key-op")
                       .status()),
            "BAD_STATE");
  EXPECT_TRUE(models_->Decide("", ModelId("ftjob-1"), Release::kBlocked, "r", "key-op").ok());
}

TEST_F(ModelStoreTest, TheTableItselfRefusesToReleaseASealedModel) {
  MakeModel("ftjob-1", Release::kHeld);
  Sql("update models set sealed = true");
  EXPECT_EQ(Reason(models_->Decide(kProject, ModelId("ftjob-1"), Release::kReleased, "r", "key-op")
                       .status()),
            "BAD_STATE");
  EXPECT_FALSE(cluster_->Exec(database_, "update models set release = 'RELEASED'").ok());
}

TEST_F(ModelStoreTest, ListPagesNewestFirst) {
  for (const char* job : {"ftjob-3", "ftjob-1", "ftjob-2"})
    ASSERT_TRUE(StoreAdapter(ToTraining(job), job).ok());
  const auto first = models_->List(kProject, {2, ""});
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_EQ(first->rows.size(), 2u);
  EXPECT_EQ(first->rows[0].job_id, "ftjob-2");
  EXPECT_EQ(first->rows[1].job_id, "ftjob-1");
  const auto second = models_->List(kProject, {2, first->next_token});
  ASSERT_EQ(second->rows.size(), 1u);
  EXPECT_EQ(second->rows[0].job_id, "ftjob-3");
}

// A page token is a client's to choose: another project's model must not even be told to exist.
TEST_F(ModelStoreTest, ListTakesNoOtherProjectsModelForItsToken) {
  ASSERT_TRUE(StoreAdapter(ToTraining("ftjob-1"), "ftjob-1").ok());
  ASSERT_TRUE(StoreAdapter(ToTraining("ftjob-2"), "ftjob-2").ok());
  MakeProject("other", false);
  Sql("update models set project_id = 'other' where job_id = 'ftjob-2'");
  const auto page = models_->List(kProject, {10, ModelId("ftjob-2")});
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_TRUE(page->rows.empty());
}

TEST_F(ModelStoreTest, BaseFiguresAreKeptByKey) {
  const Digest key = Sha256Of("base, set, judge, fingerprint");
  EXPECT_FALSE(models_->GetBaseAudit(key)->has_value());
  ASSERT_TRUE(models_->PutBaseAudit(key, Tree("figures")).ok());
  ASSERT_TRUE(models_->PutBaseAudit(key, Tree("figures")).ok());
  EXPECT_EQ(**models_->GetBaseAudit(key), Tree("figures").sha256);
}

}  // namespace
}  // namespace tuneward
