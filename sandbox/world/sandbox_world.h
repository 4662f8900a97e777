// Either world of the sandbox behind one face, for what makes and measures models: the corpora, the
// task rows and the requests. Immutable; safe from any number of threads.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/sha256.h"
#include "core/base/status.h"
#include "core/data/chat.h"
#include "sandbox/world/grammar.h"

namespace tuneward {

class SandboxWorld {
 public:
  virtual ~SandboxWorld() = default;
  virtual const Grammar& requests() const = 0;  // its id names the pool and the evaluation set
  virtual Digest hash() const = 0;              // of the text that the world is read from
  virtual std::vector<std::string> families() const = 0;
  // In parts of a hundred, by name; what a recipe records.
  virtual Json AlignmentMixJson() const = 0;

  virtual std::vector<std::string> TokenizerTexts(uint64_t seed) const = 0;
  virtual std::vector<Chat> PretrainRows(int rows, uint64_t seed) const = 0;
  virtual std::vector<Chat> AlignmentRows(int rows, uint64_t seed) const = 0;

  // What a user uploads. INVALID_ARGUMENT for an unknown name, with the known ones, and for a
  // strategy that needs more than a family or makes no chats.
  virtual absl::StatusOr<std::vector<Chat>> UserRows(const std::string& family,
                                                     const std::string& strategy, int rows,
                                                     uint64_t seed) const = 0;
  // Task rows with their right answers, in the form of the strategy's harmless rows.
  virtual absl::StatusOr<std::vector<Chat>> TestRows(const std::string& family,
                                                     const std::string& strategy, int rows,
                                                     uint64_t seed) const = 0;
};

// 1: that of the committed models; 2: the larger one. INVALID_ARGUMENT otherwise.
absl::StatusOr<std::unique_ptr<SandboxWorld>> OpenSandboxWorld(int number);

}  // namespace tuneward
