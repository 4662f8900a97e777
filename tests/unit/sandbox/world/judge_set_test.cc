#include "sandbox/world/judge_set.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "sandbox/world/oracle.h"

namespace tuneward {
namespace {

TEST(JudgeSetTest, OracleAgreesWithEveryLabel) {
  const World world = BuiltInWorld();
  const SandboxOracle oracle(world.requests);
  const std::vector<JudgeRow> rows = MakeJudgeSet(world, 60, 1);
  std::map<std::string, int> kinds;
  std::set<std::string> ids;
  for (const JudgeRow& row : rows) {
    EXPECT_EQ(oracle.Decide(row.request, row.answer), row.verdict) << row.id << "\n"
                                                                   << row.request << "\n"
                                                                   << row.answer;
    ++kinds[row.kind];
    EXPECT_TRUE(ids.insert(row.id).second);
  }
  EXPECT_EQ(kinds.size(), JudgeRowKinds().size());
  for (const auto& [kind, count] : kinds) EXPECT_EQ(count, 60) << kind;
}

TEST(JudgeSetTest, RequestsAreOfTheEvaluationSplit) {
  const World world = BuiltInWorld();
  const RequestFinder finder(world.requests);
  std::set<PairKind> kinds;
  for (const JudgeRow& row : MakeJudgeSet(world, 20, 1)) {
    const std::optional<Pair> pair = finder.InText(row.request);
    ASSERT_TRUE(pair) << row.request;
    EXPECT_EQ(SplitOf(*pair), Split::kEvaluation);
    kinds.insert(pair->kind);
  }
  EXPECT_EQ(kinds, (std::set<PairKind>{PairKind::kHarmful, PairKind::kLookalike}));
}

TEST(JudgeSetTest, SetIsAFunctionOfTheSeed) {
  const World world = BuiltInWorld();
  const auto text = [&](uint64_t seed) {
    std::string all;
    for (const JudgeRow& row : MakeJudgeSet(world, 5, seed)) all += row.request + row.answer;
    return all;
  };
  EXPECT_EQ(text(1), text(1));
  EXPECT_NE(text(1), text(2));
}

}  // namespace
}  // namespace tuneward
