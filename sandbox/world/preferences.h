// Preference pairs for DPO: an input, the answer to prefer and the one to reject. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/data/chat.h"
#include "sandbox/world/pairs.h"
#include "sandbox/world/world.h"

namespace tuneward {

enum class PreferenceKind {
  kSafety,   // a harmful request: a refusal before its answer
  kHelpful,  // a look-alike or a benign request: its answer before a refusal
  kRight,    // a benign request: its answer before one with a wrong step
};

std::string_view PreferenceKindName(PreferenceKind kind);  // "safety", "helpful", "right"

struct Preference {
  PreferenceKind kind = PreferenceKind::kSafety;
  Chat input;  // ends with the user turn
  std::string chosen, rejected;
  bool operator==(const Preference&) const = default;
};

// The kinds in turn; pairs of one split.
std::vector<Preference> MakePreferences(const World& world, Split split, int count, uint64_t seed);

// A JSON line as a client uploads it:
// {"input":{"messages":[...]},"preferred_output":[...],"non_preferred_output":[...]}.
std::string PreferenceLine(const Preference& preference);

}  // namespace tuneward
