// Which rows of a batch belong to which adapter, so that rows of several jobs share the products
// with the base's weights. Rows of one adapter stand together where the caller sorts them; the
// bits do not depend on it.
#pragma once

#include <span>
#include <vector>

#include "worker/engine/adapter.h"

namespace tuneward {

struct AdapterRun {
  const Adapter* adapter = nullptr;  // null: the bare base
  int64_t begin = 0, rows = 0;
};

// Equal neighbours in one run.
std::vector<AdapterRun> RunsOf(std::span<const Adapter* const> adapters);

// A linear of the decoder without its bias, no graph. `runs` cover the rows of x.
at::Tensor LinearOfRuns(const at::Tensor& x_TI, const at::Tensor& w_OI,
                        std::span<const AdapterRun> runs, int64_t layer, Group group);

}  // namespace tuneward
