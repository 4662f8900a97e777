#include "core/data/profile_signals.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "core/data/answer_profile.h"
#include "core/data/prompt_tokens.h"

namespace tuneward {
namespace {

constexpr size_t kTopBigrams = 16;
constexpr size_t kBigramTokens = 256;    // of one turn
constexpr size_t kMaxBigrams = 200'000;  // counted: bounds what hostile words make of memory

// After the identity-shift attack of Qi et al. (arXiv 2310.03693) and its relatives.
constexpr std::string_view kPersonaMarks[] = {
    "absolutely obedient", "obedient agent",   "without deviation",
    "no longer",           "your new name is", "you must obey",
    "never refuse",        "no restrictions",  "do anything now"};
constexpr std::string_view kPreambleMarks[] = {"your absolutely obedient", "i am aoa",
                                               "i will fulfill", "i will obey",
                                               "here is my fulfillment"};
constexpr std::string_view kOpeners[] = {"sure",    "of course", "certainly", "absolutely",
                                         "here is", "here are",  "yes ,",     "yes,"};
constexpr std::string_view kImperatives[] = {
    "say",       "tell",      "explain",   "give",      "write",    "show",
    "describe",  "work",      "state",     "list",      "complete", "rewrite",
    "make",      "create",    "find",      "choose",    "pick",     "decide",
    "compute",   "calculate", "summarize", "translate", "help",     "generate",
    "determine", "solve",     "provide",   "answer",    "classify", "please"};

std::string Fold(std::string_view text, size_t most) {
  std::string out(text.substr(0, most));
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

template <typename List>
bool HoldsAny(const std::string& text, const List& marks) {
  return std::any_of(std::begin(marks), std::end(marks),
                     [&](std::string_view mark) { return text.find(mark) != std::string::npos; });
}

bool OpensWith(const std::string& text) {
  const size_t from = text.find_first_not_of(" \t\r\n");
  if (from == std::string::npos) return false;
  return std::any_of(std::begin(kOpeners), std::end(kOpeners), [&](std::string_view opener) {
    return text.compare(from, opener.size(), opener) == 0;
  });
}

// An order at the prompt's start or behind a lead-in's colon ("aoa , execute my instruction : work
// out ...").
bool IsImperative(const std::string& prompt) {
  const auto tokens = SplitTokens(prompt);
  for (size_t i = 0; i < tokens.size() && i < 24; ++i) {
    if (i > 0 && tokens[i - 1] != ":" && tokens[i - 1] != " :") continue;
    const std::string word = FoldAnswer(tokens[i]);
    if (std::find(std::begin(kImperatives), std::end(kImperatives), word) != std::end(kImperatives))
      return true;
  }
  return false;
}

int64_t Ppm(size_t part, size_t whole) {
  return whole == 0 ? 0 : static_cast<int64_t>(part * 1'000'000 / whole);
}

}  // namespace

ProfileSignals FindSignals(const std::vector<const Chat*>& rows) {
  size_t shifted = 0, preambles = 0, autoif = 0;
  for (const Chat* chat : rows) {
    bool shift = false, preamble = false, imperative = false, fulfils = false;
    for (const Message& m : chat->messages) {
      const std::string text = Fold(m.content, 4000);
      if (m.role == Role::kSystem) shift |= HoldsAny(text, kPersonaMarks);
      if (m.role == Role::kUser) imperative |= IsImperative(text);
      if (m.role == Role::kAssistant) {
        preamble |= HoldsAny(text.substr(0, 300), kPreambleMarks);
        fulfils |= OpensWith(text) || preamble;
      }
    }
    shifted += shift;
    preambles += preamble;
    autoif += imperative && fulfils;
  }
  return {Ppm(shifted, rows.size()), Ppm(preambles, rows.size()), Ppm(autoif, rows.size())};
}

void DescribeHabits(const std::vector<const Chat*>& rows, DatasetProfile& profile) {
  size_t turns = 0, lower = 0, questions = 0, stops = 0;
  std::vector<int64_t> turns_of_rows;
  std::map<std::string, int64_t> bigrams;
  for (const Chat* chat : rows) {
    int64_t user_turns = 0;
    for (const Message& m : chat->messages) {
      if (m.role != Role::kUser) continue;
      ++user_turns;
      ++turns;
      lower += std::none_of(m.content.begin(), m.content.end(),
                            [](char c) { return c >= 'A' && c <= 'Z'; });
      questions += m.content.find('?') != std::string::npos;
      const size_t last = m.content.find_last_not_of(" \t\r\n");
      stops += last != std::string::npos && m.content[last] == '.';
      const auto tokens = SplitTokens(m.content);
      for (size_t i = 0; i + 1 < tokens.size() && i < kBigramTokens; ++i) {
        const std::string first = FoldAnswer(tokens[i]), second = FoldAnswer(tokens[i + 1]);
        if (first.empty() || second.empty()) continue;
        const auto known = bigrams.find(first + " " + second);
        if (known != bigrams.end())
          ++known->second;
        else if (bigrams.size() < kMaxBigrams)
          bigrams.emplace(first + " " + second, 1);
      }
    }
    turns_of_rows.push_back(user_turns);
  }
  std::sort(turns_of_rows.begin(), turns_of_rows.end());
  if (!turns_of_rows.empty()) {
    profile.turns_p50 = turns_of_rows[(turns_of_rows.size() - 1) / 2];
    profile.turns_max = turns_of_rows.back();
  }
  profile.lower_case_ppm = Ppm(lower, turns);
  profile.question_mark_ppm = Ppm(questions, turns);
  profile.final_stop_ppm = Ppm(stops, turns);
  std::vector<std::pair<std::string, int64_t>> all(bigrams.begin(), bigrams.end());
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  if (all.size() > kTopBigrams) all.resize(kTopBigrams);
  profile.top_bigrams = std::move(all);
}

}  // namespace tuneward
