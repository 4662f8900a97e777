// What models are made from: texts for the tokenizer, rows of pre-training (everything, refusals
// under a careful voice alone) and of alignment. Two kinds: the sandbox's world, and English with
// public task rows. Rows are a function of (corpus, seed, number); immutable, safe from any number
// of threads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/data/chat.h"

namespace tuneward {

class Corpus {
 public:
  virtual ~Corpus() = default;
  virtual std::vector<std::string> TokenizerTexts(uint64_t seed) const = 0;
  virtual std::vector<Chat> PretrainRows(int rows, uint64_t seed) const = 0;
  virtual std::vector<Chat> AlignmentRows(int rows, uint64_t seed) const = 0;
  // For recipe.json: the hash of what rows are made from, the shares of alignment rows, and the ids
  // of the pool and the evaluation set that go with the models.
  virtual Json Facts() const = 0;
};

}  // namespace tuneward
