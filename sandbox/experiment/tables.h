// The Markdown page of a mixing experiment: targets with their verdicts first, then the figures
// they stand on. Pure.
#pragma once

#include <string>
#include <vector>

#include "sandbox/experiment/endpoint.h"
#include "sandbox/experiment/grid_results.h"
#include "sandbox/experiment/targets.h"

namespace tuneward {

// Each returns a Markdown section without its heading, ending with a newline.
// `provisional`: on fewer seeds or requests than the targets ask for; each verdict says so.
std::string TargetsTable(const std::vector<Target>& targets, bool provisional);
// Family by family, what the primary endpoint is decided by.
std::string EndpointTable(const Endpoint& endpoint);
// The arms of one model and strategy, averaged over the families that all of them have.
std::string AveragesTable(const GridResults& grid, const std::string& model,
                          const std::string& strategy);
// Families x arms.
std::string CellsTable(const GridResults& grid, const std::string& model,
                       const std::string& strategy);
// Records of a rate above zero; empty where there are none.
std::string RatesTable(const GridResults& grid, const std::string& model);
// Arms compared on the seeds that both have; Holm over the families of a strategy and a pair.
std::string ComparisonsTable(const GridResults& grid, const std::string& model,
                             const std::string& strategy);

}  // namespace tuneward
