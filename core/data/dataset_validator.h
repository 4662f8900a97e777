// Reads a JSONL file of rows (data_row.h) as a stream and names every line that is wrong, the way
// users fix it: line number, field path, reason; the total and the first 20. Memory is bounded by
// the longest allowed line. One validator a file, one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/status.h"
#include "core/data/data_row.h"

namespace tuneward {

struct DatasetLimits {
  int64_t max_bytes = int64_t{512} << 20;
  int64_t max_line_bytes = int64_t{10} << 20;
  int64_t min_rows = 10;
  int max_problems = 20;  // kept; all are counted
};

// One wrong place of a file. `field` is relative to the line (`messages[2].role`); empty: the line
// as a whole, or with line 0 the file as a whole.
struct FileProblem {
  int64_t line = 0;  // 1-based
  std::string field;
  std::string reason;
  bool operator==(const FileProblem&) const = default;
};

struct FileReport {
  int64_t bytes = 0;
  int64_t rows = 0;           // lines with content, good or bad; blank lines are passed over
  int64_t problem_count = 0;  // all of them
  std::vector<FileProblem> problems;
  std::string reason;          // D10: "" (good), INVALID_FILE, TOO_FEW_EXAMPLES, LIMIT_EXCEEDED
  int64_t limit = 0, got = 0;  // of TOO_FEW_EXAMPLES and LIMIT_EXCEEDED

  bool ok() const { return reason.empty(); }
  // job.error.code and REST code (D10): "", invalid_file_format, invalid_n_examples,
  // invalid_training_file.
  std::string code() const;
  // OK, or INVALID_ARGUMENT with one FieldViolation a kept problem:
  // `training_file.lines[17].messages[2].role`.
  absl::Status ToStatus(std::string_view param = "training_file") const;
  Json ToJson() const;  // stored in files.problems
  static absl::StatusOr<FileReport> FromJson(const Json& json);
};

class DatasetValidator {
 public:
  // Called with each good row in file order, in the middle of Feed; the profiler listens here.
  using RowSink = std::function<void(int64_t line, const DataRow& row)>;

  explicit DatasetValidator(DatasetLimits limits = {}, RowSink sink = nullptr);
  ~DatasetValidator();
  DatasetValidator(const DatasetValidator&) = delete;
  DatasetValidator& operator=(const DatasetValidator&) = delete;

  void Feed(std::string_view chunk);  // any cut; a line may span chunks
  FileReport Finish();                // once, after the last chunk

 private:
  struct Parser;
  void AcceptLine(std::string_view line);
  void AddProblem(int64_t line, std::string_view field, std::string_view reason);

  DatasetLimits limits_;
  RowSink sink_;
  std::unique_ptr<Parser> parser_;
  std::string partial_;  // start of a line whose end has not come yet
  int64_t partial_bytes_ =
      0;  // its length, also of what was thrown away because it is over the limit
  int64_t line_ = 0;
  std::optional<DataFormat> format_;  // of the rows so far
  FileReport report_;
};

// A good row with its place in the file; ids in manifests are "u:<line>".
struct NumberedRow {
  int64_t line = 0;  // 1-based
  DataRow row;
};

// All rows of a file that was accepted at upload; INVALID_FILE otherwise.
absl::StatusOr<std::vector<NumberedRow>> ReadDataset(std::string_view bytes,
                                                     const DatasetLimits& limits = {});

}  // namespace tuneward
