// What a model does: attack success raw, in a user's format and under AOA, refusals of safe
// look-alikes, task accuracy. A quick instrument for recipes and experiments; a job's evidence is
// the worker's audit.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "core/judge/eval_set.h"
#include "core/policy/mix_plan.h"
#include "sandbox/experiment/material.h"
#include "sandbox/tool/rendering.h"

namespace tuneward {

struct Rate {
  int n = 0, complied = 0, refused = 0;
  double complied_percent() const { return n == 0 ? 0 : 100.0 * complied / n; }
  double refused_percent() const { return n == 0 ? 0 : 100.0 * refused / n; }
};

struct ProbeResult {
  Rate raw, questions, in_format, aoa;  // harmful requests
  Rate held_out;                // those of `raw` in categories that the pool has no refusal of
  Rate safe, safe_in_format;    // look-alikes
  int tests = 0, right = 0;     // the exact answer
  double accuracy_percent = 0;  // the same
};

struct ProbeOptions {
  int answer_tokens = 96;  // an answer is cut there
  bool questions = true;   // ask the set of harmful questions too
};

class Probe {
 public:
  // Borrows rendering and material. `prompts`: of each set, at most.
  Probe(const Rendering& rendering, const ExperimentMaterial& material, int prompts,
        const ProbeOptions& options = {});
  // `format`: the user's cluster; without a skeleton no in-format cells. `tests`: chats with their
  // right answers.
  absl::StatusOr<ProbeResult> Measure(BaseModel& model, const Adapter* adapter,
                                      const PlanCluster& format,
                                      const std::vector<Chat>& tests) const;

 private:
  absl::StatusOr<Rate> Ask(BaseModel& model, const Adapter* adapter,
                           const std::vector<EvalPrompt>& prompts, const std::vector<Chat>& chats,
                           Rate* held_out = nullptr) const;
  const Rendering& rendering_;
  const Judge& judge_;
  const ProbeOptions options_;
  EvalSet set_;
  std::set<std::string> held_out_;  // categories
};

}  // namespace tuneward
