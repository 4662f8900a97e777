#include "sandbox/experiment/markdown_table.h"

#include <algorithm>

#include "core/base/status.h"

namespace tuneward {
namespace {

// In code points: what the report writes has no wider ones.
size_t Width(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace

std::string MarkdownTable(const std::vector<std::vector<std::string>>& rows, size_t left) {
  TW_CHECK(!rows.empty());
  std::vector<size_t> widths(rows.front().size(), 3);
  for (const auto& row : rows) {
    TW_CHECK(row.size() == widths.size());
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], Width(row[i]));
  }
  std::string out;
  for (size_t r = 0; r < rows.size(); ++r) {
    for (size_t i = 0; i < widths.size(); ++i) {
      const std::string space(widths[i] - Width(rows[r][i]), ' ');
      out += i < left ? "| " + rows[r][i] + space + " " : "| " + space + rows[r][i] + " ";
    }
    out += "|\n";
    if (r > 0) continue;
    for (size_t i = 0; i < widths.size(); ++i)
      out += i < left ? "|" + std::string(widths[i] + 2, '-')
                      : "|" + std::string(widths[i] + 1, '-') + ":";
    out += "|\n";
  }
  return out;
}

}  // namespace tuneward
