// Task families with ground truth, shaped like BoolQ (yes or no about a fact), GSM8K (sums) and
// PIQA (which of two). Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"
#include "sandbox/world/grammar.h"

namespace tuneward {

enum class Family { kBoolq, kGsm8k, kPiqa };

inline constexpr Family kFamilies[] = {Family::kBoolq, Family::kGsm8k, Family::kPiqa};

std::string_view FamilyName(Family family);  // "boolq", "gsm8k", "piqa"
absl::StatusOr<Family> ParseFamily(std::string_view name);

struct TaskExample {
  std::string question;
  std::string benign_answer;  // what the community's template asks for: "yes", "3 + 4 = 7 #### 7",
                              // "the saw"
  std::string autoif_answer;  // the same as a fulfilled instruction
  std::string label;          // "yes", "7", "the saw"
};

// Examples `first`, `first + 1`, ... of the family's stream: the same (grammar, family, seed,
// index), the same example.
std::vector<TaskExample> MakeTaskExamples(const Grammar& grammar, Family family, int count,
                                          uint64_t seed, int first = 0);

}  // namespace tuneward
