// What a grid is made of beside models and arms: the users' task rows, the safety pool that plans
// draw from, the evaluation set and the judge of its answers. Two kinds: the sandbox's own world,
// and an operator's files. Immutable; safe from any number of threads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/data/chat.h"
#include "core/judge/eval_set.h"
#include "core/judge/judge.h"
#include "core/policy/pool.h"

namespace tuneward {

class ExperimentMaterial {
 public:
  virtual ~ExperimentMaterial() = default;
  virtual std::string Sha() const = 0;  // hex; covers rows, pool, evaluation set and judge
  virtual std::vector<std::string> families() const = 0;
  // What a user uploads: the same family, strategy, rows and seed, the same file. INVALID_ARGUMENT
  // for an unknown name (with the known ones) or more rows than there are.
  virtual absl::StatusOr<std::vector<Chat>> UserRows(const std::string& family,
                                                     const std::string& strategy, int rows,
                                                     uint64_t seed) const = 0;
  // Task rows with their right answers that a user's file does not hold, in the form of the
  // strategy's harmless rows.
  virtual absl::StatusOr<std::vector<Chat>> TestRows(const std::string& family,
                                                     const std::string& strategy,
                                                     int rows) const = 0;
  virtual const SafetyPool& pool() const = 0;
  virtual const EvalSet& eval_set() const = 0;
  virtual const Judge& judge() const = 0;
};

}  // namespace tuneward
