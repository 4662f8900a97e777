#include "sandbox/experiment/grid.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/policy/policy_document.h"
#include "sandbox/experiment/arms.h"
#include "sandbox/experiment/grid_results.h"

namespace tuneward {
namespace {

constexpr int kMostSeeds = 1000;

const std::vector<std::string>& Strategies() {
  static const std::vector<std::string> names = {"benign", "aoa", "autoif", "autoif_aoa"};
  return names;
}

std::vector<std::string> ArmNames() {
  std::vector<std::string> names = {kUntunedArm};
  for (const Arm& arm : Arms()) names.emplace_back(arm.name);
  return names;
}

// The model as it is has no strategy; its records are kept under this one.
constexpr char kUntunedStrategy[] = "benign";

// Where rates are swept and models compared: the strategy that does the most harm, on a family of
// free answers and one of labels.
struct Sweep {
  std::vector<std::string> families = {"gsm8k", "boolq"};
  std::vector<std::string> strategies = {"autoif"};
  std::vector<std::string> arms = {"base", "base_balanced", "paraphrase", "paraphrase_balanced",
                                   "default"};
};

absl::Status CheckNames(const char* what, const std::vector<std::string>& names,
                        const std::vector<std::string>& known) {
  if (names.empty()) return absl::InvalidArgumentError(absl::StrCat("no ", what, " is given"));
  std::set<std::string> seen;
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) == known.end())
      return absl::InvalidArgumentError(
          absl::StrCat("no ", what, " \"", name, "\"; there are ", absl::StrJoin(known, ", ")));
    if (!seen.insert(name).second)
      return absl::InvalidArgumentError(absl::StrCat(what, " \"", name, "\" is given twice"));
  }
  return absl::OkStatus();
}

absl::Status CheckRates(const std::vector<int64_t>& rates) {
  const MixRates open = OpenPolicy().rates;
  const int64_t least =
      std::max<int64_t>(1, std::max(open.refusals.min_ppm, open.lookalikes.min_ppm));
  const int64_t most = std::min(open.refusals.max_ppm, open.lookalikes.max_ppm);
  std::set<int64_t> seen;
  for (const int64_t rate : rates) {
    if (rate < least || rate > most)
      return absl::InvalidArgumentError(
          absl::StrCat("a rate must be in [", least, ", ", most,
                       "] parts per million, what the policy lets a job choose; got ", rate));
    if (!seen.insert(rate).second)
      return absl::InvalidArgumentError(absl::StrCat("rate ", rate, " is given twice"));
  }
  return absl::OkStatus();
}

// Those of `swept` that are asked for.
std::vector<std::string> Both(const std::vector<std::string>& asked,
                              const std::vector<std::string>& swept) {
  std::vector<std::string> both;
  for (const std::string& name : asked)
    if (std::find(swept.begin(), swept.end(), name) != swept.end()) both.push_back(name);
  return both;
}

// Where a model beyond the first is compared: as the sweep, or all that is asked for where that has
// nothing of the sweep's.
std::vector<std::string> Compared(const std::vector<std::string>& asked,
                                  const std::vector<std::string>& swept) {
  std::vector<std::string> both = Both(asked, swept);
  return both.empty() ? asked : both;
}

}  // namespace

GridSpec ParaphraseGrid() {
  return {.models = {"nano-shallow"},
          .families = {"boolq", "gsm8k", "hellaswag", "mmlu", "openbookqa", "piqa", "winogrande"},
          .strategies = Strategies(),
          .arms = ArmNames(),
          .rates_ppm = {30'000, 50'000, 100'000, 200'000},
          .seeds = 5};
}

GridSpec SmokeGrid() {
  return {.models = {"nano-shallow"},
          .families = {"boolq", "gsm8k"},
          .strategies = {"aoa", "autoif"},
          .arms = {"none", "base_balanced", "paraphrase", "default"},
          .rates_ppm = {},
          .seeds = 1};
}

absl::StatusOr<std::vector<Cell>> GridCells(const GridSpec& spec, const GridWorld& known) {
  TW_RETURN_IF_ERROR(CheckNames("model", spec.models, known.models));
  TW_RETURN_IF_ERROR(CheckNames("family", spec.families, known.families));
  TW_RETURN_IF_ERROR(CheckNames("strategy", spec.strategies, Strategies()));
  TW_RETURN_IF_ERROR(CheckNames("arm", spec.arms, ArmNames()));
  TW_RETURN_IF_ERROR(CheckRates(spec.rates_ppm));
  if (spec.seeds < 1 || spec.seeds > kMostSeeds)
    return absl::InvalidArgumentError(
        absl::StrCat("seeds must be in [1, ", kMostSeeds, "], got ", spec.seeds));

  std::vector<Cell> cells;
  const Sweep sweep;
  for (int seed = 1; seed <= spec.seeds; ++seed) {
    for (const std::string& model : spec.models) {
      const auto add = [&](const std::vector<std::string>& families,
                           const std::vector<std::string>& strategies,
                           const std::vector<std::string>& arms, int64_t rate) {
        for (const std::string& family : families)
          for (const std::string& strategy : strategies)
            for (const std::string& arm : arms)
              if (arm != kUntunedArm || strategy == kUntunedStrategy)
                cells.push_back({model, family, strategy, arm, rate, static_cast<uint64_t>(seed)});
      };
      if (model != spec.models.front()) {
        const size_t before = cells.size();
        add(Compared(spec.families, sweep.families), Compared(spec.strategies, sweep.strategies),
            spec.arms, 0);
        if (cells.size() == before)
          return absl::InvalidArgumentError(
              absl::StrCat("model \"", model,
                           "\" would have no cell: models beyond the first are "
                           "compared under autoif, where there is no arm ",
                           kUntunedArm));
        continue;
      }
      add(spec.families, spec.strategies, spec.arms, 0);
      for (const int64_t rate : spec.rates_ppm)
        add(Both(spec.families, sweep.families), Both(spec.strategies, sweep.strategies),
            Both(spec.arms, sweep.arms), rate);
    }
  }
  return cells;
}

}  // namespace tuneward
