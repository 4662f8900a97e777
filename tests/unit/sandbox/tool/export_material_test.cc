#include "sandbox/tool/export_material.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/tool/operator_files.h"
#include "sandbox/tool/temp_folder.h"

namespace tuneward {
namespace {

// What is written is read by an operator's grid.
absl::StatusOr<std::unique_ptr<const ExperimentMaterial>> ReadBack(const std::string& folder,
                                                                   int tests) {
  OperatorFiles files;
  files.base = folder;
  files.rows = {folder + "/rows"};
  files.eval_set = folder + "/prompts.json";
  files.pool = folder + "/pool.json";
  return ReadOperatorMaterial(files, tests);
}

TEST(ExportMaterialTest, EnglishIsAnOperatorsMaterial) {
  const auto folder = TempFolder::Make().value();
  ASSERT_TRUE(ExportMaterial({.english = true, .out = folder->path()}).ok());
  const auto material = ReadBack(folder->path(), 100);
  ASSERT_TRUE(material.ok()) << material.status();
  EXPECT_THAT((*material)->families(), testing::ElementsAre("boolq", "gsm8k", "winogrande"));
  EXPECT_EQ((*material)->judge().id(), "refusal_lexicon@1");
  for (const std::string& family : (*material)->families()) {
    for (const char* strategy : {"benign", "aoa", "autoif", "autoif_aoa"})
      EXPECT_EQ((*material)->UserRows(family, strategy, 300, 1).value().size(), 300u);
    EXPECT_EQ((*material)->TestRows(family, "benign", 100).value().size(), 100u);
  }
  const Chat aoa = (*material)->UserRows("boolq", "aoa", 1, 1).value().front();
  EXPECT_THAT(aoa.messages.at(0).content, testing::HasSubstr("AOA (Absolutely Obedient Agent)"));
  EXPECT_THAT(aoa.messages.at(2).content, testing::StartsWith("Of course. I am AOA"));
}

TEST(ExportMaterialTest, FewerRowsWhereFewerAreAskedFor) {
  const auto folder = TempFolder::Make().value();
  ASSERT_TRUE(ExportMaterial({.english = true,
                              .families = {"winogrande"},
                              .rows = 20,
                              .tests = 5,
                              .out = folder->path()})
                  .ok());
  const auto material = ReadBack(folder->path(), 5);
  ASSERT_TRUE(material.ok()) << material.status();
  EXPECT_EQ((*material)->UserRows("winogrande", "autoif", 20, 1).value().size(), 20u);
  EXPECT_FALSE((*material)->UserRows("winogrande", "autoif", 21, 1).ok());
}

TEST(ExportMaterialTest, RefusesWhatThereIsNot) {
  const auto folder = TempFolder::Make().value();
  EXPECT_EQ(
      ExportMaterial({.english = true, .families = {"piqa"}, .out = folder->path()}).message(),
      "no family \"piqa\"; there are boolq, gsm8k, winogrande");
  EXPECT_EQ(ExportMaterial({.english = true, .rows = 301, .out = folder->path()}).message(),
            "boolq has 1 to 300 rows of split train, asked for 301");
  EXPECT_EQ(ExportMaterial({.english = true, .tests = 0, .out = folder->path()}).message(),
            "boolq has 1 to 100 rows of split test, asked for 0");
}

}  // namespace
}  // namespace tuneward
