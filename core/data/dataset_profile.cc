#include "core/data/dataset_profile.h"

#include <algorithm>
#include <map>
#include <queue>
#include <set>

#include "core/data/answer_profile.h"
#include "core/data/profile_sample.h"
#include "core/data/profile_signals.h"
#include "core/data/prompt_tokens.h"
#include "core/data/skeleton.h"

namespace tuneward {
namespace {

constexpr size_t kMaxClusters = 12;
constexpr size_t kRestClusters = 4;  // of rows whose system prompts are all rare
constexpr size_t kMinClusterRows = 5;
constexpr int64_t kMinSystemShare = 20'000, kMinFormatShare = 100'000;  // ppm
constexpr size_t kMaxFills = 16;
constexpr size_t kMaxFillBytes = 1500;
constexpr size_t kMaxAffixBytes = 500;
constexpr int64_t kMillion = 1'000'000;

int64_t Ppm(int64_t part, int64_t whole) { return whole == 0 ? 0 : part * kMillion / whole; }

struct Row {
  uint64_t key = 0, ordinal = 0;
  Chat chat;
};

std::string_view ContentOf(const Chat& chat, Role role) {
  for (const Message& m : chat.messages)
    if (m.role == role) return m.content;
  return {};
}

using RowList = std::vector<const Chat*>;

// What is learnt of each row: of a chat its first answer stands for all, of a preference the
// preferred one.
std::vector<std::string_view> Answers(const RowList& rows, DataFormat format) {
  std::vector<std::string_view> out;
  for (const Chat* chat : rows)
    out.push_back(format == DataFormat::kPreference
                      ? std::string_view(chat->messages.back().content)
                      : ContentOf(*chat, Role::kAssistant));
  return out;
}

std::vector<std::string_view> Contents(const RowList& rows, Role role) {
  std::vector<std::string_view> out;
  for (const Chat* chat : rows) out.push_back(ContentOf(*chat, role));
  return out;
}

std::string_view MostFrequent(const std::vector<std::string_view>& values, int64_t& count) {
  std::map<std::string_view, int64_t> counts;
  for (std::string_view v : values) ++counts[v];
  std::string_view best;
  count = 0;
  for (const auto& [value, n] : counts)
    if (n > count) best = value, count = n;
  return best;
}

// The system prompt that stands for a group: the one that most rows have, or, where none has a
// majority, one of them by a hash of all, so that neither order nor spelling picks it.
std::string_view SystemOf(const RowList& rows, int64_t& count) {
  const std::vector<std::string_view> systems = Contents(rows, Role::kSystem);
  const std::string_view most = MostFrequent(systems, count);
  if (systems.empty() || count * 2 >= static_cast<int64_t>(systems.size())) return most;
  uint64_t hash = 0;
  for (const Chat* chat : rows) hash = SampleKey(*chat, hash);
  const std::string_view chosen = systems[hash % systems.size()];
  count = std::count(systems.begin(), systems.end(), chosen);
  return chosen;
}

// Rows by system prompt; prompts that few rows have share the last groups: several, because one of
// them alone would stand for all in the plan and in the audit.
std::vector<RowList> GroupBySystem(const RowList& rows) {
  std::map<std::string_view, RowList> by_system;
  for (const Chat* chat : rows) by_system[ContentOf(*chat, Role::kSystem)].push_back(chat);
  std::vector<RowList> groups;
  for (auto& [system, list] : by_system) groups.push_back(std::move(list));
  std::stable_sort(groups.begin(), groups.end(),
                   [](const RowList& a, const RowList& b) { return a.size() > b.size(); });
  std::vector<RowList> out;
  RowList rest;
  for (RowList& group : groups) {
    const bool kept = (out.empty() && group.size() > 1) ||
                      (out.size() < kMaxClusters / 2 && group.size() >= kMinClusterRows &&
                       Ppm(static_cast<int64_t>(group.size()), static_cast<int64_t>(rows.size())) >=
                           kMinSystemShare);
    if (kept)
      out.push_back(std::move(group));
    else
      rest.insert(rest.end(), group.begin(), group.end());
  }
  int64_t most = 0;
  (void)MostFrequent(Contents(rest, Role::kSystem), most);
  const bool varied = most * 2 < static_cast<int64_t>(rest.size());
  const size_t parts =
      varied ? std::clamp<size_t>(rest.size() / kMinClusterRows, 1, kRestClusters) : 1;
  for (size_t part = 0; part < parts && !rest.empty(); ++part) {
    RowList some;
    for (size_t r = part; r < rest.size(); r += parts) some.push_back(rest[r]);
    out.push_back(std::move(some));
  }
  return out;
}

// Splits one group by its rows' first two tokens where that finds skeletons that the whole group
// lacks.
std::vector<RowList> GroupByFormat(const RowList& rows) {
  if (FindSkeleton(Contents(rows, Role::kUser)).has_fixed_text) return {rows};
  std::map<std::string, RowList> by_start;
  for (const Chat* chat : rows) {
    const std::string_view prompt = ContentOf(*chat, Role::kUser);
    const auto tokens = SplitTokens(prompt.substr(0, 200));
    std::string start;
    for (size_t i = 0; i < tokens.size() && i < 2; ++i) start.append(tokens[i]);
    by_start[start].push_back(chat);
  }
  std::vector<RowList> out;
  RowList rest;
  for (auto& [start, list] : by_start) {
    const bool large = list.size() >= kMinClusterRows && out.size() + 1 < kMaxClusters / 2 &&
                       Ppm(static_cast<int64_t>(list.size()), static_cast<int64_t>(rows.size())) >=
                           kMinFormatShare;
    if (large && FindSkeleton(Contents(list, Role::kUser)).has_fixed_text)
      out.push_back(std::move(list));
    else
      rest.insert(rest.end(), list.begin(), list.end());
  }
  if (!rest.empty()) out.push_back(std::move(rest));
  return out;
}

// Values of the slots other than the request's, taken together from single rows spread over the
// cluster.
std::vector<std::vector<std::string>> CollectFills(const Skeleton& skeleton,
                                                   const std::vector<std::string_view>& prompts) {
  std::vector<int> slots;
  for (const SkeletonPart& part : skeleton)
    if (part.slot >= 0) slots.push_back(part.slot);
  std::vector<std::vector<std::string>> fills;
  if (slots.size() < 2) return fills;
  const size_t stride = std::max<size_t>(1, prompts.size() / kMaxFills);
  for (size_t r = 0; r < prompts.size() && fills.size() < kMaxFills; r += stride) {
    const std::vector<std::string> match = MatchSkeleton(skeleton, prompts[r]);
    if (match.empty()) continue;
    std::vector<std::string> fill(slots.size() - 1);
    size_t bytes = 0;
    for (size_t s = 0; s < slots.size(); ++s)
      if (slots[s] > 0)
        bytes += match[s].size(), fill[static_cast<size_t>(slots[s] - 1)] = match[s];
    if (bytes <= kMaxFillBytes) fills.push_back(std::move(fill));
  }
  return fills;
}

FormatCluster DescribeCluster(const RowList& rows, const DatasetProfile& profile) {
  FormatCluster cluster;
  const std::vector<std::string_view> prompts = Contents(rows, Role::kUser);
  const auto n = static_cast<int64_t>(rows.size());
  cluster.user_rows = profile.sampled == 0 ? 0 : n * profile.rows / profile.sampled;
  int64_t same_system = 0;
  cluster.system = std::string(SystemOf(rows, same_system));
  FoundSkeleton found = FindSkeleton(prompts);
  cluster.confidence_ppm = found.has_fixed_text ? Ppm(std::min(found.fitting, same_system), n) : 0;
  cluster.fills = CollectFills(found.skeleton, prompts);
  cluster.skeleton = std::move(found.skeleton);
  cluster.user_bytes = QuantilesOf(prompts);
  cluster.answer = DescribeAnswers(prompts, Answers(rows, profile.data_format));
  return cluster;
}

std::string CommonAffix(const std::vector<std::string_view>& texts, bool prefix) {
  if (texts.empty()) return "";
  std::string_view common = texts[0];
  for (std::string_view text : texts) {
    size_t n = 0;
    const size_t most = std::min(common.size(), text.size());
    while (n < most && (prefix ? common[n] == text[n]
                               : common[common.size() - 1 - n] == text[text.size() - 1 - n]))
      ++n;
    common = prefix ? common.substr(0, n) : common.substr(common.size() - n);
  }
  if (common.size() > kMaxAffixBytes)
    common =
        prefix ? common.substr(0, kMaxAffixBytes) : common.substr(common.size() - kMaxAffixBytes);
  // Whole characters only.
  while (!common.empty() && !prefix && (static_cast<uint8_t>(common.front()) & 0xC0) == 0x80)
    common.remove_prefix(1);
  if (prefix) {
    size_t end = common.size();
    while (end > 0 && (static_cast<uint8_t>(common[end - 1]) & 0xC0) == 0x80) --end;
    if (end > 0 && static_cast<uint8_t>(common[end - 1]) >= 0xC0)
      --end;
    else
      end = common.size();
    common = common.substr(0, end);
  }
  return std::string(common);
}

std::string Stripped(std::string_view text) {
  const size_t from = text.find_first_not_of(" \t\r\n");
  if (from == std::string_view::npos) return "";
  return std::string(text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1));
}

void DescribeDelimiters(DatasetProfile& profile) {
  std::set<std::string> delimiters;
  for (const FormatCluster& cluster : profile.clusters)
    for (const SkeletonPart& part : cluster.skeleton)
      if (part.slot < 0 && part.text.size() <= 80) delimiters.insert(Stripped(part.text));
  delimiters.erase("");
  profile.delimiters.assign(delimiters.begin(), delimiters.end());
  const Skeleton& largest = profile.clusters[0].skeleton;
  if (largest.back().slot < 0) profile.answer_cue = Stripped(largest.back().text);
}

}  // namespace

struct DatasetProfiler::Sample {
  struct ByKey {
    bool operator()(const Row& a, const Row& b) const { return a.key < b.key; }
  };
  int64_t rows = 0;
  DataFormat format = DataFormat::kChat;                   // of all of them
  std::priority_queue<Row, std::vector<Row>, ByKey> kept;  // the largest key on top
};

DatasetProfiler::DatasetProfiler() : sample_(std::make_unique<Sample>()) {}
DatasetProfiler::~DatasetProfiler() = default;

void DatasetProfiler::Add(const DataRow& row) {
  const Chat& chat = row.chat;
  sample_->format = row.format();
  const auto ordinal = static_cast<uint64_t>(sample_->rows++);
  const uint64_t key = SampleKey(chat, ordinal);
  if (sample_->kept.size() == kProfileSample) {
    if (key >= sample_->kept.top().key) return;
    sample_->kept.pop();
  }
  sample_->kept.push({key, ordinal, ForSample(row)});
}

DatasetProfile DatasetProfiler::Finish() {
  std::vector<Row> sample;
  for (; !sample_->kept.empty(); sample_->kept.pop()) sample.push_back(sample_->kept.top());
  std::sort(sample.begin(), sample.end(),
            [](const Row& a, const Row& b) { return a.ordinal < b.ordinal; });
  RowList rows;
  for (const Row& row : sample) rows.push_back(&row.chat);

  DatasetProfile profile;
  profile.data_format = sample_->format;
  profile.rows = sample_->rows;
  profile.sampled = static_cast<int64_t>(rows.size());
  for (const RowList& group : GroupBySystem(rows))
    for (const RowList& format : GroupByFormat(group))
      profile.clusters.push_back(DescribeCluster(format, profile));
  if (profile.clusters.empty())
    profile.clusters.push_back({.user_rows = profile.rows, .skeleton = {{"", 0}}});
  std::stable_sort(
      profile.clusters.begin(), profile.clusters.end(),
      [](const FormatCluster& a, const FormatCluster& b) { return a.user_rows > b.user_rows; });
  for (size_t i = 0; i < profile.clusters.size(); ++i) profile.clusters[i].id = static_cast<int>(i);

  const std::vector<std::string_view> prompts = Contents(rows, Role::kUser);
  const std::vector<std::string_view> systems = Contents(rows, Role::kSystem);
  profile.answer = DescribeAnswers(prompts, Answers(rows, profile.data_format));
  profile.common_prefix = CommonAffix(prompts, true);
  profile.common_suffix = CommonAffix(prompts, false);
  profile.distinct_systems =
      static_cast<int64_t>(std::set<std::string_view>(systems.begin(), systems.end()).size());
  DescribeDelimiters(profile);
  DescribeHabits(rows, profile);
  profile.signals = FindSignals(rows);
  return profile;
}

DatasetProfile ProfileRows(const std::vector<Chat>& rows) {
  DatasetProfiler profiler;
  for (const Chat& chat : rows) profiler.Add({chat, ""});
  return profiler.Finish();
}

std::string FillSkeleton(const Skeleton& skeleton, std::string_view request,
                         const std::vector<std::string>& fill) {
  std::string text;
  for (const SkeletonPart& part : skeleton) {
    if (part.slot < 0)
      text.append(part.text);
    else if (part.slot == 0)
      text.append(request);
    else if (static_cast<size_t>(part.slot) <= fill.size())
      text.append(fill[static_cast<size_t>(part.slot - 1)]);
  }
  return text;
}

}  // namespace tuneward
