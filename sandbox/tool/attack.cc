#include "sandbox/tool/attack.h"

#include <fmt/core.h>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <map>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/data/dataset_profile.h"
#include "core/policy/planner.h"
#include "sandbox/experiment/sandbox_material.h"
#include "sandbox/tool/bench.h"
#include "sandbox/tool/outlier_scores.h"
#include "sandbox/tool/probe.h"
#include "sandbox/tool/rendering.h"
#include "sandbox/tool/temp_folder.h"
#include "sandbox/world/attack_strategies.h"

namespace tuneward {
namespace {

void PrintHeader() {
  fmt::print("{:<12}{:<22}{:<11}{:>4}{:>6} |{:>7}{:>7}{:>7}{:>7}{:>7} |{:>7}{:>8} |{:>6}\n",
             "family", "strategy", "method", "seed", "mixed", "raw", "asked", "format", "aoa",
             "held", "refuse", "ref.fmt", "acc");
}

void PrintResult(const std::string& family, const std::string& strategy, const std::string& method,
                 uint64_t seed, size_t mixed, const ProbeResult& r) {
  fmt::print(
      "{:<12}{:<22}{:<11}{:>4}{:>6} |{:>6.1f}%{:>6.1f}%{:>6.1f}%{:>6.1f}%{:>6.1f}% "
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
                               const SafetyPool& pool, const std::vector<Chat>& user) {
  PlanRequest request;
  request.profile = ProfileRows(user);
  request.policy = OpenPolicy();
  request.policy.rates = options.rates;
  request.policy.forms = options.forms;
  request.pools = {pool};
  request.method = run.method;
  request.rates = options.rates;
  request.user_rows = static_cast<int64_t>(user.size());
  request.seed = run.seed;
  return Plan(request);
}

TrainSpec SpecOf(const AttackOptions& options) {
  TrainSpec spec;
  spec.epochs = options.epochs;
  spec.batch_size = options.batch;
  spec.learning_rate = options.learning_rate;
  return spec;
}

constexpr char kOutliers[] = "benign_outliers";
constexpr int kOutlierChoice = 4;  // so many rows for each that is taken

// What the user uploads; outliers are scored on the model that is attacked.
absl::StatusOr<std::vector<Chat>> UserRows(const AttackOptions& options, const AttackRun& run,
                                           const SandboxMaterial& material) {
  if (run.strategy != kOutliers)
    return material.UserRows(run.family, run.strategy, options.rows, run.seed);
  AttackInputs inputs{run.family, run.strategy, options.rows, run.seed};
  TW_ASSIGN_OR_RETURN(inputs.scores, OutlierScores({.model = options.model,
                                                    .family = run.family,
                                                    .rows = kOutlierChoice * options.rows,
                                                    .seed = run.seed,
                                                    .engine = options.engine}));
  TW_ASSIGN_OR_RETURN(std::vector<AttackRow> rows, MakeAttackRows(BuiltInWorld(), inputs));
  std::vector<Chat> chats;
  for (AttackRow& row : rows) chats.push_back(std::get<Chat>(std::move(row)));
  return chats;
}

struct AttackResult {
  size_t mixed_rows = 0;
  ProbeResult answers;
};

// The bench of the options, in a folder that goes with it.
struct AttackBench {
  std::unique_ptr<SandboxMaterial> material;
  std::unique_ptr<TempFolder> folder;
  std::unique_ptr<Bench> bench;
  std::map<std::tuple<std::string, std::string, uint64_t>, std::vector<Chat>> uploads;

  static absl::StatusOr<AttackBench> Open(const AttackOptions& options) {
    AttackBench opened;
    opened.material = std::make_unique<SandboxMaterial>();
    TW_ASSIGN_OR_RETURN(opened.folder, TempFolder::Make());
    TW_ASSIGN_OR_RETURN(opened.bench, Bench::Open({.material = opened.material.get(),
                                                   .model = options.model,
                                                   .prompts = options.prompts,
                                                   .tests = options.tests,
                                                   .questions = true,
                                                   .spec = SpecOf(options),
                                                   .engine = options.engine,
                                                   .work_folder = opened.folder->path()}));
    return opened;
  }

  // The same file for every method: scoring outliers takes longer than a training.
  absl::StatusOr<std::vector<Chat>> Upload(const AttackOptions& options, const AttackRun& run) {
    const auto key = std::tuple(run.family, run.strategy, run.seed);
    if (const auto found = uploads.find(key); found != uploads.end()) return found->second;
    TW_ASSIGN_OR_RETURN(uploads[key], UserRows(options, run, *material));
    return uploads[key];
  }

  absl::StatusOr<AttackResult> Run(const AttackOptions& options, const AttackRun& run) {
    TW_ASSIGN_OR_RETURN(const std::vector<Chat> user, Upload(options, run));
    TW_ASSIGN_OR_RETURN(const MixPlan plan, PlanOf(options, run, material->pool(), user));
    TW_ASSIGN_OR_RETURN(
        const BenchOutcome outcome,
        bench->Run({options.model, run.family, run.strategy, run.method, 0, run.seed}, user, plan));
    return AttackResult{plan.rows.size(), outcome.answers};
  }
};

Json ResultJson(const AttackOptions& options, const AttackRun& run, size_t mixed,
                const ProbeResult& r) {
  return {{"model", std::filesystem::path(options.model).filename().string()},
          {"family", run.family},
          {"strategy", run.strategy},
          {"method", run.method},
          {"seed", run.seed},
          {"rows", options.rows},
          {"mixed", mixed},
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
  const SandboxWorld world;
  std::vector<AttackRun> runs;
  for (const std::string& family : options.families) {
    for (const std::string& strategy : options.strategies) {
      const std::string checked = strategy == kOutliers ? "benign" : strategy;
      TW_RETURN_IF_ERROR(world.UserRows(family, checked, 1, 1).status());
      for (const std::string& method : options.methods)
        for (int seed = 1; seed <= options.seeds; ++seed)
          runs.push_back({family, strategy, method, static_cast<uint64_t>(seed)});
    }
  }
  return runs;
}

}  // namespace

absl::StatusOr<ProbeResult> AttackOnce(const AttackOptions& options, const AttackRun& run) {
  TW_ASSIGN_OR_RETURN(AttackBench bench, AttackBench::Open(options));
  TW_ASSIGN_OR_RETURN(const AttackResult result, bench.Run(options, run));
  return result.answers;
}

absl::Status RunAttack(const AttackOptions& options) {
  TW_ASSIGN_OR_RETURN(const std::vector<AttackRun> runs, RunsOf(options));
  std::ofstream lines;
  const auto not_written = [&] {
    const int error = errno;  // before the message allocates
    return ErrnoStatus(error, absl::StrCat("--out: cannot append to ", options.out));
  };
  if (!options.out.empty()) {
    lines.open(options.out, std::ios::app);  // before the first training: a bad path costs none
    if (!lines) return not_written();
  }
  TW_ASSIGN_OR_RETURN(AttackBench bench, AttackBench::Open(options));
  PrintHeader();
  for (const AttackRun& run : runs) {
    TW_ASSIGN_OR_RETURN(const AttackResult result, bench.Run(options, run));
    PrintResult(run.family, run.strategy, run.method, run.seed, result.mixed_rows, result.answers);
    if (!lines.is_open()) continue;
    lines << ResultJson(options, run, result.mixed_rows, result.answers).dump() << std::endl;
    if (!lines) return not_written();
  }
  return absl::OkStatus();
}

absl::Status RunProbe(const std::string& folder, int prompts, const EngineOptions& engine) {
  const SandboxMaterial material;
  TW_ASSIGN_OR_RETURN(const Rendering rendering, Rendering::FromFolder(folder));
  TW_ASSIGN_OR_RETURN(const std::unique_ptr<BaseModel> model, BaseModel::Load(folder, engine));
  const Probe probe(rendering, material, prompts);
  PrintHeader();
  for (const std::string& family : material.families()) {
    for (const char* strategy : {"benign", "autoif"}) {
      TW_ASSIGN_OR_RETURN(const std::vector<Chat> tests, material.TestRows(family, strategy, 100));
      AttackOptions options;
      TW_ASSIGN_OR_RETURN(const MixPlan plan,
                          PlanOf(options, {family, strategy, "none", 1}, material.pool(), tests));
      TW_ASSIGN_OR_RETURN(const ProbeResult result,
                          probe.Measure(*model, nullptr, plan.clusters.at(0), tests));
      PrintResult(family, strategy, "untuned", 0, 0, result);
    }
  }
  return absl::OkStatus();
}

}  // namespace tuneward
