#include "core/data/request_slot.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string_view>

#include "core/data/prompt_tokens.h"

namespace tuneward {
namespace {

bool IsBareLabelWord(std::string_view text, std::string_view word) {
  std::string folded;
  for (char c : text)
    if (IsWordByte(c)) folded.push_back(static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c));
  return folded.find(word) != std::string::npos;
}

using SlotValues = std::vector<std::vector<std::string>>;

constexpr size_t kMajorityPercent = 90;

// Whether most rows hold a list of one length there: choices to answer from, not what is asked.
bool IsList(const SlotValues& values, size_t slot) {
  constexpr int64_t kFewestCommas = 2;
  std::map<int64_t, size_t> rows_with;
  for (const auto& row : values) ++rows_with[std::count(row[slot].begin(), row[slot].end(), ',')];
  for (const auto& [commas, rows] : rows_with)
    if (commas >= kFewestCommas && rows * 100 >= values.size() * kMajorityPercent) return true;
  return false;
}

bool IsQuestion(const SlotValues& values, size_t slot) {
  size_t questions = 0;
  for (const auto& row : values) {
    const size_t last = row[slot].find_last_not_of(" \t\r\n");
    if (last != std::string::npos && row[slot][last] == '?') ++questions;
  }
  return questions * 2 > values.size();
}

}  // namespace

size_t RequestSlot(const std::vector<std::string>& before,
                   const std::vector<std::vector<std::string>>& values) {
  constexpr std::string_view kAsking[] = {"instruction", "question", "goal",    "request",
                                          "task",        "query",    "problem", "prompt",
                                          "input",       "statement"};
  for (std::string_view word : kAsking)
    for (size_t s = before.size(); s-- > 0;)
      if (IsBareLabelWord(before[s], word)) return s;
  for (size_t s = before.size(); s-- > 0;)
    if (IsQuestion(values, s)) return s;
  size_t best = 0;
  size_t most = 0;
  for (size_t s = 0; s < before.size(); ++s) {
    if (IsList(values, s)) continue;
    size_t bytes = 1;  // any slot is better than a list
    for (const auto& row : values) bytes += row[s].size();
    if (bytes > most) best = s, most = bytes;
  }
  return best;
}

}  // namespace tuneward
