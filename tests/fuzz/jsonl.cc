#include <algorithm>
#include <string>

#include "core/data/dataset_profile.h"
#include "core/data/dataset_validator.h"
#include "tests/fuzz/check_text.h"
#include "tests/fuzz/targets.h"

namespace tuneward::fuzz {
namespace {

// Small limits, so that small inputs reach them.
DatasetLimits Limits() {
  DatasetLimits limits;
  limits.max_bytes = 1 << 16;
  limits.max_line_bytes = 1 << 12;
  limits.min_rows = 2;
  limits.max_problems = 5;
  return limits;
}

struct Verdict {
  FileReport report;
  std::vector<NumberedRow> rows;
};

// `cuts`: sizes of the chunks, taken in turn; empty: one chunk.
Verdict Validate(std::string_view bytes, std::string_view cuts) {
  Verdict out;
  DatasetValidator validator(Limits(), [&out](int64_t line, const DataRow& row) {
    out.rows.push_back({line, row});
  });
  for (size_t turn = 0; !bytes.empty(); ++turn) {
    size_t size = bytes.size();
    if (!cuts.empty())  // 0: an empty chunk, then one byte
      size = std::min<size_t>(size, static_cast<uint8_t>(cuts[turn % cuts.size()]));
    validator.Feed(bytes.substr(0, size));
    if (size == 0) validator.Feed(bytes.substr(0, size = 1));
    bytes.remove_prefix(size);
  }
  out.report = validator.Finish();
  return out;
}

void CheckReport(const FileReport& report) {
  TW_CHECK(static_cast<int64_t>(report.problems.size()) <= report.problem_count);
  TW_CHECK(report.problem_count == 0 || !report.problems.empty());
  for (const FileProblem& problem : report.problems) {
    CheckIsText(problem.field);
    CheckIsText(problem.reason);
  }
  if (!report.ok()) CheckIsRefusal(report.ToStatus());
  const auto again = FileReport::FromJson(report.ToJson());
  TW_CHECK(again.ok() && again->ToJson() == report.ToJson());
}

// The rows that ReadRow, the slower reader that explains itself, accepts.
std::vector<NumberedRow> RowsByReadRow(std::string_view bytes) {
  std::vector<NumberedRow> rows;
  std::optional<DataFormat> format;
  for (int64_t number = 1; !bytes.empty(); ++number) {
    const std::string_view line = bytes.substr(0, bytes.find('\n'));
    bytes.remove_prefix(std::min(bytes.size(), line.size() + 1));
    const bool has_mark = number == 1 && line.starts_with("\xEF\xBB\xBF");
    if (has_mark || static_cast<int64_t>(line.size()) > Limits().max_line_bytes) continue;
    Violations problems;
    DataRow row = ReadRow(line, format, problems);
    for (const FieldViolation& violation : problems.list()) CheckIsText(violation.description);
    if (problems.empty()) rows.push_back({number, std::move(row)});
  }
  return rows;
}

void CheckProfile(const std::vector<NumberedRow>& rows) {
  DatasetProfiler profiler;
  for (const NumberedRow& row : rows) profiler.Add(row.row);
  const DatasetProfile profile = profiler.Finish();
  const auto again = DatasetProfile::FromJson(profile.ToJson());
  TW_CHECK(again.ok() && again->Hash() == profile.Hash());
  for (const FormatCluster& cluster : profile.clusters)
    CheckIsText(FillSkeleton(cluster.skeleton, "request", {}));
}

bool SameRows(const std::vector<NumberedRow>& a, const std::vector<NumberedRow>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const NumberedRow& x, const NumberedRow& y) {
                      return x.line == y.line && x.row == y.row;
                    });
}

}  // namespace

void Jsonl(std::string_view bytes) {
  const Verdict whole = Validate(bytes, "");
  const Verdict cut = Validate(bytes, bytes.substr(0, 16));
  CheckReport(whole.report);
  TW_CHECK(whole.report.reason == cut.report.reason && whole.report.bytes == cut.report.bytes);
  // A file over the limit is refused as a whole: how much of it was looked at depends on the cuts.
  if (whole.report.reason == "LIMIT_EXCEEDED") return;
  TW_CHECK(whole.report.ToJson() == cut.report.ToJson());
  TW_CHECK(SameRows(whole.rows, cut.rows));
  // The validator has a second, faster parser for good rows.
  TW_CHECK(SameRows(whole.rows, RowsByReadRow(bytes)));
  for (const NumberedRow& row : whole.rows) {
    const auto again = ChatFromJson(ChatToJson(row.row.chat));
    TW_CHECK(again.ok() && *again == row.row.chat);
    TW_CHECK(row.row.format() == whole.rows[0].row.format());
    CheckIsText(ChatLine(row.row.chat));
  }
  if (!whole.rows.empty()) CheckProfile(whole.rows);
}

}  // namespace tuneward::fuzz
