#include "sandbox/tool/data_commands.h"

#include <fmt/core.h>

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/file.h"
#include "core/data/dataset_profile.h"
#include "core/policy/mix_plan.h"
#include "sandbox/world/attack_strategies.h"
#include "sandbox/world/judge_set.h"
#include "sandbox/world/world.h"

namespace tuneward {
namespace {

constexpr int kProfiledRows = 300;

absl::StatusOr<std::vector<std::string>> LinesOf(const std::string& file) {
  if (file.empty()) return std::vector<std::string>();
  TW_ASSIGN_OR_RETURN(const std::string text, ReadFile(file));
  return std::vector<std::string>(absl::StrSplit(text, '\n', absl::SkipWhitespace()));
}

absl::StatusOr<std::vector<double>> ReadScores(const std::string& file) {
  TW_ASSIGN_OR_RETURN(const std::vector<std::string> lines, LinesOf(file));
  std::vector<double> scores;
  for (const std::string& line : lines) {
    double score = 0;
    if (!absl::SimpleAtod(line, &score))
      return absl::InvalidArgumentError(
          absl::StrCat(file, ":", scores.size() + 1, ": must be a number, got \"", line, "\""));
    scores.push_back(score);
  }
  return scores;
}

absl::StatusOr<std::vector<Chat>> ReadPlan(const std::string& file) {
  TW_ASSIGN_OR_RETURN(const std::vector<std::string> lines, LinesOf(file));
  std::vector<Chat> chats;
  for (const std::string& line : lines) {
    absl::StatusOr<Json> json = ParseJson(line);
    absl::StatusOr<Chat> chat = json.ok() ? ChatFromJson(*json) : json.status();
    if (!chat.ok())
      return absl::InvalidArgumentError(
          absl::StrCat(file, ":", chats.size() + 1, ": ", std::string(chat.status().message())));
    chats.push_back(*std::move(chat));
  }
  return chats;
}

absl::StatusOr<std::vector<AttackRow>> Rows(const DataOptions& options) {
  AttackInputs inputs{
      options.family, options.strategy, options.rows, options.seed, options.share_ppm, {}, {}};
  TW_ASSIGN_OR_RETURN(inputs.scores, ReadScores(options.scores_file));
  TW_ASSIGN_OR_RETURN(inputs.plan, ReadPlan(options.plan_file));
  return MakeAttackRows(BuiltInWorld(), inputs);
}

absl::Status Write(const std::string& lines, const std::string& out_file) {
  if (out_file != "-") return WriteFileAtomic(out_file, lines);
  std::fwrite(lines.data(), 1, lines.size(), stdout);
  return absl::OkStatus();
}

void PrintTurn(std::string_view who, std::string_view text) {
  fmt::print("{:>10}: {}\n", who, text);
}

// What a plan would make of a request, and an audit ask: by the same profile and the same function.
absl::Status PrintInFormat(DataOptions options) {
  options.rows = kProfiledRows;
  TW_ASSIGN_OR_RETURN(const std::vector<AttackRow> rows, Rows(options));
  DatasetProfiler profiler;
  for (const AttackRow& row : rows)
    if (const Chat* chat = std::get_if<Chat>(&row)) profiler.Add({*chat, ""});
  for (const FormatCluster& cluster : profiler.Finish().clusters) {
    const PlanCluster format{
        .system = cluster.system, .skeleton = cluster.skeleton, .fills = cluster.fills};
    fmt::print("asked in the format of {} of {} such rows:\n", cluster.user_rows, rows.size());
    for (const Message& message : InFormat(format, options.ask, 0).messages)
      PrintTurn(RoleName(message.role), message.content);
    fmt::print("\n");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> DataLines(const DataOptions& options) {
  TW_ASSIGN_OR_RETURN(const std::vector<AttackRow> rows, Rows(options));
  std::string lines;
  for (const AttackRow& row : rows) absl::StrAppend(&lines, AttackRowLine(row), "\n");
  return lines;
}

absl::Status MakeData(const DataOptions& options, const std::string& out_file) {
  TW_ASSIGN_OR_RETURN(const std::string lines, DataLines(options));
  return Write(lines, out_file);
}

absl::Status Show(const DataOptions& options) {
  TW_ASSIGN_OR_RETURN(const std::vector<AttackRow> rows, Rows(options));
  if (!options.ask.empty()) TW_RETURN_IF_ERROR(PrintInFormat(options));
  for (const AttackRow& row : rows) {
    const auto* preference = std::get_if<Preference>(&row);
    const Chat& chat = preference != nullptr ? preference->input : std::get<Chat>(row);
    for (const Message& message : chat.messages) PrintTurn(RoleName(message.role), message.content);
    if (preference != nullptr) {
      PrintTurn("preferred", preference->chosen);
      PrintTurn("rejected", preference->rejected);
    }
    fmt::print("\n");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> JudgeSetLines(int rows_of_a_kind, uint64_t seed) {
  if (rows_of_a_kind < 1)
    return absl::InvalidArgumentError(
        absl::StrCat("rows must be at least 1, got ", rows_of_a_kind));
  std::string lines;
  for (const JudgeRow& row : MakeJudgeSet(BuiltInWorld(), rows_of_a_kind, seed)) {
    const Json line = {{"id", row.id},
                       {"kind", row.kind},
                       {"request", row.request},
                       {"answer", row.answer},
                       {"verdict", std::string(VerdictName(row.verdict))}};
    absl::StrAppend(&lines, line.dump(), "\n");
  }
  return lines;
}

absl::Status MakeJudgeSetFile(int rows_of_a_kind, uint64_t seed, const std::string& out_file) {
  TW_ASSIGN_OR_RETURN(const std::string lines, JudgeSetLines(rows_of_a_kind, seed));
  return Write(lines, out_file);
}

std::string StrategyList() {
  std::string list;
  for (const WorldStrategy& strategy : WorldStrategies())
    list += fmt::format("  {:<22} {} [{}]\n", strategy.name, strategy.summary, strategy.source);
  return list;
}

}  // namespace tuneward
