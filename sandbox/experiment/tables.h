// Tables of figures: the arms of a strategy averaged over families and family by family, the model
// before tuning, the rate sweep. Each is a Markdown table that ends with a newline. Pure.
#pragma once

#include <string>

#include "sandbox/experiment/grid_results.h"
#include "sandbox/experiment/rate_sweep.h"

namespace tuneward {

// Over the families that all arms have.
std::string AveragesTable(const GridResults& grid, const std::string& model,
                          const std::string& strategy);
// Families x arms.
std::string CellsTable(const GridResults& grid, const std::string& model,
                       const std::string& strategy);
// Families x strategies of kUntunedArm; empty where there are none.
std::string UntunedTable(const GridResults& grid, const std::string& model);
// Arms x rates, over the sweep's families.
std::string RateAveragesTable(const GridResults& grid, const std::string& model,
                              const RateSweep& sweep);
// All records of a rate above zero, whatever their strategy; empty where there are none.
std::string RatesTable(const GridResults& grid, const std::string& model);

}  // namespace tuneward
