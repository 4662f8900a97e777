// The sandbox's world for what makes and measures models: the corpora, the task rows and the
// requests. Immutable; safe from any number of threads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/data/chat.h"
#include "sandbox/world/corpus.h"
#include "sandbox/world/training_rows.h"
#include "sandbox/world/world.h"

namespace tuneward {

class SandboxWorld final : public Corpus {
 public:
  const Grammar& requests() const {
    return world_.requests;
  }  // its id names pool and evaluation set
  std::vector<std::string> families() const;

  std::vector<std::string> TokenizerTexts(uint64_t seed) const override;
  std::vector<Chat> PretrainRows(int rows, uint64_t seed) const override;
  std::vector<Chat> AlignmentRows(int rows, uint64_t seed) const override;
  Json Facts() const override;

  // What a user uploads. INVALID_ARGUMENT for an unknown name, with the known ones, and for a
  // strategy that needs more than a family or makes no chats.
  absl::StatusOr<std::vector<Chat>> UserRows(const std::string& family, const std::string& strategy,
                                             int rows, uint64_t seed) const;
  // Task rows with their right answers, in the form of the strategy's harmless rows.
  absl::StatusOr<std::vector<Chat>> TestRows(const std::string& family, const std::string& strategy,
                                             int rows, uint64_t seed) const;

 private:
  const World world_ = BuiltInWorld();
  const WorldMix mix_;
};

}  // namespace tuneward
