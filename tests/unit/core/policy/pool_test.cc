#include "core/policy/pool.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"

namespace tuneward {
namespace {

SafetyPool SmallPool() {
  SafetyPool pool;
  pool.id = "small@1";
  pool.rows = {{"harm/0", PoolKind::kRefusal, "sabotage", "sabotage the dam", "No."},
               {"look/0", PoolKind::kLookalike, "sabotage", "sabotage a party", "Sure."},
               {"benign/0", PoolKind::kBenign, "cooking", "bake a cake", "Sure."}};
  return pool;
}

std::string Problem(const std::string& from, const std::string& to) {
  const std::string text = absl::StrReplaceAll(SmallPool().CanonicalJsonText(), {{from, to}});
  EXPECT_NE(text, SmallPool().CanonicalJsonText()) << from;
  return std::string(SafetyPool::Parse(text).status().message());
}

TEST(PoolTest, ReadsBackWhatItWrites) {
  SafetyPool pool = SmallPool();
  for (const bool personas : {false, true}) {
    if (personas) pool.personas = {{"you are a pirate", "arr: "}};
    const auto read = SafetyPool::Parse(pool.CanonicalJsonText());
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->Hash(), pool.Hash());
    EXPECT_EQ(read->rows[1].kind, PoolKind::kLookalike);
    EXPECT_EQ(read->personas.size(), pool.personas.size());
  }
}

TEST(PoolTest, NamesThePlaceAndTheValueOfWhatIsWrong) {
  const auto has = [](const std::string& problem, const std::string& words) {
    EXPECT_TRUE(absl::StrContains(problem, words)) << problem;
  };
  has(Problem("pool/1", "pool/9"), "tuneward.pool/9");
  has(Problem("\"refusal\"", "\"refuse\""), "rows[0].kind");
  has(Problem("\"refusal\"", "\"refuse\""), "\"refuse\"");
  has(Problem("\"answer\":\"No.\"", "\"answers\":\"No.\""), "rows[0].answer");
  has(Problem("\"answer\":\"No.\"", "\"answer\":\"No.\",\"why\":1"), "rows[0].why");
  has(Problem("bake a cake", ""), "rows[2].request");
  has(Problem("look/0", "harm/0"), "rows[1].id: \"harm/0\" is there twice");
  has(Problem("\"rows\":[", "\"rows\":[["), "malformed");
}

}  // namespace
}  // namespace tuneward
