// Randomness that is stored with a job (contracts.md D6). A stream is Philox4x32-10 (Salmon et al.,
// SC 2011) under a key made from (seed, purpose, a, b): draws of one purpose never move those of
// another, and a stream can be made anew at any time. Same inputs, same draws, on every machine.
// Not thread-safe; streams are cheap, make one per use.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/base/status.h"

namespace tuneward {

// One Philox4x32-10 block. Test vectors: Random123 kat_vectors.
std::array<uint32_t, 4> Philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

class RandomStream {
 public:
  // `purpose` is one of D6's: "order", "mix/select", "lora_init/<module>", ...
  RandomStream(uint64_t seed, std::string_view purpose, uint64_t a = 0, uint64_t b = 0);

  uint32_t Bits();
  uint64_t Bits64();
  // Uniform in [0, n), by rejection; n > 0.
  uint64_t Below(uint64_t n);
  // 24 high bits x 2^-24: [0, 1).
  float Uniform();
  // Standard normal, Box-Muller in double.
  double Normal();
  // Fisher-Yates from the end.
  template <typename T>
  void Shuffle(std::vector<T>& values) {
    for (size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[Below(i)]);
  }
  // 0..n-1, shuffled.
  std::vector<int64_t> Permutation(int64_t n);
  template <typename T>
  const T& Pick(const std::vector<T>& values) {
    return values[Below(values.size())];
  }
  std::array<uint32_t, 2> key() const { return key_; }

 private:
  std::array<uint32_t, 2> key_;
  uint64_t block_ = 0;
  std::array<uint32_t, 4> buffer_{};
  int used_ = 4;
  bool has_spare_ = false;
  double spare_ = 0;
};

inline constexpr char kRandomScheme[] = "philox4x32-10/tuneward-1";

}  // namespace tuneward
