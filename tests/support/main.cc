// The test runner's main: googletest, plus exit status 77 (ctest: skipped) when every test of the
// binary was skipped for want of something the machine lacks. TUNEWARD_REQUIRE (set in CI) turns
// such skips into failures in the tests themselves.
#include <gtest/gtest.h>

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const int rc = RUN_ALL_TESTS();
  const auto& unit = *testing::UnitTest::GetInstance();
  if (rc == 0 && unit.successful_test_count() == 0 && unit.skipped_test_count() > 0) return 77;
  return rc;
}
