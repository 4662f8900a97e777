// The Hugging Face tokenizers package itself, over random text (tests/reference/
// tokenizer_exchange.py). Needs the environment of `scripts/setup.sh --reference`.
#include <gtest/gtest.h>

#include <cstdio>

#include "core/base/file.h"
#include "core/base/json.h"
#include "tests/support/child_process.h"
#include "tests/support/reference_programs.h"
#include "tests/unit/core/text/tokenizer_cases.h"

namespace tuneward {
namespace {

constexpr int kTexts = 4000;

TEST(HfTokenizerTest, GivesTheIdsOfTheTokenizersPackageForRandomText) {
  TW_NEEDS_REFERENCE_PROGRAMS();
  const std::string folder = testing::TempDir() + "hf_tokenizer_test";
  ASSERT_TRUE(MakeFolders(folder).ok());
  ChildOptions options;
  options.output_file = folder + "/python.log";
  const absl::Status run =
      RunChild({kReferencePython, "-B", std::string(kReferenceFolder) + "tokenizer_exchange.py",
                "7", std::to_string(kTexts), folder + "/cases.json"},
               options);
  ASSERT_TRUE(run.ok()) << run << "\n" << ReadFile(options.output_file).value_or("");
  const Json cases = ParseJson(ReadFile(folder + "/cases.json").value()).value();
  for (const char* name : {"llama3", "qwen2", "gpt2"})
    EXPECT_EQ(CompareWithReference(cases, name), static_cast<size_t>(kTexts)) << name;
}

}  // namespace
}  // namespace tuneward
