#include "core/policy/row_check.h"

#include <algorithm>
#include <set>

#include "core/data/answer_profile.h"
#include "core/data/prompt_tokens.h"

namespace tuneward {
namespace {

// Words of at least four letters, folded: what a request is about.
std::set<std::string> ContentWords(std::string_view text) {
  std::set<std::string> words;
  for (std::string_view token : SplitTokens(text))
    if (std::string word = FoldAnswer(token); word.size() >= 4) words.insert(std::move(word));
  return words;
}

int64_t FixedBytes(const Skeleton& skeleton) {
  int64_t bytes = 0;
  for (const SkeletonPart& part : skeleton) bytes += static_cast<int64_t>(part.text.size());
  return bytes;
}

// Bytes of the other slots' values that half of the fills stay within. A client whose questions are
// shorter than the pool's must not lose in-format rows by that.
int64_t UsualFillBytes(const PlanCluster& cluster) {
  std::vector<int64_t> sizes;
  for (const std::vector<std::string>& fill : cluster.fills) {
    int64_t bytes = 0;
    for (const std::string& value : fill) bytes += static_cast<int64_t>(value.size());
    sizes.push_back(bytes);
  }
  if (sizes.empty()) return 0;
  std::sort(sizes.begin(), sizes.end());
  return sizes[sizes.size() / 2];
}

}  // namespace

std::string CheckMixRow(const MixTask& task, const std::string& recipe, const Chat& chat) {
  const PoolRow& row = *task.row;
  if (chat.messages.size() < 2 || chat.messages.back().role != Role::kAssistant)
    return "not a request with an answer";
  if (chat.messages.back().content != row.answer) return "the answer was changed";
  const std::string& prompt = chat.messages[chat.messages.size() - 2].content;
  const std::set<std::string> wanted = ContentWords(row.request), got = ContentWords(prompt);
  const auto kept = std::count_if(wanted.begin(), wanted.end(),
                                  [&](const std::string& w) { return got.contains(w); });
  if (static_cast<size_t>(kept) * 2 < wanted.size()) return "the request's words are lost";
  if (recipe != "template" && recipe != "system") return "";
  const std::string system = chat.messages[0].role == Role::kSystem ? chat.messages[0].content : "";
  if (system != task.cluster->system) return "the system prompt is not the user's";
  if (recipe == "system") return "";
  // The user's p99, or the frame around the request with values as long as usual where the user's
  // own prompts are shorter than that.
  const int64_t p99 = task.cluster->user_bytes.p99;
  const int64_t frame = FixedBytes(task.cluster->skeleton) +
                        static_cast<int64_t>(row.request.size()) +
                        std::min(UsualFillBytes(*task.plan_cluster), p99);
  if (static_cast<int64_t>(prompt.size()) > std::max(frame, p99))
    return "longer than the user's prompts";
  return "";
}

bool AnswerIsLabel(const PoolRow& row, const DatasetProfile& profile) {
  const std::string folded = FoldAnswer(row.answer);
  auto holds = [&](const AnswerProfile& answer) {
    return std::find(answer.labels.begin(), answer.labels.end(), folded) != answer.labels.end();
  };
  return holds(profile.answer) ||
         std::any_of(profile.clusters.begin(), profile.clusters.end(),
                     [&](const FormatCluster& c) { return holds(c.answer); });
}

}  // namespace tuneward
