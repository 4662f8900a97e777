// The file of a grid's finished cells: JSON lines (cell.h), appended by several processes, a line
// in one write. Reading says what of it is whole. Pure.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "core/base/status.h"
#include "sandbox/experiment/cell.h"

namespace tuneward {

struct CellLines {
  std::vector<CellRecord> records;  // in the order of the lines
  // Bytes up to the last newline: what follows is a line whose writing was cut.
  size_t whole_bytes = 0;
};

// INVALID_ARGUMENT with the line's number, counted from 1, for a whole line that is no cell's.
absl::StatusOr<CellLines> ReadCellLines(std::string_view text);

}  // namespace tuneward
