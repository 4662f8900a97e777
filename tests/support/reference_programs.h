// The Python environment of `scripts/setup.sh --reference`, which holds the programs that tests
// compare with. A test that needs it is skipped without, and fails where TUNEWARD_REQUIRE holds
// "peft". One thread.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "core/base/file.h"

namespace tuneward {

inline constexpr char kReferenceFolder[] = TUNEWARD_SOURCE_DIR "/tests/reference/";
inline constexpr char kReferencePython[] = TUNEWARD_DEPS "/venv-reference/bin/python";

// Complete when its list of packages is today's.
inline bool HasReferencePrograms() {
  const auto wanted = ReadFile(std::string(kReferenceFolder) + "requirements.txt");
  const auto installed = ReadFile(TUNEWARD_DEPS "/venv-reference/.complete");
  return wanted.ok() && installed.ok() && *wanted == *installed;
}

inline bool ReferenceIsRequired() {
  const char* required = std::getenv("TUNEWARD_REQUIRE");
  return required != nullptr && std::string_view(required).find("peft") != std::string_view::npos;
}

}  // namespace tuneward

#define TW_NEEDS_REFERENCE_PROGRAMS()                                                         \
  do {                                                                                        \
    if (!::tuneward::HasReferencePrograms() && !::tuneward::ReferenceIsRequired())            \
      GTEST_SKIP() << "the reference programs are missing: run scripts/setup.sh --reference"; \
    ASSERT_TRUE(::tuneward::HasReferencePrograms()) << "run scripts/setup.sh --reference";    \
  } while (false)
