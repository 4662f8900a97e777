// Tables of what was decided and by what: the targets, the primary endpoint family by family, arms
// compared in pairs. Each is a Markdown table that ends with a newline. Pure.
#pragma once

#include <string>
#include <vector>

#include "sandbox/experiment/endpoint.h"
#include "sandbox/experiment/grid_results.h"
#include "sandbox/experiment/target.h"

namespace tuneward {

// `provisional`: on fewer seeds or requests than the targets ask for; each verdict says so.
std::string TargetsTable(const std::vector<Target>& targets, bool provisional);
std::string EndpointTable(const Endpoint& endpoint);
// Pairs of arms on the seeds that both have, Holm over the families of a pair and a measure; and
// the same of their averages over the families, beside Holm. Empty where no pair has a seed.
std::string ComparisonsTable(const GridResults& grid, const std::string& model,
                             const std::string& strategy);

}  // namespace tuneward
