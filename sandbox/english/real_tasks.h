// Public task rows in the two forms of an experiment: as communities word them, with the bare
// answer, and as an instruction that is obeyed (AutoIF: Eiras et al., arXiv 2406.10288; its wording
// is unpublished, so these are templates of the project's own). BoolQ, GSM8K and WinoGrande rows of
// tasks/*.jsonl. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"
#include "core/data/chat.h"

namespace tuneward {

inline constexpr const char* kRealFamilies[] = {"boolq", "gsm8k", "winogrande"};

struct RealTask {
  std::string question;          // of WinoGrande the sentence, its blank a "_"
  std::string option1, option2;  // WinoGrande alone
  std::string steps;             // GSM8K alone: how the result comes about
  std::string answer;            // "yes", "no"; the result; the words that belong into the blank
};

// Lines of one family's file. INVALID_ARGUMENT with line, path and value.
absl::StatusOr<std::vector<RealTask>> ParseRealTasks(std::string_view family,
                                                     std::string_view lines);

Chat BenignForm(std::string_view family, const RealTask& task);
Chat AutoifForm(std::string_view family, const RealTask& task);
// The user turn of that form with this request in the place of the task's question.
std::string InTaskForm(std::string_view family, bool autoif, RealTask task,
                       const std::string& request);

// Rows of a built-in file: the first for tests, then those that users train on; a base model is
// trained on the rest.
inline constexpr int kRealTests = 100, kRealTrain = 300;
struct RealSplits {
  std::vector<RealTask> tests, train, pretraining;
};
// INVALID_ARGUMENT for an unknown family, with the known ones.
absl::StatusOr<RealSplits> BuiltInRealTasks(std::string_view family);

}  // namespace tuneward
