// Base of tests that run a Stack: starts it, skips where PostgreSQL is missing (fails instead when
// TUNEWARD_REQUIRE holds "pg").
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/chaos/stack.h"

namespace tuneward {

class StackTest : public testing::Test {
 protected:
  // False: skipped, or the test has failed.
  bool StartStack(const StackOptions& options = {});
  std::string Logs();  // of every process

  std::unique_ptr<Stack> stack_;
};

}  // namespace tuneward
