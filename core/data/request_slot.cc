#include "core/data/request_slot.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string_view>

#include "core/data/prompt_tokens.h"

namespace tuneward {
namespace {

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

// How long the values are without the words that most of them share: an instruction with a name in
// it is longer than a short question, and says less that is new.
size_t VaryingBytes(const SlotValues& values, size_t slot) {
  std::map<std::string_view, size_t> rows_with;
  for (const auto& row : values) {
    const PromptTokens words = SplitTokens(row[slot]);
    for (const std::string_view word : std::set<std::string_view>(words.begin(), words.end()))
      ++rows_with[word];
  }
  size_t bytes = 0;
  for (const auto& row : values)
    for (const std::string_view word : SplitTokens(row[slot]))
      if (rows_with[word] * 100 < values.size() * kMajorityPercent) bytes += word.size();
  return bytes;
}

bool IsBareLabelWord(std::string_view text, std::string_view word) {
  std::string folded;
  for (char c : text)
    if (IsWordByte(c)) folded.push_back(static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c));
  return folded.find(word) != std::string::npos;
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
    const size_t bytes = 1 + VaryingBytes(values, s);  // any slot is better than a list
    if (bytes > most) best = s, most = bytes;
  }
  return best;
}

}  // namespace tuneward
