// The figures of a mixing experiment as rows of docs/results/*.json (scripts/record_result.py
// describes them): means over the families a strategy and arm, and the targets. Pure.
#pragma once

#include <string>
#include <vector>

#include "sandbox/experiment/grid_results.h"
#include "sandbox/experiment/report.h"
#include "sandbox/experiment/targets.h"

namespace tuneward {

// A JSON list sorted by name, one row an object. Figures of the header's model.
std::string ResultRows(const ReportHeader& header, const GridResults& grid,
                       const std::vector<Target>& targets);

}  // namespace tuneward
