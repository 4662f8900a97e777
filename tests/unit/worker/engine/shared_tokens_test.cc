#include "worker/engine/shared_tokens.h"

#include <gtest/gtest.h>

namespace tuneward {
namespace {

using Ints = std::vector<int64_t>;

TEST(SharedTokensTest, AlikeBeginningsAreOne) {
  const std::vector<TokenId> a = {5, 6, 7}, b = {5, 6, 8, 7}, c = {6, 7};
  SharedTokens shared;
  EXPECT_EQ(shared.NewTokens(a, nullptr), 3);
  for (const auto& row : {a, b, a, c}) shared.Add(row, nullptr);
  EXPECT_EQ(shared.token_U(), (Ints{5, 6, 7, 8, 7, 6, 7}));
  EXPECT_EQ(shared.unique_T(), (Ints{0, 1, 2, 0, 1, 3, 4, 0, 1, 2, 5, 6}));
  EXPECT_EQ(shared.first_U(), (Ints{0, 1, 2, 5, 6, 10, 11}));
  EXPECT_EQ(shared.position_T(), (Ints{0, 1, 2, 0, 1, 2, 3, 0, 1, 2, 0, 1}));
  EXPECT_EQ(shared.cu_seqlens(), (Ints{0, 3, 7, 10, 12}));
  EXPECT_EQ(shared.NewTokens(b, nullptr), 0);
  EXPECT_EQ(shared.NewTokens(std::vector<TokenId>{5, 6, 9, 7}, nullptr), 2);
  EXPECT_EQ(shared.places(), 12);
}

TEST(SharedTokensTest, KnownBeginningsComeFirstAndEndWhereTheRowSays) {
  const std::vector<TokenId> a = {5, 6, 7, 8}, b = {5, 6, 9};
  SharedTokens shared;
  EXPECT_EQ(shared.AddKnown(std::vector<TokenId>{5, 6, 7}, nullptr), 0u);
  EXPECT_EQ(shared.AddKnown(std::vector<TokenId>{5, 6, 9}, nullptr), 2u);
  EXPECT_EQ(shared.known(), 4);
  shared.Add(a, nullptr, 3);
  shared.Add(b, nullptr, 1);  // of 6 something else is wanted, and 9 stands after it
  shared.Add(a, nullptr, 2);
  EXPECT_EQ(shared.unique_T(), (Ints{0, 1, 2, 4, 0, 5, 6, 0, 1, 7, 8}));
  EXPECT_EQ(shared.token_U(), (Ints{5, 6, 7, 9, 8, 6, 9, 7, 8}));
  EXPECT_EQ(shared.first_U(), (Ints{-1, -1, -1, -1, 3, 5, 6, 9, 10}));
}

TEST(SharedTokensTest, TokensThatAreNotSharedAreTheRowsOwn) {
  const std::vector<TokenId> a = {5, 6, 7}, b = {5, 6, 7, 8};
  SharedTokens shared;
  shared.Add(a, nullptr, 0, 2);
  shared.Add(a, nullptr, 0, 1);
  shared.Add(b, nullptr);  // neither row's own tokens lead on
  EXPECT_EQ(shared.unique_T(), (Ints{0, 1, 2, 0, 3, 4, 0, 1, 5, 6}));
  EXPECT_EQ(shared.first_U(), (Ints{0, 1, 2, 4, 5, 8, 9}));
}

TEST(SharedTokensTest, AnotherAdapterSharesNothing) {
  const std::vector<TokenId> row = {5, 6};
  // Adapters are names here, nobody looks inside.
  const auto* adapter = reinterpret_cast<const Adapter*>(&row);
  SharedTokens shared;
  shared.Add(row, nullptr);
  EXPECT_EQ(shared.NewTokens(row, adapter), 2);
  shared.Add(row, adapter);
  EXPECT_EQ(shared.unique_T(), (Ints{0, 1, 2, 3}));
  EXPECT_EQ(shared.adapter_U(), (std::vector<const Adapter*>{nullptr, nullptr, adapter, adapter}));
}

}  // namespace
}  // namespace tuneward
