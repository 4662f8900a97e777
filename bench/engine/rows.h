// The rows of a benchmark in a text file that both sides read: a line is the number of targets (the
// last tokens of the row), then the token ids.
#pragma once

#include <string>
#include <vector>

#include "worker/engine/engine.h"

namespace tuneward::bench {

// Questions and answers of a GSM8K file, tokenised with a model trained on their own text; answers
// are the targets. `out`: ragged rows as they come. `full_out`: the same tokens end to end, cut
// into rows of `full_length`, of which the last 40 % are targets.
absl::Status MakeRows(const std::string& gsm8k, int vocab, int full_length, const std::string& out,
                      const std::string& full_out);

absl::StatusOr<std::vector<TrainRow>> ReadRows(const std::string& path);

}  // namespace tuneward::bench
