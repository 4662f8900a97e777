// bfloat16 on raw memory, laid out as at::BFloat16, for the kernels that know no torch: the upper
// half of a float, rounded to nearest even; a NaN stays one.
#pragma once

#include <cstdint>
#include <cstring>

namespace tuneward::cpu {

struct Bf16 {
  uint16_t bits;
};

inline float ToFloat(float x) { return x; }
inline float ToFloat(Bf16 x) {
  const uint32_t wide = static_cast<uint32_t>(x.bits) << 16;
  float value;
  std::memcpy(&value, &wide, sizeof value);
  return value;
}

inline void Put(float x, float& to) { to = x; }
inline void Put(float x, Bf16& to) {
  uint32_t wide;
  std::memcpy(&wide, &x, sizeof wide);
  const uint32_t rounded = wide + 0x7fff + ((wide >> 16) & 1);
  to.bits = static_cast<uint16_t>((x != x ? wide | 0x400000 : rounded) >> 16);
}

}  // namespace tuneward::cpu
