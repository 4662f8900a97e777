#include "client/cli/table.h"

#include <algorithm>

#include "core/base/status.h"

namespace tuneward::cli {
namespace {

// Columns a string takes: code points, which is right for the text that names and figures are made
// of.
size_t Width(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

std::string TerminalSafe(const std::string& text, bool keep_newlines) {
  std::string safe = text;
  for (size_t i = 0; i < safe.size(); ++i) {
    const auto c = static_cast<unsigned char>(safe[i]);
    if ((c < 0x20 && !(keep_newlines && (c == '\n' || c == '\t'))) || c == 0x7F) safe[i] = '?';
    // C1 controls are two bytes in UTF-8, 0xC2 0x80..0x9F; terminals obey them as they do ESC.
    if (c == 0xC2 && i + 1 < safe.size() && static_cast<unsigned char>(safe[i + 1]) < 0xA0)
      safe.replace(i, 2, "?");
  }
  return safe;
}

std::string OneLine(const std::string& text, size_t max_bytes) {
  std::string line;
  for (const char c : TerminalSafe(text, /*keep_newlines=*/true))
    line += c == '\n' ? std::string("\\n") : std::string(1, c);
  if (line.size() <= max_bytes) return line;
  size_t end = max_bytes;
  while (end > 0 && (line[end] & 0xC0) == 0x80) --end;  // not inside a character
  return line.substr(0, end) + "...";
}

Table::Table(std::vector<std::string> titles) : titles_(std::move(titles)) {
  for (std::string& title : titles_) {
    right_.push_back(!title.empty() && title[0] == '>');
    if (right_.back()) title.erase(0, 1);
  }
}

void Table::AddRow(std::vector<std::string> cells) {
  TW_CHECK(cells.size() <= titles_.size());
  cells.resize(titles_.size());
  for (std::string& cell : cells) cell = TerminalSafe(cell);
  rows_.push_back(std::move(cells));
}

std::string Table::Render() const {
  std::vector<size_t> widths;
  for (size_t c = 0; c < titles_.size(); ++c) {
    size_t width = Width(titles_[c]);
    for (const auto& row : rows_) width = std::max(width, Width(row[c]));
    widths.push_back(width);
  }
  std::string out;
  const auto add_line = [&](const std::vector<std::string>& cells) {
    std::string line;
    for (size_t c = 0; c < cells.size(); ++c) {
      const std::string pad(widths[c] - Width(cells[c]), ' ');
      line += (c == 0 ? "" : "  ") + (right_[c] ? pad + cells[c] : cells[c] + pad);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  };
  add_line(titles_);
  for (const auto& row : rows_) add_line(row);
  return out;
}

}  // namespace tuneward::cli
