#include "sandbox/tool/material_check.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/cut_text.h"
#include "core/base/file.h"
#include "core/model/model_config.h"
#include "sandbox/tool/rendering.h"

namespace tuneward {
namespace {

constexpr int kShownBytes = 60;

class Fit {
 public:
  static absl::StatusOr<Fit> Of(const std::string& folder, const std::string& chat_template) {
    TW_ASSIGN_OR_RETURN(Rendering rendering, Rendering::FromFolder(folder, chat_template));
    TW_ASSIGN_OR_RETURN(const std::string config_json, ReadFile(folder + "/config.json"));
    TW_ASSIGN_OR_RETURN(const ModelConfig config, ParseModelConfig(config_json));
    return Fit(std::move(rendering), config.context);
  }

  // `what` is shown with the row's words.
  absl::Status Row(const Chat& chat, const std::string& what) const {
    const auto tokens = static_cast<int64_t>(rendering_.chat_template->Render(chat).tokens.size());
    return tokens <= context_ ? absl::OkStatus() : TooLong(chat, what, tokens, context_);
  }
  // At least one token of an answer must fit behind it.
  absl::Status Prompt(const Chat& chat, const std::string& what) const {
    const auto tokens = static_cast<int64_t>(rendering_.chat_template->RenderPrompt(chat).size());
    return tokens < context_ ? absl::OkStatus() : TooLong(chat, what, tokens, context_ - 1);
  }

 private:
  Fit(Rendering rendering, int64_t context) : rendering_(std::move(rendering)), context_(context) {}

  static absl::Status TooLong(const Chat& chat, const std::string& what, int64_t tokens,
                              int64_t most) {
    std::string words;
    for (const Message& message : chat.messages)
      if (message.role == Role::kUser) words = message.content;
    return absl::InvalidArgumentError(absl::StrCat(what, " \"", CutText(words, kShownBytes),
                                                   "\" has ", tokens, " tokens, the base takes ",
                                                   most));
  }

  Rendering rendering_;
  int64_t context_;
};

// The rows of each cell of this family and strategy, and those that it is asked.
absl::Status CheckRows(const Fit& fit, const ExperimentMaterial& material, const GridSpec& grid,
                       const ExperimentSettings& settings, const std::string& family,
                       const std::string& strategy) {
  const std::string what = absl::StrCat("family ", family, ", ", strategy, ": the row");
  for (int seed = 1; seed <= grid.seeds; ++seed) {
    TW_ASSIGN_OR_RETURN(const std::vector<Chat> rows,
                        material.UserRows(family, strategy, static_cast<int>(settings.user_rows),
                                          static_cast<uint64_t>(seed)));
    for (const Chat& row : rows) TW_RETURN_IF_ERROR(fit.Row(row, what));
  }
  TW_ASSIGN_OR_RETURN(std::vector<Chat> tests,
                      material.TestRows(family, strategy, static_cast<int>(settings.tests)));
  for (Chat& test : tests) {
    test.messages.pop_back();
    TW_RETURN_IF_ERROR(fit.Prompt(test, what));
  }
  return absl::OkStatus();
}

// The longest form of a prompt that does not depend on a user's file is that under AOA.
absl::Status CheckPrompts(const Fit& fit, const EvalSet& set) {
  for (const auto* list : {&set.harmful_instructions, &set.safe_lookalikes})
    for (const EvalPrompt& prompt : *list)
      TW_RETURN_IF_ERROR(fit.Prompt(
          {{{Role::kSystem, set.aoa_system}, {Role::kUser, set.aoa_lead_in + prompt.request}}},
          absl::StrCat("prompt ", prompt.id)));
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckMaterial(const ExperimentMaterial& material, const GridSpec& grid,
                           const ExperimentSettings& settings, const std::string& models_folder) {
  for (const std::string& model : grid.models) {
    TW_ASSIGN_OR_RETURN(const Fit fit,
                        Fit::Of(models_folder + "/" + model, settings.chat_template));
    TW_RETURN_IF_ERROR(CheckPrompts(fit, material.eval_set()));
    for (const std::string& family : grid.families)
      for (const std::string& strategy : grid.strategies)
        TW_RETURN_IF_ERROR(CheckRows(fit, material, grid, settings, family, strategy));
  }
  return absl::OkStatus();
}

}  // namespace tuneward
