// What a user's rows look like: system prompts, prompt skeletons, answers, habits, named signals.
// Of preferences the input and the preferred answer are described, as of a chat's turns. Made in
// one pass at upload, without a model, on at most 4,096 rows; the policy plans from it.
// Deterministic and linear in the file. Plain values.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/json.h"
#include "core/base/sha256.h"
#include "core/base/status.h"
#include "core/data/data_row.h"

namespace tuneward {

inline constexpr int kProfileVersion = 1;
inline constexpr int kProfileSample = 4096;

// Fixed text, or a slot. Slot 0 takes the request; 1, 2, ... stand for the other varying parts
// (passages, options).
struct SkeletonPart {
  std::string text;
  int slot = -1;  // >= 0: a slot, text is empty
  bool operator==(const SkeletonPart&) const = default;
};
using Skeleton = std::vector<SkeletonPart>;

struct Quantiles {
  int64_t p50 = 0, p90 = 0, p99 = 0, max = 0;
  bool operator==(const Quantiles&) const = default;
};

enum class AnswerKind { kLabel, kNumber, kSpan, kFreeText };
std::string_view AnswerKindName(AnswerKind kind);  // "label", "number", "span", "free_text"

struct AnswerProfile {
  AnswerKind kind = AnswerKind::kFreeText;
  std::vector<std::string> labels;  // kLabel: folded, without the prefix, sorted, at most 32
  std::string prefix;               // first words that four fifths of the answers share, if any
  Quantiles bytes;
};

// Rows of one format.
struct FormatCluster {
  int id = 0;
  int64_t user_rows = 0;  // scaled up from the sample
  std::string system;     // word for word; empty: none
  Skeleton skeleton;      // of the first user turn; always holds slot 0
  int64_t confidence_ppm =
      0;  // share of the cluster's rows that the skeleton fits; 0 when nothing fixed was found
  std::vector<std::vector<std::string>>
      fills;             // values of slots 1.. taken together from one row each; at most 16
  Quantiles user_bytes;  // first user turn
  AnswerProfile answer;
};

// Share of rows that show a named signal, in ppm.
struct ProfileSignals {
  int64_t identity_shift_ppm = 0;        // persona or obedience system prompt
  int64_t affirmative_preamble_ppm = 0;  // answers that open by announcing obedience
  int64_t autoif_like_ppm = 0;           // imperative request with a fulfilling answer
};

struct DatasetProfile {
  DataFormat data_format = DataFormat::kChat;
  int64_t rows = 0, sampled = 0;
  std::vector<FormatCluster>
      clusters;          // largest first, ids 0..; at least one unless the file is empty
  AnswerProfile answer;  // over all rows (A11)
  std::string common_prefix, common_suffix;  // of all first user turns
  std::vector<std::string> delimiters;       // `Question:`, `A.`; sorted
  std::string answer_cue;  // fixed text after the last slot of the largest cluster
  int64_t distinct_systems = 0;
  int64_t lower_case_ppm = 0, question_mark_ppm = 0, final_stop_ppm = 0;  // habits of user turns
  int64_t turns_p50 = 0, turns_max = 0;                                   // user turns a row
  std::vector<std::pair<std::string, int64_t>> top_bigrams;  // of user turns; at most 16
  ProfileSignals signals;

  // Integers and strings only; {"format":"tuneward.profile/1",...}, and "data_format" where rows
  // are not chats.
  Json ToJson() const;
  static absl::StatusOr<DatasetProfile> FromJson(const Json& json);
  Digest Hash() const;  // of the canonical JSON
};

// The format of rows that a stored profile tells of; that of chats where it does not say.
DataFormat DataFormatOf(const Json& profile);

// Feed it from DatasetValidator's row sink. One profiler a file, one thread.
class DatasetProfiler {
 public:
  DatasetProfiler();
  ~DatasetProfiler();
  void Add(const DataRow& row);
  DatasetProfile Finish();

 private:
  struct Sample;
  std::unique_ptr<Sample> sample_;
};

DatasetProfile ProfileRows(const std::vector<Chat>& rows);

// The skeleton with slot 0 = request and slots 1.. = fill. Missing fill values are left empty.
std::string FillSkeleton(const Skeleton& skeleton, std::string_view request,
                         const std::vector<std::string>& fill);

}  // namespace tuneward
