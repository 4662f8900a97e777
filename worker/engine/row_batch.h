// engine.h's RowBatch over a decoder: rows wait until the next step and join there together.
#pragma once

#include <memory>

#include "worker/engine/decoder.h"

namespace tuneward {

std::unique_ptr<RowBatch> MakeRowBatch(const Decoder& decoder, int threads, OnToken on_token,
                                       OnEnd on_end);

}  // namespace tuneward
