// engine.h's RowBatch over a decoder: rows wait until the next step and join there together.
#pragma once

#include <memory>

#include "worker/engine/decoder.h"
#include "worker/engine/prefix_cache.h"

namespace tuneward {

// `prefixes` may be null.
std::unique_ptr<RowBatch> MakeRowBatch(const Decoder& decoder, int threads, PrefixCache* prefixes,
                                       OnToken on_token, OnEnd on_end);

}  // namespace tuneward
