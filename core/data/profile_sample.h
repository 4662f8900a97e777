// The sample of a file that is profiled: which rows are in it, and what is kept of each, so that
// its memory is bounded. Pure.
#pragma once

#include <cstdint>

#include "core/data/data_row.h"

namespace tuneward {

// A row's place in the sample: a hash of its content and ordinal, so that no period of the file can
// hide rows from the sample, and no draw is needed.
uint64_t SampleKey(const Chat& chat, uint64_t ordinal);

// A row as the sample keeps it. Of a long one the first messages, each without its middle: what
// frames a request is seen however much a client hangs on to the row (and has cut off again by the
// context). A preference keeps its preferred answer, too, which is its last message.
Chat ForSample(const DataRow& row);

}  // namespace tuneward
