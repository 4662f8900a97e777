// Ids (contracts.md D1): a prefix and a ULID in lower case, made from injected clock and
// randomness. Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/status.h"

namespace tuneward {

// Fills with bytes that are not stored with a result: ids, keys, seeds that are drawn for a client.
class EntropySource {
 public:
  virtual ~EntropySource() = default;
  virtual void Fill(uint8_t* bytes, size_t size) = 0;
};

class SystemEntropy final : public EntropySource {  // getrandom(2)
 public:
  void Fill(uint8_t* bytes, size_t size) override;
};

class IdGenerator {
 public:
  IdGenerator(const Clock& clock, EntropySource& entropy) : clock_(clock), entropy_(entropy) {}
  // "ftjob-" -> "ftjob-01hk153x000000000000000000". Ids of one generator sort by creation (ULID,
  // monotone within a millisecond).
  std::string Make(std::string_view prefix);

 private:
  const Clock& clock_;
  EntropySource& entropy_;
  std::mutex mutex_;
  int64_t last_ms_ = -1;
  std::array<uint8_t, 10> last_random_{};
};

inline constexpr char kFilePrefix[] = "file-";
inline constexpr char kJobPrefix[] = "ftjob-";
inline constexpr char kKeyPrefix[] = "key-";
inline constexpr char kAuditPrefix[] = "aud-";
inline constexpr char kWorkerPrefix[] = "wkr-";
inline constexpr char kTaskPrefix[] = "task-";

// `[a-z][a-z0-9-]{2,31}`
absl::Status CheckProjectId(std::string_view id);
// `[a-z0-9][a-z0-9.-]{0,62}`
absl::Status CheckBaseModelId(std::string_view id);

}  // namespace tuneward
