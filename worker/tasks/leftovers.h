// What tasks of killed processes have left in a worker's cache: a task removes its own folder, a
// kill -9 does not let it.
#pragma once

#include <chrono>
#include <string>

namespace tuneward {

// The rows of an audit that was broken off are read again by the next process, so a folder stays
// for a while.
inline constexpr std::chrono::hours kLeftoverAge{24};

// Removes what has not been written to for that long. Called at a start, when no task runs; what
// cannot be removed stays.
void RemoveLeftovers(const std::string& work_folder, std::chrono::hours older_than = kLeftoverAge);

}  // namespace tuneward
