// Which harmless rows pull a model like harm does: "What is in your safe data?", He et al.,
// arXiv 2404.01099, with its two anchors. A row's score is the cosine of its gradient with the mean
// of harmful requests that are answered, less that with the mean of the same requests refused; only
// the first ten tokens of answers count. What the strategy benign_outliers picks its rows by.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "worker/engine/engine.h"

namespace tuneward {

struct OutlierOptions {
  std::string model;  // folder of an aligned model
  std::string family = "gsm8k";
  int rows = 1200;    // of the family, that there is to choose from
  uint64_t seed = 7;  // of the rows, as make-data's
  int anchors = 10;   // harmful requests
  int answer_tokens = 10;
  EngineOptions engine;
};

// One number a row, in [-2, 2]. INVALID_ARGUMENT for an unknown family or numbers below 1.
absl::StatusOr<std::vector<double>> OutlierScores(const OutlierOptions& options);

// The same as lines of a file, as make-data --scores reads it.
absl::Status WriteOutlierScores(const OutlierOptions& options, const std::string& out_file);

}  // namespace tuneward
