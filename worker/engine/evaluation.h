// The loss on rows that are not trained on, with the adapter, without dropout and without a graph.
#pragma once

#include "worker/engine/decoder.h"

namespace tuneward {

// Over inputs.eval_rows, packed by `micro_batch_tokens`.
EvalMetrics Evaluate(const Decoder& decoder, const Adapter* adapter, const TrainInputs& inputs,
                     int64_t micro_batch_tokens);

}  // namespace tuneward
