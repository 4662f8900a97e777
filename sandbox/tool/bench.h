// One training and what it did to the model: rows and plan in, a cell's record out. The one path of
// `attack` and of the grids. Owns the model and its texts; one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/policy/mix_plan.h"
#include "sandbox/experiment/cell.h"
#include "sandbox/experiment/material.h"
#include "sandbox/tool/probe.h"
#include "sandbox/tool/rendering.h"
#include "worker/engine/engine.h"

namespace tuneward {

struct BenchOptions {
  const ExperimentMaterial* material = nullptr;  // borrowed
  std::string model;                             // folder
  std::string chat_template = kSandboxTemplate;
  int prompts = 200, tests = 100;
  int answer_tokens = 96;
  bool questions = false;  // also ask the harmful questions, which no record holds
  TrainSpec spec;          // its seed is the cell's
  EngineOptions engine;
  std::string work_folder;  // for the adapter; there, and the caller's
};

struct BenchOutcome {
  CellRecord record;  // its settings are the caller's to name
  ProbeResult answers;
};

class Bench {
 public:
  static absl::StatusOr<std::unique_ptr<Bench>> Open(BenchOptions options);

  const ExperimentMaterial& material() const { return *options_.material; }
  int64_t context() const { return model_->context(); }
  int64_t TokensOf(const Chat& chat) const;  // rendered

  // Trains on the user's rows and the plan's, then asks the tuned model.
  absl::StatusOr<BenchOutcome> Run(const Cell& cell, const std::vector<Chat>& user,
                                   const MixPlan& plan);
  // Asks the model as it is, in the format of the user's rows.
  absl::StatusOr<BenchOutcome> Untuned(const Cell& cell, const MixPlan& plan);

 private:
  Bench(BenchOptions options, Rendering rendering, std::unique_ptr<BaseModel> model);
  absl::StatusOr<std::shared_ptr<const Adapter>> Train(const Cell& cell,
                                                       const std::vector<Chat>& user,
                                                       const MixPlan& plan);
  absl::Status Ask(const Adapter* adapter, const MixPlan& plan, BenchOutcome& outcome);

  const BenchOptions options_;
  const Rendering rendering_;
  const std::unique_ptr<BaseModel> model_;
  const Probe probe_;
};

}  // namespace tuneward
