// An operator's files as the material of a grid: rows of their task families, a safety pool, an
// evaluation set, and a judge of the catalogue. Rows under the obedient persona (AOA) are made from
// the others by the evaluation set's wording. Immutable.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sandbox/experiment/family_rows.h"
#include "sandbox/experiment/material.h"

namespace tuneward {

struct OperatorInputs {
  std::vector<FamilyRows> families;
  SafetyPool pool;
  EvalSet eval_set;
  std::shared_ptr<const Judge> judge;
  std::string rewriter;  // back-end of the paraphrase method: one of Rewriters()
  int tests = 0;         // rows of a file without splits that no training gets
};

// The back-ends that word a safety request in a user's format: "template".
std::vector<std::string> Rewriters();

class OperatorMaterial final : public ExperimentMaterial {
 public:
  // INVALID_ARGUMENT for no family or one that is there twice, an unknown rewriter (with the known
  // ones), a pool without a row of each kind, a request that is both in the pool and in the
  // evaluation set (letter case and spaces aside), and a pool's persona that is the evaluation's.
  static absl::StatusOr<std::unique_ptr<const OperatorMaterial>> Make(OperatorInputs inputs);

  std::string Sha() const override { return sha_; }
  std::vector<std::string> families() const override;
  // Drawn by the seed among the rows for training and kept in the file's order: all of them are
  // the file as it is.
  absl::StatusOr<std::vector<Chat>> UserRows(const std::string& family, const std::string& strategy,
                                             int rows, uint64_t seed) const override;
  // The same ones whatever the seed of a cell: drawn among the rows of split test, or among all of
  // a file without splits, where no training gets them.
  absl::StatusOr<std::vector<Chat>> TestRows(const std::string& family, const std::string& strategy,
                                             int rows) const override;
  const SafetyPool& pool() const override { return inputs_.pool; }
  const EvalSet& eval_set() const override { return inputs_.eval_set; }
  const Judge& judge() const override { return *inputs_.judge; }

 private:
  struct Split {
    std::vector<TaskRow> train, test;
  };
  explicit OperatorMaterial(OperatorInputs inputs);
  absl::StatusOr<std::vector<Chat>> Draw(const std::string& family, bool test,
                                         const std::string& strategy, int rows,
                                         uint64_t seed) const;

  const OperatorInputs inputs_;
  std::map<std::string, Split> families_;
  std::string sha_;
};

}  // namespace tuneward
