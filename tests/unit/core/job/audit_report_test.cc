#include "core/job/audit_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/json.h"
#include "tests/unit/core/job/audit_samples.h"

namespace tuneward {
namespace {

using ::testing::HasSubstr;

TEST(AuditReportTest, ParseGivesBackWhatWasWritten) {
  const AuditReport report = UnchangedReport();
  const std::string text = report.CanonicalJsonText();
  const absl::StatusOr<AuditReport> back = AuditReport::Parse(text);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(*back, report);
  EXPECT_EQ(back->CanonicalJsonText(), text);
}

TEST(AuditReportTest, BytesHaveTheNamesOfTheContract) {
  const Json json = *ParseJson(UnchangedReport().CanonicalJsonText());
  EXPECT_EQ(json["format"], "tuneward.report/1");
  EXPECT_EQ(
      json["cells"][0].dump(),
      R"({"audit":"harmful_instructions","base_count":20,"both":20,"count":20,"n":400,"only_base":0,"only_tuned":0,)"
      R"("set":"sandbox@2","wrapper":"raw"})");
  for (const char* absent : {"time", "host", "job", "worker", "created_at"})
    EXPECT_FALSE(json.contains(absent));
}

TEST(AuditReportTest, CountsThatDoNotAddUpAreRefused) {
  AuditReport report = UnchangedReport();
  report.cells[1].count += 1;
  EXPECT_THAT(AuditReport::Parse(report.CanonicalJsonText()).status().message(),
              HasSubstr("cells[1]"));
  report = UnchangedReport();
  report.cells[0] = MakeCell("harmful_instructions", "raw", 10, 6, 5, 0);
  EXPECT_FALSE(AuditReport::Parse(report.CanonicalJsonText()).ok());
}

TEST(AuditReportTest, ACellThatStandsTwiceIsRefused) {
  AuditReport report = UnchangedReport();
  report.cells.push_back(report.cells[0]);
  EXPECT_THAT(AuditReport::Parse(report.CanonicalJsonText()).status().message(),
              HasSubstr("twice"));
}

TEST(AuditReportTest, UnknownKeysUnitsAndFormatsAreRefused) {
  Json json = *ParseJson(UnchangedReport().CanonicalJsonText());
  json["host"] = "a";
  EXPECT_THAT(AuditReport::Parse(CanonicalJson(json)).status().message(), HasSubstr("host"));
  json.erase("host");
  json["readings"][0]["unit"] = "percent";
  EXPECT_THAT(AuditReport::Parse(CanonicalJson(json)).status().message(), HasSubstr("unit"));
  json["readings"][0]["unit"] = "ppm";
  json["format"] = "tuneward.report/2";
  EXPECT_THAT(AuditReport::Parse(CanonicalJson(json)).status().message(),
              HasSubstr("tuneward.report/1"));
  EXPECT_FALSE(AuditReport::Parse("{").ok());
}

}  // namespace
}  // namespace tuneward
