#include "worker/engine/early_stop.h"

namespace tuneward {

bool EarlyStop::See(int64_t step, double loss, double min_delta) {
  if (best_step > 0 && !(loss < best_loss - min_delta)) {
    ++worse;
    return false;
  }
  best_step = step;
  best_loss = loss;
  worse = 0;
  return true;
}

}  // namespace tuneward
