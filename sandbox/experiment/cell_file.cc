#include "sandbox/experiment/cell_file.h"

#include "absl/strings/str_cat.h"

namespace tuneward {

absl::StatusOr<CellLines> ReadCellLines(std::string_view text) {
  CellLines lines;
  while (true) {
    const size_t end = text.find('\n', lines.whole_bytes);
    if (end == std::string_view::npos) return lines;
    auto record = CellRecord::Parse(text.substr(lines.whole_bytes, end - lines.whole_bytes));
    if (!record.ok())
      return absl::InvalidArgumentError(
          absl::StrCat("line ", lines.records.size() + 1, ": ", record.status().message()));
    lines.records.push_back(*std::move(record));
    lines.whole_bytes = end + 1;
  }
}

}  // namespace tuneward
