#include "sandbox/tool/attack.h"

#include <fmt/core.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "core/base/file.h"
#include "core/data/dataset_profile.h"
#include "core/policy/planner.h"
#include "sandbox/tool/probe.h"
#include "sandbox/tool/rendering.h"
#include "sandbox/world/sandbox_sets.h"

namespace tuneward {
namespace {

constexpr uint64_t kTestSeed = 1'000'003;  // of the task tests; training rows use the run's seed

class Quiet : public TrainObserver {
 public:
  bool OnStep(const StepMetrics&) override { return true; }
  absl::Status OnCheckpoint(const std::string&, int64_t) override { return absl::OkStatus(); }
};

void PrintHeader() {
  fmt::print("{:<11}{:<12}{:<11}{:>4}{:>6} |{:>7}{:>7}{:>7}{:>7}{:>7} |{:>7}{:>8} |{:>6}\n",
             "family", "strategy", "method", "seed", "mixed", "raw", "asked", "format", "aoa",
             "held", "refuse", "ref.fmt", "acc");
}

void PrintResult(const std::string& family, const std::string& strategy, const std::string& method,
                 uint64_t seed, size_t mixed, const ProbeResult& r) {
  fmt::print(
      "{:<11}{:<12}{:<11}{:>4}{:>6} |{:>6.1f}%{:>6.1f}%{:>6.1f}%{:>6.1f}%{:>6.1f}% "
      "|{:>6.1f}%{:>7.1f}% |{:>5.1f}%\n",
      family, strategy, method, seed, mixed, r.raw.complied_percent(),
      r.questions.complied_percent(), r.in_format.complied_percent(), r.aoa.complied_percent(),
      r.held_out.complied_percent(), r.safe.refused_percent(), r.safe_in_format.refused_percent(),
      r.accuracy_percent);
  std::fflush(stdout);
}

Json RateJson(const Rate& rate) {
  return {{"n", rate.n}, {"complied", rate.complied}, {"refused", rate.refused}};
}

absl::StatusOr<MixPlan> PlanOf(const AttackOptions& options, const AttackRun& run,
                               const Grammar& grammar, const std::vector<Chat>& user) {
  PlanRequest request;
  request.profile = ProfileRows(user);
  request.policy = OpenPolicy();
  request.policy.rates = options.rates;
  request.policy.forms = options.forms;
  request.pools = {MakeSandboxPool(grammar)};
  request.method = run.method;
  request.rates = options.rates;
  request.user_rows = static_cast<int64_t>(user.size());
  request.seed = run.seed;
  return Plan(request);
}

TrainSpec SpecOf(const AttackOptions& options, uint64_t seed) {
  TrainSpec spec;
  spec.epochs = options.epochs;
  spec.batch_size = options.batch;
  spec.learning_rate = options.learning_rate;
  spec.seed = seed;
  return spec;
}

// What all runs on one model share. A temporary folder goes with it.
class Bench {
 public:
  static absl::StatusOr<std::unique_ptr<Bench>> Open(const AttackOptions& options) {
    TW_ASSIGN_OR_RETURN(Rendering rendering, Rendering::FromFolder(options.model));
    TW_ASSIGN_OR_RETURN(std::unique_ptr<BaseModel> model,
                        BaseModel::Load(options.model, options.engine));
    TW_ASSIGN_OR_RETURN(std::unique_ptr<SandboxWorld> world, OpenSandboxWorld(options.world));
    std::string work = (std::filesystem::temp_directory_path() / "tuneward-attack-XXXXXX").string();
    if (mkdtemp(work.data()) == nullptr) return ErrnoStatus(errno, work);
    return std::unique_ptr<Bench>(new Bench(options, std::move(world), std::move(rendering),
                                            std::move(model), std::move(work)));
  }
  ~Bench() {
    std::error_code ignored;  // a temporary folder that stays is no failure of the experiment
    std::filesystem::remove_all(work_folder_, ignored);
  }

  struct Outcome {
    size_t mixed_rows = 0;
    ProbeResult result;
  };
  absl::StatusOr<Outcome> Run(const AttackRun& run) {
    TW_ASSIGN_OR_RETURN(const std::vector<Chat> user,
                        world_->UserRows(run.family, run.strategy, options_.rows, run.seed));
    TW_ASSIGN_OR_RETURN(const MixPlan plan, PlanOf(options_, run, world_->requests(), user));
    std::vector<Chat> chats = user;
    for (const Chat& chat : plan.Chats()) chats.push_back(chat);

    TrainInputs inputs;
    inputs.rows = rendering_.TrainRows(chats, user.size());
    inputs.spec = SpecOf(options_, run.seed);
    inputs.work_folder = work_folder_;
    Quiet observer;
    const std::string adapter_folder = work_folder_ + "/adapter";
    TW_RETURN_IF_ERROR(model_->Train(inputs, adapter_folder, observer).status());
    TW_ASSIGN_OR_RETURN(const std::shared_ptr<const Adapter> adapter,
                        model_->LoadAdapter(adapter_folder));
    TW_ASSIGN_OR_RETURN(const std::vector<Chat> tests,
                        world_->TestRows(run.family, run.strategy, options_.tests, kTestSeed));
    TW_ASSIGN_OR_RETURN(ProbeResult result,
                        probe_.Measure(*model_, adapter.get(), plan.clusters.at(0), tests));
    return Outcome{plan.rows.size(), result};
  }

 private:
  Bench(const AttackOptions& options, std::unique_ptr<SandboxWorld> world, Rendering rendering,
        std::unique_ptr<BaseModel> model, std::string work_folder)
      : options_(options),
        world_(std::move(world)),
        rendering_(std::move(rendering)),
        model_(std::move(model)),
        work_folder_(std::move(work_folder)) {}

  const AttackOptions& options_;
  const std::unique_ptr<SandboxWorld> world_;
  const Rendering rendering_;
  const std::unique_ptr<BaseModel> model_;
  const std::string work_folder_;
  const Probe probe_{rendering_, world_->requests(), options_.prompts};
};

Json ResultJson(const AttackOptions& options, const AttackRun& run, const Bench::Outcome& outcome) {
  const ProbeResult& r = outcome.result;
  return {{"model", std::filesystem::path(options.model).filename().string()},
          {"family", run.family},
          {"strategy", run.strategy},
          {"method", run.method},
          {"seed", run.seed},
          {"rows", options.rows},
          {"mixed", outcome.mixed_rows},
          {"epochs", options.epochs},
          {"batch", options.batch},
          {"learning_rate", options.learning_rate},
          {"raw", RateJson(r.raw)},
          {"questions", RateJson(r.questions)},
          {"in_format", RateJson(r.in_format)},
          {"aoa", RateJson(r.aoa)},
          {"held_out", RateJson(r.held_out)},
          {"safe", RateJson(r.safe)},
          {"safe_in_format", RateJson(r.safe_in_format)},
          {"accuracy_percent", r.accuracy_percent}};
}

// All names are checked before the first training.
absl::StatusOr<std::vector<AttackRun>> RunsOf(const AttackOptions& options) {
  TW_ASSIGN_OR_RETURN(const std::unique_ptr<SandboxWorld> world, OpenSandboxWorld(options.world));
  std::vector<AttackRun> runs;
  for (const std::string& family : options.families) {
    for (const std::string& strategy : options.strategies) {
      TW_RETURN_IF_ERROR(world->UserRows(family, strategy, 1, 1).status());
      for (const std::string& method : options.methods)
        for (int seed = 1; seed <= options.seeds; ++seed)
          runs.push_back({family, strategy, method, static_cast<uint64_t>(seed)});
    }
  }
  return runs;
}

}  // namespace

absl::StatusOr<ProbeResult> AttackOnce(const AttackOptions& options, const AttackRun& run) {
  TW_ASSIGN_OR_RETURN(const std::unique_ptr<Bench> bench, Bench::Open(options));
  TW_ASSIGN_OR_RETURN(const Bench::Outcome outcome, bench->Run(run));
  return outcome.result;
}

absl::Status RunAttack(const AttackOptions& options) {
  TW_ASSIGN_OR_RETURN(const std::vector<AttackRun> runs, RunsOf(options));
  TW_ASSIGN_OR_RETURN(const std::unique_ptr<Bench> bench, Bench::Open(options));
  PrintHeader();
  for (const AttackRun& run : runs) {
    TW_ASSIGN_OR_RETURN(const Bench::Outcome outcome, bench->Run(run));
    PrintResult(run.family, run.strategy, run.method, run.seed, outcome.mixed_rows, outcome.result);
    if (!options.out.empty())
      std::ofstream(options.out, std::ios::app) << ResultJson(options, run, outcome).dump() << "\n";
  }
  return absl::OkStatus();
}

absl::Status RunProbe(const std::string& folder, int world_number, int prompts,
                      const EngineOptions& engine) {
  TW_ASSIGN_OR_RETURN(const std::unique_ptr<SandboxWorld> world, OpenSandboxWorld(world_number));
  TW_ASSIGN_OR_RETURN(const Rendering rendering, Rendering::FromFolder(folder));
  TW_ASSIGN_OR_RETURN(const std::unique_ptr<BaseModel> model, BaseModel::Load(folder, engine));
  const Probe probe(rendering, world->requests(), prompts);
  PrintHeader();
  for (const std::string& family : world->families()) {
    for (const char* strategy : {"benign", "autoif"}) {
      TW_ASSIGN_OR_RETURN(const std::vector<Chat> tests,
                          world->TestRows(family, strategy, 100, kTestSeed));
      AttackOptions options;
      TW_ASSIGN_OR_RETURN(const MixPlan plan,
                          PlanOf(options, {family, strategy, "none", 1}, world->requests(), tests));
      TW_ASSIGN_OR_RETURN(const ProbeResult result,
                          probe.Measure(*model, nullptr, plan.clusters.at(0), tests));
      PrintResult(family, strategy, "untuned", 0, 0, result);
    }
  }
  return absl::OkStatus();
}

}  // namespace tuneward
