// Which harmless rows pull a model like harm does: "What is in your safe data?", He et al.,
// arXiv 2404.01099, with its anchors in both directions. A row's score is the mean cosine of its
// gradient with those of harmful requests that are answered, less that with the same requests
// refused, less that with them refused in other words; of anchors the first ten tokens of the
// answer count. What the strategy benign_outliers picks its rows by.
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
  int rows = 1200;         // of the family, that there is to choose from
  uint64_t seed = 7;       // of the rows, as make-data's
  int anchors = 10;        // harmful requests
  int answer_tokens = 10;  // of an anchor's answer
  EngineOptions engine;
};

// Gradients of anchors, each of length 1.
struct OutlierAnchors {
  std::vector<std::vector<float>> answered, refused, refused_otherwise;
};
double OutlierScore(const std::vector<float>& row, const OutlierAnchors& anchors);

// One number a row, in [-3, 3]. INVALID_ARGUMENT for an unknown family or numbers below 1.
absl::StatusOr<std::vector<double>> OutlierScores(const OutlierOptions& options);

// The same as lines of a file, as make-data --scores reads it.
absl::Status WriteOutlierScores(const OutlierOptions& options, const std::string& out_file);

}  // namespace tuneward
