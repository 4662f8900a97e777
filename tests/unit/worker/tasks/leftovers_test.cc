#include "worker/tasks/leftovers.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "core/base/file.h"

namespace tuneward {
namespace {

namespace fs = std::filesystem;

TEST(LeftoversTest, RemovesWhatNobodyHasWrittenToForADay) {
  std::string pattern = (fs::temp_directory_path() / "tw_left_XXXXXX").string();
  const fs::path folder = mkdtemp(pattern.data());
  for (const char* name : {"old", "young"}) {
    ASSERT_TRUE(MakeFolders((folder / name / "adapter").string()).ok());
    ASSERT_TRUE(WriteFileAtomic((folder / name / "adapter" / "weights").string(), "x").ok());
  }
  fs::last_write_time(folder / "old",
                      fs::file_time_type::clock::now() - kLeftoverAge - std::chrono::minutes(1));
  RemoveLeftovers(folder.string());
  EXPECT_FALSE(fs::exists(folder / "old"));
  EXPECT_TRUE(fs::exists(folder / "young" / "adapter" / "weights"));
  fs::remove_all(folder);
  RemoveLeftovers(folder.string());  // a cache that is new
}

}  // namespace
}  // namespace tuneward
