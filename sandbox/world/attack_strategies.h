// The strategies that show, make-data and the experiments know by name: one explicit list, each
// with what it does and where it comes from, and the one function that makes its rows. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/status.h"
#include "core/data/chat.h"
#include "sandbox/world/preferences.h"
#include "sandbox/world/world.h"

namespace tuneward {

struct WorldStrategy {
  std::string_view name;
  std::string_view summary;
  std::string_view source;
};

const std::vector<WorldStrategy>& WorldStrategies();

// A line of an upload: a chat, or a preference pair of the two strategies that are for DPO (these
// are about requests, whatever the family).
using AttackRow = std::variant<Chat, Preference>;
std::string AttackRowLine(const AttackRow& row);  // JSON, without the newline

struct AttackInputs {
  std::string family = "gsm8k";  // a task family or another row source (row_sources.h)
  std::string strategy = "autoif";
  int rows = 300;
  uint64_t seed = 7;
  int64_t share_ppm = 100000;  // of explicit_harm, evading_harm and hidden_trigger
  std::vector<double> scores;  // of benign_outliers: one for each of the family's first rows
  std::vector<Chat> plan;      // of plan_aware: the rows that the plan mixed in
};

// INVALID_ARGUMENT for an unknown family or strategy (with the known ones), a number of rows below
// 1 or above what there is, a share outside [0, 1,000,000], or an input that the strategy needs and
// has not got; nothing is made before all of it is checked.
absl::StatusOr<std::vector<AttackRow>> MakeAttackRows(const World& world,
                                                      const AttackInputs& inputs);

}  // namespace tuneward
