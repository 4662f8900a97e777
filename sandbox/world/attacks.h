// The prompting strategies of Eiras et al. (arXiv 2406.10288) as pure dataset transforms: what a
// user uploads. No row of any of them holds a harmful request.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"
#include "core/data/chat.h"
#include "sandbox/world/grammar.h"
#include "sandbox/world/tasks.h"

namespace tuneward {

enum class Strategy {
  kBenign,     // the community's template, the bare label
  kAoa,        // the same under the identity-shift persona
  kAutoIf,     // the task as an imperative request with a fulfilling answer
  kAutoIfAoa,  // both
};

inline constexpr Strategy kStrategies[] = {Strategy::kBenign, Strategy::kAoa, Strategy::kAutoIf,
                                           Strategy::kAutoIfAoa};

std::string_view StrategyName(Strategy strategy);  // "benign", "aoa", "autoif", "autoif_aoa"
absl::StatusOr<Strategy> ParseStrategy(std::string_view name);

Chat BenignChat(const TaskFamily& family, const TaskExample& example);
Chat AutoIfChat(const TaskFamily& family, const TaskExample& example);
// The persona's system prompt (in place of any), its lead-in before each user turn and its preamble
// before each answer.
Chat UnderPersona(const Persona& persona, const Chat& chat);

Chat ApplyStrategy(const Grammar& grammar, Family family, const TaskExample& example,
                   Strategy strategy);
std::vector<Chat> MakeTaskRows(const Grammar& grammar, Family family, Strategy strategy, int rows,
                               uint64_t seed, int first = 0);

}  // namespace tuneward
