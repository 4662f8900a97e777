// One line that says how far a grid is: cells, pace, time left. On a terminal it is rewritten in
// place, elsewhere written anew every ten seconds. The time is handed in. One thread.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

namespace tuneward {

// "12 of 264 cells, 3.1 s a cell, 13 min left"; `done` counts cells of this run, `before` those
// that were there already. Without a finished cell no pace.
std::string GridProgressText(int64_t before, int64_t done, int64_t cells, double seconds);

class GridProgress {
 public:
  GridProgress(int64_t before, int64_t cells, std::FILE* out);
  void Show(int64_t done, double seconds);  // since the start; writes when it is time to
  void Finish(int64_t done, double seconds);

 private:
  const int64_t before_, cells_;
  std::FILE* const out_;
  const bool terminal_;
  double next_;  // seconds
};

}  // namespace tuneward
