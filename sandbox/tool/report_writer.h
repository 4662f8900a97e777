// The report of a grid as files of a folder, and its main table on standard output.
#pragma once

#include <string>
#include <vector>

#include "core/base/status.h"
#include "sandbox/experiment/cell.h"
#include "sandbox/experiment/report.h"

namespace tuneward {

// Where the figures come from is filled into `header`.
absl::Status WriteParaphraseReport(ReportHeader header, const std::vector<CellRecord>& records,
                                   const std::string& folder);

}  // namespace tuneward
