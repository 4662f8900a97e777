#include "sandbox/experiment/settings.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/policy/mix_plan.h"

namespace tuneward {
namespace {

struct Number {
  const char* name;
  int64_t ExperimentSettings::*field;
  int64_t least, most;
};

// One place for names and ranges.
constexpr Number kNumbers[] = {
    {"user_rows", &ExperimentSettings::user_rows, 20, 100'000},
    {"prompts", &ExperimentSettings::prompts, 1, 10'000},
    {"tests", &ExperimentSettings::tests, 1, 10'000},
    {"answer_tokens", &ExperimentSettings::answer_tokens, 1, 4096},
    {"epochs", &ExperimentSettings::epochs, 1, 100},
    {"batch_rows", &ExperimentSettings::batch_rows, 1, 1024},
    {"learning_rate_ppm", &ExperimentSettings::learning_rate_ppm, 1, 1'000'000},
    {"lora_rank", &ExperimentSettings::lora_rank, 1, 256},
    {"lora_alpha", &ExperimentSettings::lora_alpha, 1, 1024},
};

}  // namespace

absl::Status ExperimentSettings::Check() const {
  Violations problems;
  for (const Number& number : kNumbers) {
    const int64_t value = this->*number.field;
    if (value < number.least || value > number.most)
      problems.Add(number.name,
                   absl::StrCat("must be in [", number.least, ", ", number.most, "], got ", value));
  }
  return problems.ToStatus();
}

Json ExperimentSettings::ToJson() const {
  Json json = {{"format", "tuneward.experiment/1"},
               {"planner", kPlannerVersion},
               {"world_sha", world_sha},
               {"policy_sha", policy_sha},
               {"model_sha", model_sha}};
  for (const Number& number : kNumbers) json[number.name] = this->*number.field;
  // Absent where they are the sandbox's: its cells have the hash that they had before there were
  // others.
  const ExperimentSettings sandbox;
  if (chat_template != sandbox.chat_template) json["chat_template"] = chat_template;
  if (engine != sandbox.engine) json["engine"] = engine;
  return json;
}

std::string ExperimentSettings::Sha() const { return Sha256Of(CanonicalJson(ToJson())).Hex(); }

}  // namespace tuneward
