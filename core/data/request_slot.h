// Which of a skeleton's slots holds what is asked, so that a safety request stands where the user's
// own requests do: not in a passage, nor among the choices. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace tuneward {

// `before[s]` is the fixed text before slot s, values[r][s] what row r has there. The slot behind a
// label that asks ("Question:"), else the last that holds questions, else the one whose values hold
// most of what differs between rows; lists of choices only where there is nothing else.
size_t RequestSlot(const std::vector<std::string>& before,
                   const std::vector<std::vector<std::string>>& values);

}  // namespace tuneward
