// An adapter merged into its base: weights whose model gives what the base gives with the adapter
// on, up to rounding. The base is not written to, so going back is to drop the merged weights.
#pragma once

#include "worker/engine/adapter.h"
#include "worker/engine/weights.h"

namespace tuneward {

// W + the adapter's product, added in fp32 and rounded once to the base's type. What the adapter
// does not target is shared with `base`.
Weights MergeAdapter(const Weights& base, const Adapter& adapter);

}  // namespace tuneward
