// Plain text tables for people: columns as wide as their widest cell, two spaces between, numbers
// to the right. Pure.
#pragma once

#include <string>
#include <vector>

namespace tuneward::cli {

class Table {
 public:
  // A title that begins with '>' makes a column right-aligned; the sign is not printed.
  explicit Table(std::vector<std::string> titles);
  void AddRow(std::vector<std::string>
                  cells);  // missing cells are empty; control characters are shown as '?'
  bool empty() const { return rows_.empty(); }
  std::string Render() const;

 private:
  std::vector<std::string> titles_;
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;
};

// Text that came from another party, safe for a terminal: control characters (escape sequences)
// become '?', newlines too unless `keep_newlines`.
std::string TerminalSafe(const std::string& text, bool keep_newlines = false);

// The same on one line: newlines as \n, cut after `max_bytes` with "...".
std::string OneLine(const std::string& text, size_t max_bytes = 160);

}  // namespace tuneward::cli
