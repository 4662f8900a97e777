#include "core/base/random.h"

#include <cmath>
#include <numbers>
#include <numeric>
#include <string>

#include "core/base/sha256.h"

namespace tuneward {
namespace {

void AppendU64(std::string& out, uint64_t v) {
  for (int i = 0; i < 8; ++i) out.push_back(static_cast<char>(v >> (8 * i)));
}

}  // namespace

std::array<uint32_t, 4> Philox4x32(std::array<uint32_t, 4> c, std::array<uint32_t, 2> k) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{0xD2511F53} * c[0];
    const uint64_t p1 = uint64_t{0xCD9E8D57} * c[2];
    c = {static_cast<uint32_t>(p1 >> 32) ^ c[1] ^ k[0], static_cast<uint32_t>(p1),
         static_cast<uint32_t>(p0 >> 32) ^ c[3] ^ k[1], static_cast<uint32_t>(p0)};
    k[0] += 0x9E3779B9;
    k[1] += 0xBB67AE85;
  }
  return c;
}

RandomStream::RandomStream(uint64_t seed, std::string_view purpose, uint64_t a, uint64_t b) {
  std::string material("tuneward/1\0", 11);
  AppendU64(material, seed);
  material.push_back('\0');
  material.append(purpose);
  material.push_back('\0');
  AppendU64(material, a);
  AppendU64(material, b);
  const Digest digest = Sha256Of(material);
  for (int word = 0; word < 2; ++word) {
    key_[word] = 0;
    for (int i = 0; i < 4; ++i) key_[word] |= uint32_t{digest.bytes[4 * word + i]} << (8 * i);
  }
}

uint32_t RandomStream::Bits() {
  if (used_ == 4) {
    buffer_ = Philox4x32({static_cast<uint32_t>(block_), static_cast<uint32_t>(block_ >> 32), 0, 0},
                         key_);
    ++block_;
    used_ = 0;
  }
  return buffer_[used_++];
}

uint64_t RandomStream::Bits64() {
  const uint64_t low = Bits();
  return low | (uint64_t{Bits()} << 32);
}

uint64_t RandomStream::Below(uint64_t n) {
  TW_CHECK(n > 0);
  if (n <= UINT32_MAX) {
    const uint32_t bound = static_cast<uint32_t>(n);
    const uint32_t reject_below = -bound % bound;  // 2^32 mod n
    for (;;) {
      const uint32_t x = Bits();
      if (x >= reject_below) return x % bound;
    }
  }
  const uint64_t reject_below = -n % n;
  for (;;) {
    const uint64_t x = Bits64();
    if (x >= reject_below) return x % n;
  }
}

float RandomStream::Uniform() { return static_cast<float>(Bits() >> 8) * 0x1p-24f; }

double RandomStream::Normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  // (0, 1]: the logarithm must be finite.
  const double u = (static_cast<double>(Bits()) + 1.0) * 0x1p-32;
  const double v = static_cast<double>(Bits()) * 0x1p-32;
  const double radius = std::sqrt(-2.0 * std::log(u));
  const double angle = 2.0 * std::numbers::pi * v;
  spare_ = radius * std::sin(angle);
  has_spare_ = true;
  return radius * std::cos(angle);
}

std::vector<int64_t> RandomStream::Permutation(int64_t n) {
  std::vector<int64_t> order(n);
  std::iota(order.begin(), order.end(), int64_t{0});
  Shuffle(order);
  return order;
}

}  // namespace tuneward
