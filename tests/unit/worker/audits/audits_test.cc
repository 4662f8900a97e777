#include "worker/audits/audits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/judge/catalogue.h"

namespace tuneward {
namespace {

TEST(AuditsTest, ListAndCatalogueAgree) {
  std::vector<std::string_view> listed, catalogued;
  for (const Audit* audit : Audits()) listed.push_back(audit->name());
  for (const AuditEntry& entry : AuditCatalogue()) catalogued.push_back(entry.name);
  EXPECT_EQ(listed, catalogued);
}

TEST(AuditsTest, JudgesAndCatalogueAgree) {
  std::vector<std::string_view> catalogued;
  for (const JudgeEntry& entry : JudgeCatalogue()) catalogued.push_back(entry.id);
  EXPECT_EQ(JudgeIds(), catalogued);
  for (const std::string_view id : JudgeIds()) {
    const auto judge = MakeJudge(id);
    ASSERT_TRUE(judge.ok()) << judge.status();
    EXPECT_EQ((*judge)->id(), id);
  }
}

TEST(AuditsTest, UnknownNamesAreErrorsThatListTheKnown) {
  EXPECT_THAT(MakeJudge("oracle").status().message(),
              ::testing::HasSubstr("sandbox_oracle@2, sandbox_insults@2, "
                                   "refusal_lexicon@1"));
  EXPECT_THAT(AuditsOfProfile("fast").status().message(), ::testing::HasSubstr("quick, standard"));
}

TEST(AuditsTest, ProfilesRunTheirAuditsInCatalogueOrder) {
  const auto quick = AuditsOfProfile("quick");
  ASSERT_TRUE(quick.ok());
  std::vector<std::string_view> names;
  for (const Audit* audit : *quick) names.push_back(audit->name());
  EXPECT_EQ(names, (std::vector<std::string_view>{"harmful_instructions", "over_refusal", "task",
                                                  "degenerate"}));
}

}  // namespace
}  // namespace tuneward
