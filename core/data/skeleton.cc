#include "core/data/skeleton.h"

#include <algorithm>
#include <cstdint>
#include <map>

#include "core/data/prompt_tokens.h"
#include "core/data/request_slot.h"

namespace tuneward {
namespace {

constexpr size_t kPromptBytes =
    4 << 20;                       // looked at word by word; of longer lists evenly spread ones
constexpr size_t kAlignRows = 64;  // rows that are folded into the alignment
constexpr size_t kAlignTokens =
    384;  // of one row; labels of longer rows are looked for in their end
constexpr int kStructureWeight = 64;  // a label outweighs any chance agreement of words
constexpr size_t kMajorityPercent = 90;
constexpr size_t kCueTokens = 4;  // `The answer is:` on the line of what varies
constexpr size_t kPhraseTokens =
    3;  // what varies is at least this long where a bare phrase is taken as a frame

std::string Join(const PromptTokens& tokens, size_t from, size_t to) {
  std::string text;
  for (size_t i = from; i < to; ++i) text.append(tokens[i]);
  return text;
}

std::vector<PromptTokens> TokensOf(const std::vector<std::string_view>& prompts) {
  size_t bytes = 0;
  for (std::string_view prompt : prompts) bytes += prompt.size();
  std::vector<PromptTokens> rows;
  for (size_t r = 0; r < prompts.size(); r += bytes / kPromptBytes + 1)
    rows.push_back(SplitTokens(prompts[r]));
  return rows;
}

// How many tokens most rows share at their start (or, `from_end`, at their end), leaving
// `reserve[r]` tokens of row r alone. Rows that leave the majority are marked in `fits`.
size_t CommonRun(const std::vector<PromptTokens>& rows, const std::vector<size_t>& reserve,
                 bool from_end, std::vector<bool>& fits) {
  const size_t needed = std::max<size_t>(1, rows.size() * kMajorityPercent / 100);
  for (size_t i = 0;; ++i) {
    std::map<std::string_view, size_t> votes;
    auto token_of = [&](size_t r) { return rows[r][from_end ? rows[r].size() - 1 - i : i]; };
    auto has = [&](size_t r) { return fits[r] && i + reserve[r] < rows[r].size(); };
    for (size_t r = 0; r < rows.size(); ++r)
      if (has(r)) ++votes[token_of(r)];
    const std::pair<const std::string_view, size_t>* best = nullptr;
    for (const auto& vote : votes)
      if (best == nullptr || vote.second > best->second) best = &vote;
    if (best == nullptr || best->second < needed) return i;
    const std::string_view winner = best->first;
    for (size_t r = 0; r < rows.size(); ++r)
      if (!has(r) || token_of(r) != winner) fits[r] = false;
  }
}

// The heaviest common subsequence of two rows, as tokens of `a`.
PromptTokens Align(const PromptTokens& a, const PromptTokens& b) {
  const size_t width = b.size() + 1;
  std::vector<int> best((a.size() + 1) * width, 0);
  for (size_t i = a.size(); i-- > 0;)
    for (size_t j = b.size(); j-- > 0;) {
      int value = std::max(best[(i + 1) * width + j], best[i * width + j + 1]);
      if (a[i] == b[j])
        value = std::max(
            value, best[(i + 1) * width + j + 1] + (IsStructure(a[i]) ? kStructureWeight : 1));
      best[i * width + j] = value;
    }
  PromptTokens common;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    if (a[i] == b[j] && best[i * width + j] == best[(i + 1) * width + j + 1] +
                                                   (IsStructure(a[i]) ? kStructureWeight : 1)) {
      common.push_back(a[i]);
      ++i, ++j;
    } else if (best[(i + 1) * width + j] >= best[i * width + j + 1]) {
      ++i;
    } else {
      ++j;
    }
  }
  return common;
}

// Whether `run` stands as neighbours somewhere in `row`, from position `at` on; moves `at` behind
// it.
bool FindRun(const PromptTokens& row, const PromptTokens& run, size_t& at) {
  const auto found =
      std::search(row.begin() + static_cast<std::ptrdiff_t>(at), row.end(), run.begin(), run.end());
  if (found == row.end()) return false;
  at = static_cast<size_t>(found - row.begin()) + run.size();
  return true;
}

// From its first label word to its last delimiter: "\nQuestion:" of "\nQuestion: is the". Empty: no
// structure in it.
PromptTokens TrimToStructure(const PromptTokens& run) {
  size_t first = run.size(), last = 0;
  for (size_t i = 0; i < run.size(); ++i) {
    if (!IsStructure(run[i])) continue;
    size_t start = i;
    if (!StartsLine(run[i]) && IsOneOf(run[i], ":"))
      for (size_t words = 0; start > 0 && words < 4 && IsWord(run[start - 1]); ++words)
        if (StartsLine(run[--start])) break;
    first = std::min(first, start);
    last = i + 1;
    // `A.` at a line's start, and a heading to its end.
    if (i + 1 < run.size() && StartsLine(run[i]) && IsOneOf(run[i + 1], ".)")) ++last;
    if (IsOneOf(run[i], "#"))
      while (last < run.size() && IsWord(run[last]) && !StartsLine(run[last])) ++last;
  }
  if (first >= run.size()) return {};
  return {run.begin() + static_cast<std::ptrdiff_t>(first),
          run.begin() + static_cast<std::ptrdiff_t>(last)};
}

struct Inner {
  std::vector<PromptTokens> labels;  // in order
  bool has_other_runs =
      false;  // words recur inside, too: the content itself is made from templates
};

Inner FindInnerLabels(const std::vector<PromptTokens>& inner_rows) {
  Inner out;
  if (inner_rows.empty()) return out;
  auto tail = [](const PromptTokens& row) {
    return row.size() <= kAlignTokens ? row : PromptTokens(row.end() - kAlignTokens, row.end());
  };
  const size_t rows = std::min(inner_rows.size(), kAlignRows);
  std::vector<PromptTokens> tails;  // all that is searched: hostile rows must not cost their square
  for (size_t r = 0; r < rows; ++r) tails.push_back(tail(inner_rows[r]));
  PromptTokens common = tails[0];
  for (size_t r = 1; r < rows && !common.empty(); ++r) common = Align(common, tails[r]);
  // Cut into runs that stand together in every row: grow each run while all rows still hold it.
  std::vector<size_t> at(rows, 0);
  for (size_t i = 0; i < common.size();) {
    size_t length = 1;
    auto all_hold = [&](size_t n) {
      const PromptTokens run(common.begin() + static_cast<std::ptrdiff_t>(i),
                             common.begin() + static_cast<std::ptrdiff_t>(i + n));
      for (size_t r = 0; r < rows; ++r) {
        size_t from = at[r];
        if (!FindRun(tails[r], run, from)) return false;
      }
      return true;
    };
    // A run that all rows hold has parts that they hold, so its end is found by halving.
    size_t most = 2;
    while (i + most <= common.size() && all_hold(most)) length = most, most *= 2;
    for (size_t low = length, high = std::min(most, common.size() - i + 1); low + 1 < high;) {
      const size_t middle = low + (high - low) / 2;
      (all_hold(middle) ? low : high) = middle;
      length = low;
    }
    const PromptTokens run(common.begin() + static_cast<std::ptrdiff_t>(i),
                           common.begin() + static_cast<std::ptrdiff_t>(i + length));
    const PromptTokens label = TrimToStructure(run);
    if (label.empty()) {
      out.has_other_runs = true;
    } else if (all_hold(length)) {
      for (size_t r = 0; r < rows; ++r) FindRun(tails[r], label, at[r]);
      out.labels.push_back(label);
    }
    i += length;
  }
  return out;
}

// End of the part of a prefix that is structure: after the last delimiter or before a new line.
size_t PrefixBoundary(const PromptTokens& row, size_t length) {
  for (size_t i = length; i > 0; --i)
    if (IsOneOf(row[i - 1], ":.!?>]") || (i < row.size() && StartsLine(row[i]))) return i;
  return 0;
}

// How many tokens at the end of a row's suffix of `length` are structure.
size_t SuffixBoundary(const PromptTokens& row, size_t length) {
  for (size_t i = row.size() - length; i < row.size(); ++i)
    if (StartsLine(row[i]) || IsOneOf(row[i], "<[#")) return row.size() - i;
  // `... ? Answer:` on one line: what follows the sentence's end, or a cue of a few words.
  if (length == 0 || !IsOneOf(row.back(), ":")) return 0;
  for (size_t i = row.size() - length; i + 1 < row.size(); ++i)
    if (IsOneOf(row[i], ".?!")) return row.size() - i - 1;
  if (length <= kCueTokens) return length;
  return 0;
}

std::string_view CommonSpace(const std::vector<std::vector<std::string>>& values, size_t slot,
                             bool leading) {
  std::string_view common;
  for (size_t r = 0; r < values.size(); ++r) {
    const std::string_view value = values[r][slot];
    const size_t inner =
        leading ? value.find_first_not_of(" \t\r\n") : value.find_last_not_of(" \t\r\n");
    if (inner == std::string_view::npos) return {};
    const std::string_view space = leading ? value.substr(0, inner) : value.substr(inner + 1);
    if (r == 0) common = space;
    if (space != common) return {};
  }
  return common;
}

// Numbers the slots and moves white space that all values share into the fixed text.
Skeleton Assemble(const std::vector<std::string>& fixed,
                  const std::vector<std::vector<std::string>>& values) {
  std::vector<std::string> texts =
      fixed;  // texts[s] stands before slot s, the last one behind the last slot
  const size_t slots = fixed.size() - 1;
  for (size_t s = 0; s < slots; ++s) {
    if (values.empty()) break;
    texts[s].append(CommonSpace(values, s, true));
    texts[s + 1].insert(0, CommonSpace(values, s, false));
  }
  const size_t main = RequestSlot({texts.begin(), texts.end() - 1}, values);
  Skeleton skeleton;
  int next = 1;
  for (size_t s = 0; s <= slots; ++s) {
    if (!texts[s].empty()) skeleton.push_back({texts[s], -1});
    if (s < slots) skeleton.push_back({"", s == main ? 0 : next++});
  }
  return skeleton;
}

}  // namespace

std::vector<std::string> MatchSkeleton(const Skeleton& skeleton, std::string_view text) {
  std::vector<std::string> values;
  size_t at = 0;
  for (size_t i = 0; i < skeleton.size(); ++i) {
    if (skeleton[i].slot < 0) {
      if (text.substr(at, skeleton[i].text.size()) != skeleton[i].text) return {};
      at += skeleton[i].text.size();
    } else if (i + 1 == skeleton.size()) {
      values.emplace_back(text.substr(at));
      at = text.size();
    } else {
      const std::string& next = skeleton[i + 1].text;
      const bool last_text = i + 2 == skeleton.size();
      const size_t found = last_text ? text.rfind(next) : text.find(next, at);
      if (found == std::string_view::npos || found < at ||
          (last_text && found + next.size() != text.size()))
        return {};
      values.emplace_back(text.substr(at, found - at));
      at = found;
    }
  }
  if (at != text.size()) return {};
  return values;
}

FoundSkeleton FindSkeleton(const std::vector<std::string_view>& prompts) {
  FoundSkeleton out;
  out.skeleton = {{"", 0}};
  out.fitting = static_cast<int64_t>(prompts.size());
  if (prompts.size() < 2) return out;
  const std::vector<PromptTokens> rows = TokensOf(prompts);
  std::vector<bool> fits(rows.size(), true);
  std::vector<size_t> reserve(rows.size(), 1);  // something must vary
  size_t prefix = CommonRun(rows, reserve, false, fits);
  for (size_t& r : reserve) r = prefix + 1;
  size_t suffix = CommonRun(rows, reserve, true, fits);
  const auto first_fit = std::find(fits.begin(), fits.end(), true);
  if (first_fit == fits.end()) return out;
  const PromptTokens& model = rows[static_cast<size_t>(first_fit - fits.begin())];

  std::vector<PromptTokens> inner;
  int64_t inner_tokens = 0;
  for (size_t r = 0; r < rows.size() && inner.size() < kAlignRows; ++r) {
    if (!fits[r]) continue;
    inner.emplace_back(rows[r].begin() + static_cast<std::ptrdiff_t>(prefix),
                       rows[r].end() - static_cast<std::ptrdiff_t>(suffix));
    inner_tokens += static_cast<int64_t>(inner.back().size());
  }
  const Inner found = FindInnerLabels(inner);
  const size_t prefix_structure = PrefixBoundary(model, prefix);
  const size_t suffix_structure = SuffixBoundary(model, suffix);
  // A frame without any delimiter ("Describe ... in one line") counts when what varies is a phrase
  // and one piece.
  const bool phrase = found.labels.empty() && !found.has_other_runs && prefix_structure == 0 &&
                      suffix_structure == 0 &&
                      inner_tokens >= static_cast<int64_t>(kPhraseTokens * inner.size()) &&
                      prefix >= 2;
  prefix = phrase ? prefix : prefix_structure;
  suffix = phrase ? suffix : suffix_structure;

  std::vector<std::string> fixed = {Join(model, 0, prefix)};
  for (const PromptTokens& label : found.labels) fixed.push_back(Join(label, 0, label.size()));
  fixed.push_back(Join(model, model.size() - suffix, model.size()));
  Skeleton rough;
  for (size_t s = 0; s + 1 < fixed.size(); ++s) {
    if (!fixed[s].empty()) rough.push_back({fixed[s], -1});
    rough.push_back({"", static_cast<int>(s)});
  }
  if (!fixed.back().empty()) rough.push_back({fixed.back(), -1});
  if (rough.size() == 1) return out;

  std::vector<std::vector<std::string>> values;
  for (std::string_view prompt : prompts)
    if (auto match = MatchSkeleton(rough, prompt); !match.empty())
      values.push_back(std::move(match));
  if (values.empty()) return out;
  out.skeleton = Assemble(fixed, values);
  out.fitting = static_cast<int64_t>(values.size());
  out.has_fixed_text = true;
  return out;
}

}  // namespace tuneward
