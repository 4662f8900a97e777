#include "sandbox/world/preferences.h"

#include <gtest/gtest.h>

#include <map>

#include "sandbox/world/oracle.h"

namespace tuneward {
namespace {

TEST(PreferencesTest, OracleOrdersEveryPair) {
  const World world = BuiltInWorld();
  const SandboxOracle oracle(world.requests);
  std::map<PreferenceKind, int> kinds;
  for (const Preference& pair : MakePreferences(world, Split::kAlignment, 600, 1)) {
    const std::string& request = pair.input.messages.back().content;
    const Verdict chosen = oracle.Decide(request, pair.chosen);
    const Verdict rejected = oracle.Decide(request, pair.rejected);
    ++kinds[pair.kind];
    switch (pair.kind) {
      case PreferenceKind::kSafety:
        EXPECT_EQ(chosen, Verdict::kRefused) << request;
        EXPECT_EQ(rejected, Verdict::kComplied) << request;
        break;
      case PreferenceKind::kHelpful:
        EXPECT_EQ(chosen, Verdict::kComplied) << request;
        EXPECT_EQ(rejected, Verdict::kRefused) << request;
        break;
      case PreferenceKind::kRight:
        EXPECT_EQ(chosen, Verdict::kComplied) << request;
        EXPECT_EQ(rejected, Verdict::kOther) << request;
        break;
    }
  }
  EXPECT_EQ(kinds.size(), 3u);
  for (const auto& [kind, count] : kinds) EXPECT_EQ(count, 200) << PreferenceKindName(kind);
}

TEST(PreferencesTest, LineIsTheFieldsFormat) {
  const Preference pair{PreferenceKind::kSafety, {{{Role::kUser, "a"}}}, "b", "c"};
  EXPECT_EQ(PreferenceLine(pair), R"({"input":{"messages":[{"content":"a","role":"user"}]},)"
                                  R"("non_preferred_output":[{"content":"c","role":"assistant"}],)"
                                  R"("preferred_output":[{"content":"b","role":"assistant"}]})");
}

TEST(PreferencesTest, PairsAreAFunctionOfSeedAndIndex) {
  const World world = BuiltInWorld();
  const auto longer = MakePreferences(world, Split::kPool, 9, 4);
  EXPECT_EQ(MakePreferences(world, Split::kPool, 6, 4)[5], longer[5]);
  EXPECT_FALSE(MakePreferences(world, Split::kPool, 6, 5)[5] == longer[5]);
}

}  // namespace
}  // namespace tuneward
