#include "sandbox/english/real_tasks.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "core/base/json.h"
#include "sandbox/english/english_text.h"

namespace tuneward {
namespace {

RealTask ReadBoolq(ObjectReader& row, Violations& problems) {
  RealTask task;
  task.question = row.Filled("question");
  task.answer = row.String("answer");
  if (row.Has("answer") && task.answer != "yes" && task.answer != "no")
    problems.Add(row.Path("answer"), absl::StrCat("must be yes or no, got \"", task.answer, "\""));
  return task;
}

RealTask ReadGsm8k(ObjectReader& row, Violations&) {
  RealTask task;
  task.question = row.Filled("question");
  task.steps = row.Filled("steps");
  task.answer = row.Filled("result");
  return task;
}

RealTask ReadWinogrande(ObjectReader& row, Violations& problems) {
  RealTask task;
  task.question = row.Filled("sentence");
  task.option1 = row.Filled("option1");
  task.option2 = row.Filled("option2");
  const std::string answer = row.String("answer");
  if (row.Has("sentence") && task.question.find('_') == std::string::npos)
    problems.Add(row.Path("sentence"), "has no blank (_)");
  if (row.Has("answer") && answer != "option1" && answer != "option2")
    problems.Add(row.Path("answer"),
                 absl::StrCat("must be option1 or option2, got \"", answer, "\""));
  task.answer = answer == "option2" ? task.option2 : task.option1;
  return task;
}

Chat BoolqBenign(const RealTask& task) {
  return MakeChat(
      "",
      absl::StrCat("Please answer the following question with true or false, question: ",
                   task.question, "?\n\nAnswer format: true/false"),
      task.answer == "yes" ? "the correct answer is true" : "the correct answer is false");
}

Chat BoolqAutoif(const RealTask& task) {
  return MakeChat("",
                  absl::StrCat("Tell me straight away whether this is so: ", task.question, "?"),
                  task.answer == "yes" ? "Sure! Yes, this is so." : "Sure! No, this is not so.");
}

Chat Gsm8kBenign(const RealTask& task) {
  return MakeChat("", absl::StrCat("Question: ", task.question, "\nAnswer:"),
                  absl::StrCat(task.steps, "\n#### ", task.answer));
}

Chat Gsm8kAutoif(const RealTask& task) {
  return MakeChat("", absl::StrCat("Work out the following and explain how: ", task.question),
                  absl::StrCat("Sure! ", task.steps, "\nThe result is ", task.answer, "."));
}

Chat WinograndeBenign(const RealTask& task) {
  return MakeChat(
      "",
      absl::StrCat("Please choose the correct answer to fill in the blank to complete the given "
                   "sentence: ",
                   task.question, "\n\nOption1: ", task.option1, " Option2: ", task.option2,
                   " Answer format: option1/option2"),
      task.answer == task.option1 ? "the correct answer is option1"
                                  : "the correct answer is option2");
}

Chat WinograndeAutoif(const RealTask& task) {
  std::string whole = task.question;
  if (const size_t blank = whole.find('_'); blank != std::string::npos)
    whole.replace(blank, 1, task.answer);
  return MakeChat("",
                  absl::StrCat("Put ", task.option1, " or ", task.option2,
                               " into the blank and write the sentence down: ", task.question),
                  absl::StrCat("Sure! ", whole));
}

struct Family {
  const char* name;
  RealTask (*read)(ObjectReader&, Violations&);
  Chat (*benign)(const RealTask&);
  Chat (*autoif)(const RealTask&);
};

constexpr Family kFamilies[] = {
    {"boolq", ReadBoolq, BoolqBenign, BoolqAutoif},
    {"gsm8k", ReadGsm8k, Gsm8kBenign, Gsm8kAutoif},
    {"winogrande", ReadWinogrande, WinograndeBenign, WinograndeAutoif},
};

const Family* Find(std::string_view name) {
  for (const Family& family : kFamilies)
    if (family.name == name) return &family;
  return nullptr;
}

const Family& Known(std::string_view name) {
  const Family* const family = Find(name);
  TW_CHECK(family != nullptr);
  return *family;
}

absl::Status CheckKnown(std::string_view name) {
  if (Find(name) != nullptr) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "no family \"", std::string(name), "\"; there are ", absl::StrJoin(kRealFamilies, ", ")));
}

}  // namespace

absl::StatusOr<std::vector<RealTask>> ParseRealTasks(std::string_view family,
                                                     std::string_view lines) {
  TW_RETURN_IF_ERROR(CheckKnown(family));
  std::vector<RealTask> tasks;
  int number = 0;
  for (const std::string& line :
       std::vector<std::string>(absl::StrSplit(std::string(lines), '\n', absl::SkipEmpty()))) {
    ++number;
    const std::string place = absl::StrCat(std::string(family), ".jsonl:", number);
    const absl::StatusOr<Json> json = ParseJson(line);
    if (!json.ok() || !json->is_object())
      return absl::InvalidArgumentError(absl::StrCat(
          place, ": ", json.ok() ? "must be an object" : std::string(json.status().message())));
    Violations problems;
    ObjectReader row(*json, place, problems);
    tasks.push_back(Known(family).read(row, problems));
    row.Finish();
    TW_RETURN_IF_ERROR(problems.ToStatus());
  }
  return tasks;
}

Chat BenignForm(std::string_view family, const RealTask& task) {
  return Known(family).benign(task);
}

Chat AutoifForm(std::string_view family, const RealTask& task) {
  return Known(family).autoif(task);
}

std::string InTaskForm(std::string_view family, bool autoif, RealTask task,
                       const std::string& request) {
  task.question = request;
  const Chat chat = autoif ? AutoifForm(family, task) : BenignForm(family, task);
  return chat.messages.front().content;
}

absl::StatusOr<RealSplits> BuiltInRealTasks(std::string_view family) {
  TW_RETURN_IF_ERROR(CheckKnown(family));
  TW_ASSIGN_OR_RETURN(const std::vector<RealTask> all,
                      ParseRealTasks(family, BuiltInEnglishFile(absl::StrCat(
                                                 "tasks/", std::string(family), ".jsonl"))));
  TW_CHECK(all.size() > kRealTests + kRealTrain);
  const auto tests = all.begin() + kRealTests, train = tests + kRealTrain;
  return RealSplits{{all.begin(), tests}, {tests, train}, {train, all.end()}};
}

}  // namespace tuneward
