#include "core/base/ids.h"

#include <gtest/gtest.h>

namespace tuneward {
namespace {

class ZeroEntropy final : public EntropySource {
 public:
  void Fill(uint8_t* bytes, size_t size) override { std::fill(bytes, bytes + size, 0); }
};

TEST(IdGeneratorTest, WritesTheTimeAndCountsWithinAMillisecond) {
  FakeClock clock;
  ZeroEntropy entropy;
  IdGenerator ids(clock, entropy);
  // 1704067200000 ms in Crockford base 32.
  EXPECT_EQ(ids.Make("file-"), "file-01hk153x000000000000000000");
  EXPECT_EQ(ids.Make("file-"), "file-01hk153x000000000000000001");
  clock.Advance(std::chrono::milliseconds(1));
  EXPECT_EQ(ids.Make("ftjob-"), "ftjob-01hk153x010000000000000000");
}

TEST(CheckIdTest, AcceptsOnlyTheContract) {
  EXPECT_TRUE(CheckProjectId("default").ok());
  for (const char* bad : {"ab", "", "1abc", "Abc", "a/b", "a b c"})
    EXPECT_FALSE(CheckProjectId(bad).ok()) << bad;
  EXPECT_TRUE(CheckBaseModelId("nano-1.0").ok());
  for (const char* bad : {"", "-x", "a/b", "..", "A"})
    EXPECT_FALSE(CheckBaseModelId(bad).ok()) << bad;
}

}  // namespace
}  // namespace tuneward
