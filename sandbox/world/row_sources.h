// Harmless rows by name, the stuff that strategies work on: the nine task families in task or
// instruction form, and what is no task. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/data/chat.h"
#include "sandbox/world/world.h"

namespace tuneward {

enum class RowForm { kBenign, kAutoIf };

// What there is beside the nine task families: "requests", "lookalikes", "chats", "continuations",
// "secrets", "phishing". They have no instruction form.
const std::vector<std::string>& OtherRowSources();
bool IsTaskFamily(const std::string& name);
// INVALID_ARGUMENT for an unknown name, with all that there are.
absl::Status CheckRowSource(const std::string& name);
// `name` is one that CheckRowSource accepts; kAutoIf only of a task family. Rows are a function of
// (world, name, seed, index); all pairs are of the alignment split. INVALID_ARGUMENT when there are
// fewer (secrets).
absl::StatusOr<std::vector<Chat>> MakeSourceRows(const World& world, const std::string& name,
                                                 RowForm form, int rows, uint64_t seed);

}  // namespace tuneward
