#include "core/base/random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace tuneward {
namespace {

// Random123 1.14, tests/kat_vectors, philox4x32 10 rounds.
TEST(PhiloxTest, MatchesPublishedVectors) {
  using A4 = std::array<uint32_t, 4>;
  EXPECT_EQ(Philox4x32({0, 0, 0, 0}, {0, 0}), (A4{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(Philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (A4{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(Philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (A4{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(RandomStreamTest, RepeatsAndSeparatesStreams) {
  RandomStream a(7, "order", 1), b(7, "order", 1), c(7, "order", 2), d(8, "order", 1),
      e(7, "mix/select", 1);
  const uint64_t first = a.Bits64();
  EXPECT_EQ(first, b.Bits64());
  std::set<uint64_t> all = {first, c.Bits64(), d.Bits64(), e.Bits64()};
  EXPECT_EQ(all.size(), 4u);
}

TEST(RandomStreamTest, DrawsStayInRangeAndLookUniform) {
  RandomStream stream(1, "test");
  std::vector<int> counts(6);
  for (int i = 0; i < 60000; ++i) ++counts[stream.Below(6)];
  for (int count : counts) EXPECT_NEAR(count, 10000, 500);
  double sum = 0, squares = 0;
  for (int i = 0; i < 100000; ++i) {
    const double x = stream.Normal();
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / 100000, 0, 0.02);
  EXPECT_NEAR(squares / 100000, 1, 0.02);
  for (int i = 0; i < 1000; ++i) {
    const float u = stream.Uniform();
    EXPECT_GE(u, 0.0f);
    EXPECT_LT(u, 1.0f);
  }
}

TEST(RandomStreamTest, PermutationHoldsEachIndexOnce) {
  RandomStream stream(3, "order", 0);
  auto order = stream.Permutation(100);
  EXPECT_EQ(std::set<int64_t>(order.begin(), order.end()).size(), 100u);
  EXPECT_NE(order, RandomStream(3, "order", 1).Permutation(100));
}

}  // namespace
}  // namespace tuneward
