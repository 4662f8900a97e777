#include "sandbox/experiment/grid_results.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"

#include "sandbox/experiment/arms.h"

namespace tuneward {
namespace {

// Sorted by place in `order`, then by name.
std::vector<std::string> Sorted(std::vector<std::string> names,
                                const std::vector<std::string>& order) {
  const auto place = [&](const std::string& name) {
    return std::find(order.begin(), order.end(), name) - order.begin();
  };
  std::sort(names.begin(), names.end(), [&](const std::string& a, const std::string& b) {
    return std::pair(place(a), a) < std::pair(place(b), b);
  });
  return names;
}

template <typename Keep>
std::vector<std::string> Names(const std::map<Setup, std::map<uint64_t, CellRecord>>& setups,
                               std::string Setup::*field, Keep keep) {
  std::set<std::string> names;
  for (const auto& [setup, records] : setups)
    if (keep(setup)) names.insert(setup.*field);
  return {names.begin(), names.end()};
}

}  // namespace

std::vector<std::string> InStrategyOrder(std::vector<std::string> names) {
  return Sorted(std::move(names), {"benign", "aoa", "autoif", "autoif_aoa"});
}

std::vector<std::string> InArmOrder(std::vector<std::string> names) {
  std::vector<std::string> order = {kUntunedArm};
  for (const Arm& arm : Arms()) order.emplace_back(arm.name);
  return Sorted(std::move(names), order);
}

absl::StatusOr<GridResults> GridResults::Make(const std::vector<CellRecord>& records) {
  if (records.empty())
    return absl::InvalidArgumentError("there are no records: a report needs at least one");
  GridResults grid;
  std::map<std::string, std::string> settings;  // of a model
  for (const CellRecord& record : records) {
    const Cell& cell = record.cell;
    if (cell.arm != kUntunedArm)
      if (absl::Status known = FindArm(cell.arm).status(); !known.ok())
        return absl::InvalidArgumentError(
            absl::StrCat("record ", cell.Key(), ": ", known.message(), " and ", kUntunedArm));
    auto& seeds = grid.setups_[{cell.model, cell.family, cell.strategy, cell.arm, cell.rate_ppm}];
    if (!seeds.try_emplace(cell.seed, record).second)
      return absl::InvalidArgumentError(
          absl::StrCat("two records of cell ", cell.Key(), ": a report takes one record a cell"));
    const std::string& sha = settings.try_emplace(cell.model, record.settings_sha).first->second;
    if (sha != record.settings_sha)
      return absl::InvalidArgumentError(absl::StrCat(
          "record ", cell.Key(), " has settings ", record.settings_sha, ", others of its model ",
          sha, ": figures of one table are of the same settings"));
  }
  return grid;
}

std::vector<std::string> GridResults::Models() const {
  return Names(setups_, &Setup::model, [](const Setup&) { return true; });
}

std::vector<std::string> GridResults::Strategies(const std::string& model) const {
  return InStrategyOrder(Names(setups_, &Setup::strategy, [&](const Setup& s) {
    return s.model == model && s.rate_ppm == 0 && s.arm != kUntunedArm;
  }));
}

std::vector<std::string> GridResults::Families(const std::string& model,
                                               const std::string& strategy) const {
  return Names(setups_, &Setup::family, [&](const Setup& s) {
    return s.model == model && s.strategy == strategy && s.rate_ppm == 0 && s.arm != kUntunedArm;
  });
}

std::vector<std::string> GridResults::ArmsOf(const std::string& model,
                                             const std::string& strategy) const {
  return InArmOrder(Names(setups_, &Setup::arm, [&](const Setup& s) {
    return s.model == model && s.strategy == strategy && s.rate_ppm == 0 && s.arm != kUntunedArm;
  }));
}

std::vector<std::string> GridResults::SharedFamilies(const std::string& model,
                                                     const std::string& strategy) const {
  const std::vector<std::string> arms = ArmsOf(model, strategy);
  std::vector<std::string> shared;
  for (const std::string& family : Families(model, strategy))
    if (std::all_of(arms.begin(), arms.end(), [&](const std::string& arm) {
          return setups_.contains({model, family, strategy, arm, 0});
        }))
      shared.push_back(family);
  return shared;
}

BySeed GridResults::Values(const Setup& setup, Measure measure) const {
  BySeed values;
  const auto found = setups_.find(setup);
  if (found == setups_.end()) return values;
  for (const auto& [seed, record] : found->second)
    if (const std::optional<double> value = Read(record, measure)) values[seed] = *value;
  return values;
}

BySeed GridResults::FamilyMeans(Setup setup, const std::vector<std::string>& families,
                                Measure measure) const {
  std::map<uint64_t, size_t> counts;
  BySeed sums;
  for (const std::string& family : families) {
    setup.family = family;
    for (const auto& [seed, value] : Values(setup, measure)) {
      ++counts[seed];
      sums[seed] += value;
    }
  }
  BySeed means;
  for (const auto& [seed, sum] : sums)
    if (counts[seed] == families.size()) means[seed] = sum / static_cast<double>(families.size());
  return means;
}

}  // namespace tuneward
