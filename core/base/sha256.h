// SHA-256, the name of every blob, plan and tree. A Digest is 32 raw bytes; JSON and paths show it
// in lower-case hex.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/base/status.h"

namespace tuneward {

struct Digest {
  std::array<uint8_t, 32> bytes{};
  auto operator<=>(const Digest&) const = default;
  std::string Hex() const;
  std::string Raw() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
  static absl::StatusOr<Digest> FromHex(std::string_view hex);
  static absl::StatusOr<Digest> FromRaw(std::string_view raw);
};

// Incremental hash. Not thread-safe.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  void Update(std::string_view data);
  Digest Finish();  // the object must not be used afterwards

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Digest Sha256Of(std::string_view data);

}  // namespace tuneward
