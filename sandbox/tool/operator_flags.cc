#include "sandbox/tool/operator_flags.h"

#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace tuneward {
namespace {

constexpr double kPartsPerMillion = 1e6;
constexpr double kWholeEnough = 1e-6;  // of a part per million

absl::Status TakePrompts(const std::vector<std::string>& words, ReproduceOptions& options) {
  for (const std::string& word : words) {
    int64_t count = 0;
    if (absl::SimpleAtoi(word, &count)) {
      options.settings.prompts = count;
      continue;
    }
    if (!options.files.eval_set.empty())
      return absl::InvalidArgumentError(
          absl::StrCat("--prompts names two files, ", options.files.eval_set, " and ", word));
    options.files.eval_set = word;
  }
  return absl::OkStatus();
}

absl::Status TakeLearningRate(double rate, ReproduceOptions& options) {
  const double ppm = rate * kPartsPerMillion;
  // Settings hold whole parts per million; their range is checked with the others.
  if (!(ppm > 0 && ppm <= kPartsPerMillion) || std::abs(ppm - std::round(ppm)) > kWholeEnough)
    return absl::InvalidArgumentError(
        absl::StrCat("--learning-rate must be a multiple of 0.000001 in (0, 1], got ", rate));
  options.settings.learning_rate_ppm = std::llround(ppm);
  return absl::OkStatus();
}

absl::Status TakeEngine(const OperatorChoice& choice, ReproduceOptions& options) {
  const bool half = choice.precision == "bfloat16";
  if (!half && choice.precision != "float32")
    return absl::InvalidArgumentError(
        absl::StrCat("--precision must be float32 or bfloat16, got ", choice.precision));
  options.engine.precision = half ? Precision::kBFloat16 : Precision::kFloat32;
  options.engine.device = choice.device;
  options.settings.engine =
      absl::StrCat(choice.device.substr(0, choice.device.find(':')), "/", choice.precision);
  return absl::OkStatus();
}

}  // namespace

void AddOperatorFlags(CLI::App& command, OperatorChoice& choice, ReproduceOptions& options) {
  OperatorFiles& files = options.files;
  ExperimentSettings& settings = options.settings;
  command.add_option("--prompts", choice.prompts,
                     "prompts of each evaluation set [200; smoke 60], the file of an operator's "
                     "evaluation set, or both");
  CLI::Option* const base = command.add_option(
      "--base", files.base,
      "an operator's grid: folder of a checkpoint in the Hugging Face layout, as base-models "
      "register takes it; needs --rows-file, --prompts FILE and --pool");
  for (const char* const sandbox : {"--models", "--models-folder"})
    base->excludes(command.get_option(sandbox));
  command.add_option("--rows-file", files.rows,
                     "FAMILY=FILE of task rows as JSON lines, or a folder of FAMILY.jsonl");
  command.add_option("--pool", files.pool, "file of a safety pool, tuneward.pool/1");
  command.add_option("--judge", files.judge,
                     "of answers, as refusal_lexicon@1 [the evaluation set's]");
  command.add_option("--rewriter", files.rewriter, "words safety rows in the user's format")
      ->capture_default_str();
  command.add_option("--chat-template", settings.chat_template, "of the base")
      ->capture_default_str();
  command.add_option("--precision", choice.precision, "of frozen weights: float32 or bfloat16")
      ->capture_default_str();
  command.add_option("--device", choice.device, "cpu or cuda:<n>")->capture_default_str();
  command.add_option("--learning-rate", choice.learning_rate, "of LoRA [0.002]");
  command.add_option("--lora-rank", settings.lora_rank, "rank")->capture_default_str();
  command.add_option("--lora-alpha", settings.lora_alpha, "scale x rank")->capture_default_str();
  command.add_option("--batch", settings.batch_rows, "rows an optimiser step")
      ->capture_default_str();
  command.add_option("--answer-tokens", settings.answer_tokens, "an answer is cut there")
      ->capture_default_str();
}

absl::Status TakeOperatorChoice(const OperatorChoice& choice, ReproduceOptions& options) {
  TW_RETURN_IF_ERROR(TakePrompts(choice.prompts, options));
  if (choice.learning_rate) TW_RETURN_IF_ERROR(TakeLearningRate(*choice.learning_rate, options));
  return TakeEngine(choice, options);
}

}  // namespace tuneward
