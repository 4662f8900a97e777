#include "sandbox/tool/reproduce_command.h"

#include <memory>
#include <optional>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sandbox/tool/operator_flags.h"
#include "sandbox/tool/reproduce.h"

namespace tuneward {
namespace {

constexpr char kFooter[] =
    "Cells are lines of OUT/paraphrase_cells.jsonl as soon as they are finished. The same command\n"
    "goes on after an interruption (exit code 130 or 143); lines of other settings are not used.\n"
    "Then OUT/paraphrase.md, its pictures and OUT/paraphrase.json are written and the main table\n"
    "is printed.\n"
    "What is measured and decided: docs/experiments/paraphrase.md; an operator's grid (--base):\n"
    "docs/experiments/operator_grid.md.";

// What was not given stays as the grid has it.
struct Choice {
  bool smoke = false, no_sweep = false;
  std::vector<std::string> models, families, strategies, arms;
  std::vector<int64_t> rates;
  std::optional<int> seeds;
  std::optional<int64_t> tests;
  ReproduceOptions options;
  OperatorChoice of_operator;
};

template <typename List>
void Override(const List& given, List& value) {
  if (!given.empty()) value = given;
}

// Fewer questions, so that CI has its table in time.
constexpr int64_t kSmokePrompts = 60, kSmokeTests = 40;

absl::StatusOr<ReproduceOptions> OptionsOf(const Choice& choice) {
  ReproduceOptions options = choice.options;
  options.grid = choice.smoke ? SmokeGrid() : ParaphraseGrid();
  if (choice.smoke) options.settings.prompts = kSmokePrompts, options.settings.tests = kSmokeTests;
  Override(choice.models, options.grid.models);
  if (!options.files.base.empty()) options.grid.families.clear();
  Override(choice.families, options.grid.families);
  Override(choice.strategies, options.grid.strategies);
  Override(choice.arms, options.grid.arms);
  Override(choice.rates, options.grid.rates_ppm);
  if (choice.no_sweep) options.grid.rates_ppm.clear();
  options.grid.seeds = choice.seeds.value_or(options.grid.seeds);
  options.settings.tests = choice.tests.value_or(options.settings.tests);
  TW_RETURN_IF_ERROR(TakeOperatorChoice(choice.of_operator, options));
  return options;
}

void AddGridFlags(CLI::App& command, Choice& choice) {
  command.add_flag("--smoke", choice.smoke,
                   "a small grid for CI: 1 seed, 2 families, aoa and autoif, 4 arms, no sweep, "
                   "fewer prompts");
  command.add_option("--seeds", choice.seeds, "seeds 1..n of each cell [5; smoke 1]");
  const GridSpec grid = ParaphraseGrid();
  const auto all = [](const char* what, const auto& values) {
    return absl::StrCat(what, " [", absl::StrJoin(values, " "), "]");
  };
  command.add_option("--families", choice.families, all("task families", grid.families));
  command.add_option("--strategies", choice.strategies, all("of users", grid.strategies));
  command.add_option("--arms", choice.arms, all("of mixing", grid.arms));
  command.add_option(
      "--rates", choice.rates,
      all("of the sweep, of each kind, in parts per million of the final set", grid.rates_ppm));
  command.add_flag("--no-sweep", choice.no_sweep, "the policy's own rates alone");
  command.add_option("--models", choice.models,
                     all("folders under --models-folder; the first is that of the targets, others "
                         "are compared on gsm8k and boolq, autoif",
                         grid.models));
}

}  // namespace

void AddReproduce(CLI::App& app, const std::string& command_line, EngineOptions& engine,
                  Action& action) {
  CLI::App* reproduce = app.add_subcommand("reproduce", "run an experiment and make its tables");
  reproduce->require_subcommand(1);
  CLI::App* command = reproduce->add_subcommand(
      "paraphrase", "families x strategies x arms of mixing x seeds, and a sweep of rates");
  command->footer(kFooter);
  auto choice = std::make_shared<Choice>();
  ReproduceOptions& options = choice->options;
  options.jobs = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  AddGridFlags(*command, *choice);
  command->add_option("--out", options.out, "folder for lines and tables, made where there is none")
      ->capture_default_str();
  command->add_option("--jobs", options.jobs, "processes of one thread [all cores]");
  command->add_option("--models-folder", options.models_folder, "holds a folder for each model")
      ->capture_default_str();
  command->add_option("--rows", options.settings.user_rows, "user rows")->capture_default_str();
  command->add_option("--epochs", options.settings.epochs, "epochs")->capture_default_str();
  command->add_option("--tests", choice->tests, "task questions [100; smoke 40]");
  AddOperatorFlags(*command, choice->of_operator, options);
  command->callback([choice, command_line, &engine, &action] {
    action = [choice, command_line, &engine]() -> absl::StatusOr<int> {
      TW_ASSIGN_OR_RETURN(ReproduceOptions chosen, OptionsOf(*choice));
      chosen.engine.threads = engine.threads;
      chosen.command_line = command_line;
      return ReproduceParaphrase(chosen);
    };
  });
}

}  // namespace tuneward
