// A fast reader of rows that are good beyond doubt, on a parser that is reused. It need not accept
// every good row, because the strict reader (data_row.h) looks at the others and says what is
// wrong; but it must never accept what that one refuses. Pure.
#pragma once

#include <simdjson.h>

#include "core/data/data_row.h"

namespace tuneward {

// `row` is overwritten: its strings keep their memory from line to line.
bool ReadFastRow(simdjson::dom::element element, DataRow& row);

}  // namespace tuneward
