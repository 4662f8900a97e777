// Replays the kept inputs, those of former findings among them, with the ordinary compiler: what
// was found once stays found without libFuzzer.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "core/base/file.h"
#include "tests/fuzz/targets.h"

namespace tuneward::fuzz {
namespace {

namespace fs = std::filesystem;

class CorpusTest : public testing::TestWithParam<Target> {};

TEST_P(CorpusTest, KeptInputsPass) {
  const fs::path folder =
      fs::path(TUNEWARD_SOURCE_DIR) / "tests/fuzz/corpus" / std::string(GetParam().name);
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  ASSERT_GE(files.size(), 10u) << folder;
  for (const fs::path& file : files) {
    SCOPED_TRACE(file.string());
    const auto bytes = ReadFile(file.string());
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    GetParam().run(*bytes);
    // Cut short and with one byte changed: what a fuzzer tries first.
    GetParam().run(bytes->substr(0, bytes->size() / 2));
    std::string changed = *bytes;
    if (!changed.empty()) changed[changed.size() / 3] ^= 0x20;
    GetParam().run(changed);
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, CorpusTest, testing::ValuesIn(Targets()),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace tuneward::fuzz
