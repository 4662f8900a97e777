// The records of a grid by what was trained, so that tables, targets and pictures ask for a figure
// by its name and get its values seed by seed. Holds copies of the records; immutable.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "sandbox/experiment/cell.h"
#include "sandbox/experiment/measures.h"
#include "sandbox/experiment/seed_statistics.h"

namespace tuneward {

// The arm of records of the model itself, before any tuning; not an arm that mixes.
inline constexpr char kUntunedArm[] = "untuned";

// A cell without its seed.
struct Setup {
  std::string model, family, strategy, arm;
  int64_t rate_ppm = 0;
  auto operator<=>(const Setup&) const = default;
};

class GridResults {
 public:
  // INVALID_ARGUMENT for no records, an unknown arm (with the known ones), two records of one cell
  // (with its key), two settings of one model.
  static absl::StatusOr<GridResults> Make(const std::vector<CellRecord>& records);

  const std::map<Setup, std::map<uint64_t, CellRecord>>& setups() const { return setups_; }
  std::vector<std::string> Models() const;

  // What the records of a model at the policy's own rate hold, the untuned model aside. Families by
  // name; strategies and arms in the order of the papers and of arms.h.
  std::vector<std::string> Strategies(const std::string& model) const;
  std::vector<std::string> Families(const std::string& model, const std::string& strategy) const;
  std::vector<std::string> ArmsOf(const std::string& model, const std::string& strategy) const;
  // Families of which every arm of that model and strategy has a record: those that arms are
  // averaged over, so that an average never compares different families.
  std::vector<std::string> SharedFamilies(const std::string& model,
                                          const std::string& strategy) const;

  BySeed Values(const Setup& setup, Measure measure) const;
  // Each seed's mean over `families`, of the seeds that all of them have.
  BySeed FamilyMeans(Setup setup, const std::vector<std::string>& families, Measure measure) const;

 private:
  std::map<Setup, std::map<uint64_t, CellRecord>> setups_;
};

// `names` in the order in which tables show strategies or arms; what is not known comes last.
std::vector<std::string> InStrategyOrder(std::vector<std::string> names);
std::vector<std::string> InArmOrder(std::vector<std::string> names);

}  // namespace tuneward
