// When a training has stopped getting better: counts evaluations in a row whose loss was not lower
// than the best one by more than a margin. Plain value; its state is what a checkpoint keeps. Pure.
#pragma once

#include <cstdint>

namespace tuneward {

struct EarlyStop {
  int64_t best_step = 0;  // 0: nothing seen
  double best_loss = 0;
  int64_t worse = 0;  // evaluations since the best one

  // Takes in an evaluation; true: it is the best so far.
  bool See(int64_t step, double loss, double min_delta);
};

}  // namespace tuneward
