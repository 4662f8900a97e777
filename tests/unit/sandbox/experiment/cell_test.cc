#include "sandbox/experiment/cell.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"

#include "sandbox/experiment/arms.h"

namespace tuneward {
namespace {

CellRecord Sample() {
  CellRecord record;
  record.cell = {"nano-shallow", "gsm8k", "autoif", "base", 50000, 3};
  record.settings_sha = "ab";
  record.user_rows = 300;
  record.raw = {200, 120, 79};
  record.tests = 100;
  record.right = 97;
  record.train_seconds = 4.25;
  return record;
}

TEST(CellRecordTest, ALineIsReadBack) {
  const auto read = CellRecord::Parse(Sample().Line());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, Sample());
  EXPECT_EQ(read->cell.Key(), "nano-shallow/gsm8k/autoif/base/50000/3");
}

TEST(CellRecordTest, RefusesWhatIsCutUnknownOrImpossible) {
  const std::string line = Sample().Line();
  EXPECT_FALSE(CellRecord::Parse(line.substr(0, line.size() / 2)).ok());
  Json json = Json::parse(line);
  json["more"] = 1;
  EXPECT_TRUE(absl::StrContains(CellRecord::Parse(json.dump()).status().message(), "more"));
  json = Json::parse(line);
  json["raw"]["refused"] = 81;
  EXPECT_TRUE(absl::StrContains(CellRecord::Parse(json.dump()).status().message(), "raw"));
  json = Json::parse(line);
  json["right"] = 101;
  EXPECT_TRUE(absl::StrContains(CellRecord::Parse(json.dump()).status().message(), "right"));
}

TEST(ArmsTest, AreFoundByName) {
  for (const Arm& arm : Arms()) EXPECT_EQ((*FindArm(arm.name))->name, arm.name);
  EXPECT_TRUE(absl::StrContains(FindArm("bases").status().message(), "base_balanced"));
}

}  // namespace
}  // namespace tuneward
