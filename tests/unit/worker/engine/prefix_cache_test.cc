#include "worker/engine/prefix_cache.h"

#include <gtest/gtest.h>

#include <numeric>

namespace tuneward {
namespace {

constexpr int64_t kBlock = PrefixCache::kBlockTokens;

std::vector<TokenId> Tokens(int64_t count, TokenId first = 0) {
  std::vector<TokenId> tokens(static_cast<size_t>(count));
  std::iota(tokens.begin(), tokens.end(), first);
  return tokens;
}

std::vector<TokenId> Joined(std::vector<TokenId> a, const std::vector<TokenId>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// Blocks of 64 bytes that hold a number; which ones were made is kept.
class PrefixCacheTest : public testing::Test {
 protected:
  std::vector<int64_t> Add(PrefixCache& cache, uint64_t adapter,
                           const std::vector<TokenId>& tokens) {
    std::vector<int64_t> made;
    cache.Add(adapter, tokens, [&](int64_t block) {
      made.push_back(block);
      return at::full({16}, ++made_, at::kFloat);
    });
    return made;
  }
  static std::vector<int> Values(const std::vector<PrefixCache::Block>& blocks) {
    std::vector<int> values;
    for (const auto& block : blocks) values.push_back((*block)[0].item<int>());
    return values;
  }
  int made_ = 0;
};

TEST_F(PrefixCacheTest, FindsWholeBlocksOfTheSameBeginningAndAdapter) {
  PrefixCache cache(1 << 20);
  const auto prompt = Tokens(3 * kBlock + 5);
  EXPECT_EQ(Add(cache, 1, prompt), (std::vector<int64_t>{0, 1, 2}));
  EXPECT_EQ(Values(cache.Find(1, prompt, 1000)), (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(Values(cache.Find(1, prompt, 3 * kBlock - 1)), (std::vector<int>{1, 2}));
  EXPECT_TRUE(cache.Find(1, prompt, kBlock - 1).empty());
  EXPECT_TRUE(cache.Find(1, prompt, -1).empty());
  EXPECT_TRUE(cache.Find(2, prompt, 1000).empty());
  EXPECT_TRUE(cache.Find(1, Tokens(100, 1), 1000).empty());
  // The same tokens after others are another block.
  EXPECT_TRUE(cache.Find(1, {prompt.begin() + kBlock, prompt.end()}, 1000).empty());
  EXPECT_EQ(cache.bytes(), 3 * 64);
  cache.Clear();
  EXPECT_TRUE(cache.Find(1, prompt, 1000).empty());
  EXPECT_EQ(cache.bytes(), 0);
}

TEST_F(PrefixCacheTest, StoresEqualBeginningsOnce) {
  PrefixCache cache(1 << 20);
  const auto system = Tokens(2 * kBlock);
  EXPECT_EQ(Add(cache, 0, Joined(system, Tokens(kBlock, 500))).size(), 3u);
  EXPECT_EQ(Add(cache, 0, Joined(system, Tokens(2 * kBlock, 700))), (std::vector<int64_t>{2, 3}));
  EXPECT_TRUE(Add(cache, 0, system).empty());
  EXPECT_EQ(cache.bytes(), 5 * 64);
}

TEST_F(PrefixCacheTest, TheLeastRecentlyUsedGoFirstAndEndsBeforeBeginnings) {
  PrefixCache cache(5 * 64);
  const auto system = Tokens(2 * kBlock);
  const auto a = Joined(system, Tokens(kBlock, 500)), b = Joined(system, Tokens(kBlock, 600)),
             c = Joined(system, Tokens(2 * kBlock, 700));
  Add(cache, 0, a);
  Add(cache, 0, b);
  EXPECT_EQ(cache.Find(0, a, 1000).size(), 3u);  // b's end is now the oldest
  Add(cache, 0, c);
  EXPECT_EQ(cache.bytes(), 5 * 64);
  EXPECT_EQ(cache.Find(0, a, 1000).size(), 3u);
  EXPECT_EQ(cache.Find(0, b, 1000).size(), 2u);
  EXPECT_EQ(cache.Find(0, c, 1000).size(), 4u);
  // Another prompt of its own takes the place of ends, and the rest of the chains stays whole.
  Add(cache, 0, Tokens(2 * kBlock, 9000));
  EXPECT_EQ(cache.Find(0, a, 1000).size(), 2u);
  EXPECT_EQ(cache.Find(0, c, 1000).size(), 3u);
  EXPECT_EQ(cache.bytes(), 5 * 64);
}

TEST_F(PrefixCacheTest, OfAPromptLongerThanTheCacheItsBeginningIsKept) {
  PrefixCache cache(2 * 64);
  EXPECT_EQ(Add(cache, 0, Tokens(5 * kBlock)).size(), 3u);  // the third shows that it is too much
  EXPECT_EQ(cache.Find(0, Tokens(5 * kBlock), 1000).size(), 2u);
  EXPECT_EQ(cache.bytes(), 2 * 64);
}

TEST_F(PrefixCacheTest, WhatWasFoundOutlivesTheCache) {
  PrefixCache cache(64);
  Add(cache, 0, Tokens(kBlock));
  const auto found = cache.Find(0, Tokens(kBlock), 1000);
  Add(cache, 0, Tokens(kBlock, 50));
  EXPECT_TRUE(cache.Find(0, Tokens(kBlock), 1000).empty());
  EXPECT_EQ(Values(found), (std::vector<int>{1}));
}

}  // namespace
}  // namespace tuneward
