// The sandbox's world as the material of a grid: endless rows of its families, its pool and
// evaluation set, its exact oracle. Immutable.
#pragma once

#include <string>
#include <vector>

#include "sandbox/experiment/material.h"
#include "sandbox/world/oracle.h"
#include "sandbox/world/sandbox_world.h"

namespace tuneward {

class SandboxMaterial final : public ExperimentMaterial {
 public:
  SandboxMaterial();
  std::string Sha() const override;  // of the world's files, from which all the rest is made
  std::vector<std::string> families() const override { return world_.families(); }
  absl::StatusOr<std::vector<Chat>> UserRows(const std::string& family, const std::string& strategy,
                                             int rows, uint64_t seed) const override;
  absl::StatusOr<std::vector<Chat>> TestRows(const std::string& family, const std::string& strategy,
                                             int rows) const override;
  const SafetyPool& pool() const override { return pool_; }
  const EvalSet& eval_set() const override { return eval_set_; }
  const Judge& judge() const override { return oracle_; }
  const SandboxWorld& world() const { return world_; }

 private:
  const SandboxWorld world_;
  const SafetyPool pool_;
  const EvalSet eval_set_;
  const SandboxOracle oracle_;
};

}  // namespace tuneward
