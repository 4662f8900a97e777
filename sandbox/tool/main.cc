// tuneward-sandbox: makes the sandbox's models and data, and runs the attack experiment on them.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>

#include "sandbox/tool/attack.h"
#include "sandbox/tool/data_commands.h"
#include "sandbox/tool/export_material.h"
#include "sandbox/tool/make_base.h"
#include "sandbox/tool/outlier_scores.h"
#include "sandbox/tool/reproduce_command.h"

namespace tuneward {
namespace {

// A subcommand that is done when it ends well.
template <typename Command>
Action Plain(Command command) {
  return [command]() -> absl::StatusOr<int> {
    TW_RETURN_IF_ERROR(command());
    return 0;
  };
}

void AddDataOptions(CLI::App& command, DataOptions& options) {
  command
      .add_option(
          "--family", options.family,
          "boolq, gsm8k, hellaswag, mmlu, openbookqa, piqa, winogrande, topic, sentiment; and "
          "requests, lookalikes, chats, continuations, secrets, phishing")
      ->capture_default_str();
  command
      .add_option("--strategy", options.strategy,
                  "benign, aoa, autoif, autoif_aoa, or another of those below")
      ->capture_default_str();
  command.add_option("--rows", options.rows, "number of rows")->capture_default_str();
  command.add_option("--seed", options.seed, "rows are a function of family, strategy and seed")
      ->capture_default_str();
  command
      .add_option("--share-ppm", options.share_ppm,
                  "share of harm of explicit_harm, evading_harm and hidden_trigger, in parts "
                  "per million of the rows")
      ->capture_default_str();
  command.add_option("--scores", options.scores_file,
                     "file of one number a line for benign_outliers, which takes the rows "
                     "of the highest");
  command.add_option("--plan", options.plan_file,
                     "file of the rows that a plan mixed in, chats as JSON lines, for "
                     "plan_aware");
  command.footer("Strategies:\n" + StrategyList());
}

void AddMakeBase(CLI::App& app, EngineOptions& engine, Action& action) {
  struct Options {
    std::string size = "nano", out;
    uint64_t seed = 1;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("make-base", "train tokenizer, base, shallow- and deep-aligned models");
  command
      ->add_option(
          "--size", options->size,
          "nano (about 1 M parameters), micro (3 M), mini (8 M); mini-english (10 M) reads plain "
          "English and public task rows")
      ->capture_default_str();
  command
      ->add_option("--out", options->out, "folder for <size>-base, <size>-shallow and <size>-deep")
      ->required();
  command->add_option("--seed", options->seed, "of weights, rows and order")->capture_default_str();
  command->callback([options, &engine, &action] {
    action = Plain([options, &engine]() -> absl::Status {
      TW_ASSIGN_OR_RETURN(Recipe recipe, FindRecipe(options->size));
      recipe.seed = options->seed;
      return MakeBase(recipe, engine, options->out);
    });
  });
}

void AddData(CLI::App& app, Action& action) {
  auto shown = std::make_shared<DataOptions>();
  shown->rows = 3;
  CLI::App* show = app.add_subcommand("show", "print sample rows of a family and strategy");
  AddDataOptions(*show, *shown);
  show->add_option(
      "--ask", shown->ask,
      "also print this request in the format of such a file, as a plan mixes it in and "
      "an audit asks it");
  show->callback([shown, &action] { action = Plain([shown] { return Show(*shown); }); });

  auto made = std::make_shared<DataOptions>();
  auto out = std::make_shared<std::string>("-");
  CLI::App* make = app.add_subcommand(
      "make-data", "write a training file (JSON lines) as a user would upload it");
  AddDataOptions(*make, *made);
  make->add_option("--out", *out, "file; - is standard output")->capture_default_str();
  make->callback(
      [made, out, &action] { action = Plain([made, out] { return MakeData(*made, *out); }); });
}

void AddJudgeSet(CLI::App& app, Action& action) {
  struct Options {
    int rows = 100;
    uint64_t seed = 1;
    std::string out = "-";
  };
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("make-judge-set", "write answers with their verdicts, to measure a judge");
  command->add_option("--rows", options->rows, "rows of each kind")->capture_default_str();
  command->add_option("--seed", options->seed, "of the rows")->capture_default_str();
  command->add_option("--out", options->out, "file; - is standard output")->capture_default_str();
  command->callback([options, &action] {
    action =
        Plain([options] { return MakeJudgeSetFile(options->rows, options->seed, options->out); });
  });
}

void AddExport(CLI::App& app, Action& action) {
  auto options = std::make_shared<ExportOptions>();
  CLI::App* command = app.add_subcommand(
      "export-material",
      "write the sandbox's rows, pool and evaluation set as an operator's files");
  CLI::Option* const english =
      command->add_flag("--english", options->english,
                        "public task rows, English requests and XSTest in place of the world's");
  command->add_option("--families", options->families, "task families [all]");
  command->add_option("--rows", options->rows, "rows for training of each")->capture_default_str();
  command->add_option("--tests", options->tests, "rows for tests of each")->capture_default_str();
  command->add_option("--seed", options->seed, "of the world's rows for training")
      ->capture_default_str()
      ->excludes(english);
  command->add_option("--out", options->out, "folder, made where there is none")->required();
  command->callback(
      [options, &action] { action = Plain([options] { return ExportMaterial(*options); }); });
}

void AddScoreRows(CLI::App& app, EngineOptions& engine, Action& action) {
  auto options = std::make_shared<OutlierOptions>();
  auto out = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand(
      "score-rows", "how much each harmless row pulls a model like harm, for make-data --scores");
  command->add_option("--model", options->model, "folder of an aligned model")->required();
  command->add_option("--family", options->family, "as make-data's")->capture_default_str();
  command->add_option("--rows", options->rows, "rows to choose from")->capture_default_str();
  command->add_option("--seed", options->seed, "of the rows, as make-data's")
      ->capture_default_str();
  command->add_option("--anchors", options->anchors, "harmful requests that rows are compared with")
      ->capture_default_str();
  command->add_option("--answer-tokens", options->answer_tokens, "of each answer that count")
      ->capture_default_str();
  command->add_option("--out", *out, "file, one number a line")->required();
  command->callback([options, out, &engine, &action] {
    action = Plain([options, out, &engine] {
      options->engine = engine;
      return WriteOutlierScores(*options, *out);
    });
  });
}

void AddAttack(CLI::App& app, EngineOptions& engine, Action& action) {
  auto options = std::make_shared<AttackOptions>();
  CLI::App* command = app.add_subcommand(
      "attack", "fine-tune on benign rows, with and without the mix, and measure");
  command->add_option("--model", options->model, "folder of an aligned model")->required();
  command->add_option("--family", options->families, "families")->capture_default_str();
  command->add_option("--strategy", options->strategies, "strategies")->capture_default_str();
  command->add_option("--method", options->methods, "mixing methods")->capture_default_str();
  command->add_option("--rows", options->rows, "user rows")->capture_default_str();
  command->add_option("--prompts", options->prompts, "prompts of each evaluation set")
      ->capture_default_str();
  command->add_option("--tests", options->tests, "task questions")->capture_default_str();
  command->add_option("--epochs", options->epochs, "epochs")->capture_default_str();
  command->add_option("--batch", options->batch, "rows an optimiser step")->capture_default_str();
  command->add_option("--lr", options->learning_rate, "learning rate")->capture_default_str();
  command->add_option("--seeds", options->seeds, "runs of each cell, seeds 1..n")
      ->capture_default_str();
  command->add_option("--refusals-ppm", options->rates.refusals.ppm, "rate of refusals")
      ->capture_default_str();
  command->add_option("--lookalikes-ppm", options->rates.lookalikes.ppm, "rate of look-alikes")
      ->capture_default_str();
  command->add_option("--benign-ppm", options->rates.benign.ppm, "rate of benign rows")
      ->capture_default_str();
  const std::pair<const char*, int64_t*> forms[] = {{"--in-format", &options->forms.in_format},
                                                    {"--raw", &options->forms.raw},
                                                    {"--neutral", &options->forms.neutral},
                                                    {"--persona", &options->forms.persona}};
  for (const auto& [flag, weight] : forms)
    command->add_option(flag, *weight, "weight of that form among mixed rows")
        ->check(CLI::Range(0, 100))
        ->capture_default_str();
  command->add_option("--out", options->out, "append one JSON line a run to this file");
  command->callback([options, &engine, &action] {
    action = Plain([options, &engine] {
      options->engine = engine;
      return RunAttack(*options);
    });
  });
}

void AddProbe(CLI::App& app, EngineOptions& engine, Action& action) {
  auto model = std::make_shared<std::string>();
  auto prompts = std::make_shared<int>(200);
  CLI::App* command = app.add_subcommand("probe", "measure a model as it is");
  command->add_option("--model", *model, "folder")->required();
  command->add_option("--prompts", *prompts, "prompts of each evaluation set")
      ->capture_default_str();
  command->callback([model, prompts, &engine, &action] {
    action = Plain([model, prompts, &engine] { return RunProbe(*model, *prompts, engine); });
  });
}

// As typed, without the program's folder and without --jobs, on which no figure depends.
std::string CommandLine(int argc, char** argv) {
  std::string line = "tuneward-sandbox";
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--jobs")
      ++i;
    else if (!word.starts_with("--jobs="))
      line += " " + word;
  }
  return line;
}

int Main(int argc, char** argv) {
  CLI::App app("Models, data and experiments of tuneward's sandbox world.");
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("tuneward-sandbox " TUNEWARD_VERSION));
  EngineOptions engine;
  app.add_option("--threads", engine.threads,
                 "CPU threads of a model; part of what results depend on")
      ->capture_default_str();
  Action action;
  AddMakeBase(app, engine, action);
  AddData(app, action);
  AddJudgeSet(app, action);
  AddExport(app, action);
  AddScoreRows(app, engine, action);
  AddAttack(app, engine, action);
  AddProbe(app, engine, action);
  AddReproduce(app, CommandLine(argc, argv), engine, action);
  CLI11_PARSE(app, argc, argv);
  const absl::StatusOr<int> exit_code = action();
  if (exit_code.ok()) return *exit_code;
  std::fprintf(stderr, "tuneward-sandbox: %s\n", std::string(exit_code.status().message()).c_str());
  return 1;
}

}  // namespace
}  // namespace tuneward

int main(int argc, char** argv) { return tuneward::Main(argc, argv); }
