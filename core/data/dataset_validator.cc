#include "core/data/dataset_validator.h"

#include <simdjson.h>

#include "absl/strings/str_cat.h"
#include "core/base/cut_text.h"
#include "core/data/fast_row.h"

namespace tuneward {
namespace {

constexpr size_t kMaxProblemText = 240;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// What may quote the user, as it is kept. U+0000, which a key may hold and the database's JSON may
// not, is written out.
std::string Kept(std::string_view text) {
  std::string kept = CutText(text, kMaxProblemText);
  for (size_t at = 0; (at = kept.find('\0', at)) != std::string::npos;)
    kept.replace(at, 1, "\\u0000");
  return kept;
}

bool IsBlank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

// 0-based offset of the first byte that is not part of valid UTF-8. Only called on text that has
// one.
size_t FirstBadByte(std::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    const uint8_t lead = text[i];
    const size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (i + size > text.size() || !simdjson::validate_utf8(text.data() + i, size)) return i;
    i += size;
  }
  return i;
}

}  // namespace

std::string FileReport::code() const {
  if (reason == "TOO_FEW_EXAMPLES") return "invalid_n_examples";
  if (reason == "INVALID_FILE") return "invalid_file_format";
  return reason.empty() ? "" : "invalid_training_file";
}

absl::Status FileReport::ToStatus(std::string_view param) const {
  if (ok()) return absl::OkStatus();
  const std::string name(param);
  ErrorInfo info;
  info.reason = reason;
  std::string message;
  if (reason == "TOO_FEW_EXAMPLES") {
    info.metadata = {{"minimum", absl::StrCat(limit)}, {"got", absl::StrCat(got)}};
    message = rows == 0
                  ? absl::StrCat(name, " is empty: it must have at least ", limit, " examples")
                  : absl::StrCat(name, " has ", got, " example(s), but must have at least ", limit);
  } else if (reason == "LIMIT_EXCEEDED") {
    info.metadata = {{"limit", absl::StrCat(limit)}, {"got", absl::StrCat(got)}};
    message = absl::StrCat(name, " is over the limit of ", limit, " bytes, got at least ", got);
  } else {
    info.metadata = {{"problems", absl::StrCat(problem_count)}};
    const FileProblem first = problems.empty() ? FileProblem{} : problems[0];
    message = absl::StrCat(name, " has ", problem_count, " problem(s). Line ", first.line, ": ",
                           first.field, first.field.empty() ? "" : ": ", first.reason);
  }
  for (const FileProblem& p : problems) {
    const std::string dot = p.field.empty() ? "" : ".";
    info.violations.push_back({absl::StrCat(name, ".lines[", p.line, "]", dot, p.field), p.reason});
  }
  return MakeError(absl::StatusCode::kInvalidArgument, message, info);
}

Json FileReport::ToJson() const {
  Json list = Json::array();
  for (const FileProblem& p : problems)
    list.push_back({{"line", p.line}, {"field", p.field}, {"reason", p.reason}});
  return {{"bytes", bytes},
          {"rows", rows},
          {"total", problem_count},
          {"problems", std::move(list)},
          {"code", code()},
          {"limit", limit},
          {"got", got},
          {"reason", reason}};
}

absl::StatusOr<FileReport> FileReport::FromJson(const Json& json) {
  Violations problems;
  FileReport report;
  ObjectReader reader(json, "", problems);
  report.bytes = reader.Int("bytes", 0, INT64_MAX);
  report.rows = reader.Int("rows", 0, INT64_MAX);
  report.problem_count = reader.Int("total", 0, INT64_MAX);
  report.limit = reader.Int("limit", 0, INT64_MAX);
  report.got = reader.Int("got", 0, INT64_MAX);
  report.reason = reader.String("reason");
  reader.String("code");
  if (const Json* list = reader.Array("problems")) {
    for (size_t i = 0; i < list->size(); ++i) {
      ObjectReader item((*list)[i], absl::StrCat("problems[", i, "]"), problems);
      report.problems.push_back(
          {item.Int("line", 0, INT64_MAX), item.String("field"), item.String("reason")});
      item.Finish();
    }
  }
  reader.Finish();
  TW_RETURN_IF_ERROR(problems.ToStatus());
  return report;
}

struct DatasetValidator::Parser {
  simdjson::dom::parser json;
  DataRow row;  // reused: its strings keep their memory
};

DatasetValidator::DatasetValidator(DatasetLimits limits, RowSink sink)
    : limits_(limits), sink_(std::move(sink)), parser_(std::make_unique<Parser>()) {}
DatasetValidator::~DatasetValidator() = default;

void DatasetValidator::AddProblem(int64_t line, std::string_view field, std::string_view reason) {
  ++report_.problem_count;
  if (static_cast<int>(report_.problems.size()) < limits_.max_problems)
    report_.problems.push_back({line, Kept(field), Kept(reason)});
}

void DatasetValidator::AcceptLine(std::string_view line) {
  if (line_ == 1 && line.starts_with(kByteOrderMark)) {
    ++report_.rows;
    AddProblem(line_, "", "starts with a byte order mark: save the file as UTF-8 without it");
    return;
  }
  if (IsBlank(line)) return;
  ++report_.rows;
  simdjson::dom::element element;
  DataRow& fast = parser_->row;
  if (parser_->json.parse(line.data(), line.size()).get(element) == simdjson::SUCCESS &&
      ReadFastRow(element, fast) && format_.value_or(fast.format()) == fast.format()) {
    format_ = fast.format();
    if (sink_) sink_(line_, fast);
    return;
  }
  if (!simdjson::validate_utf8(line.data(), line.size())) {
    AddProblem(line_, "",
               absl::StrCat("is not UTF-8: bad byte at position ", FirstBadByte(line) + 1));
    return;
  }
  Violations problems;
  const DataRow row = ReadRow(line, format_, problems);
  for (const FieldViolation& v : problems.list()) AddProblem(line_, v.field, v.description);
  if (problems.empty() && sink_) sink_(line_, row);
}

void DatasetValidator::Feed(std::string_view chunk) {
  report_.bytes += static_cast<int64_t>(chunk.size());
  if (report_.bytes > limits_.max_bytes)
    return;  // refused as a whole: what is in it no longer matters
  while (!chunk.empty()) {
    const size_t newline = chunk.find('\n');
    const std::string_view piece = chunk.substr(0, newline);
    partial_bytes_ += static_cast<int64_t>(piece.size());
    const bool too_long = partial_bytes_ > limits_.max_line_bytes;
    if (newline == std::string_view::npos) {
      if (!too_long) partial_.append(piece);
      return;
    }
    ++line_;
    if (too_long) {
      ++report_.rows;
      AddProblem(
          line_, "",
          absl::StrCat("is ", partial_bytes_, " bytes long: at most ", limits_.max_line_bytes));
    } else if (partial_.empty()) {
      AcceptLine(piece);
    } else {
      partial_.append(piece);
      AcceptLine(partial_);
    }
    partial_.clear();
    partial_bytes_ = 0;
    chunk.remove_prefix(newline + 1);
  }
}

FileReport DatasetValidator::Finish() {
  if (partial_bytes_ > 0 &&
      report_.bytes <= limits_.max_bytes) {  // a last line without its newline
    report_.bytes -= 1;
    Feed("\n");
  }
  if (report_.bytes > limits_.max_bytes) {
    report_.reason = "LIMIT_EXCEEDED";
    report_.limit = limits_.max_bytes;
    report_.got = report_.bytes;
  } else if (report_.problem_count > 0) {
    report_.reason = "INVALID_FILE";
  } else if (report_.rows < limits_.min_rows) {
    report_.reason = "TOO_FEW_EXAMPLES";
    report_.limit = limits_.min_rows;
    report_.got = report_.rows;
  }
  return std::move(report_);
}

absl::StatusOr<std::vector<NumberedRow>> ReadDataset(std::string_view bytes,
                                                     const DatasetLimits& limits) {
  std::vector<NumberedRow> rows;
  DatasetValidator validator(limits, [&rows](int64_t line, const DataRow& row) {
    rows.push_back({line, row});
  });
  validator.Feed(bytes);
  TW_RETURN_IF_ERROR(validator.Finish().ToStatus());
  return rows;
}

}  // namespace tuneward
