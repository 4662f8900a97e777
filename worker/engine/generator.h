// Batched generation with a KV cache: rows of mixed lengths and adapters are run in groups,
// finished rows are dropped from the batch. A row's tokens do not depend on the rows beside it. One
// thread.
#pragma once

#include <vector>

#include "worker/engine/decoder.h"

namespace tuneward {

absl::StatusOr<std::vector<Generation>> RunGeneration(const Decoder& decoder,
                                                      const std::vector<GenerationRow>& rows,
                                                      const OnToken& on_token, const OnEnd& on_end);

}  // namespace tuneward
