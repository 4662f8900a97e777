// Eight floats at a time with the compiler's vector type, and the few functions the CPU kernels
// need of them. For the units that are compiled for AVX2 and FMA alone (see CMakeLists.txt).
#pragma once

#include <cstdint>
#include <cstring>

#include "worker/engine/bf16.h"

#define TW_INLINE inline __attribute__((always_inline))

namespace tuneward::cpu {

typedef float Vec8 __attribute__((vector_size(32)));
typedef int32_t Int8 __attribute__((vector_size(32)));
typedef uint32_t Word8 __attribute__((vector_size(32)));
typedef uint16_t Half8 __attribute__((vector_size(16)));

TW_INLINE void Load(const float* from, Vec8& to) { std::memcpy(&to, from, sizeof to); }
TW_INLINE void Store(const Vec8& from, float* to) { std::memcpy(to, &from, sizeof from); }

TW_INLINE void Load(const Bf16* from, Vec8& to) {
  Half8 half;
  std::memcpy(&half, from, sizeof half);
  const Word8 wide = __builtin_convertvector(half, Word8) << 16;
  std::memcpy(&to, &wide, sizeof to);
}
TW_INLINE void Store(const Vec8& from, Bf16* to) {
  Word8 wide;
  std::memcpy(&wide, &from, sizeof wide);
  const Word8 rounded = wide + 0x7fff + ((wide >> 16) & 1);
  const Half8 half =
      __builtin_convertvector((from != from ? wide | 0x400000 : rounded) >> 16, Half8);
  std::memcpy(to, &half, sizeof half);
}

// The lanes in a fixed order, so that a sum is the same wherever it is taken.
TW_INLINE float Sum(const Vec8& x) {
  return ((x[0] + x[4]) + (x[2] + x[6])) + ((x[1] + x[5]) + (x[3] + x[7]));
}

// exp for x in about [-87, 88], clamped outside: 2^n times a polynomial on [-ln2/2, ln2/2] (Cephes'
// expf), 2 ulp.
TW_INLINE void Exp(Vec8& x) {
  const Vec8 low = Vec8{} - 87.0f, high = Vec8{} + 88.0f;
  x = x < low ? low : x;
  x = x > high ? high : x;
  const Vec8 magic = Vec8{} + 12582912.0f;  // 1.5 * 2^23: adding it rounds to the nearest integer
  const Vec8 shifted = x * 1.44269504088896341f + magic;
  const Vec8 n = shifted - magic;
  const Vec8 r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
  Vec8 p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  Int8 bits;
  std::memcpy(&bits, &shifted, sizeof bits);
  bits =
      (bits << 23) +
      0x3f800000;  // the low bits of `shifted` are n; 0x4B400000 << 23 leaves nothing of the magic
  Vec8 scale;
  std::memcpy(&scale, &bits, sizeof scale);
  x = p * scale;
}

// An odd polynomial where |x| < 0.625 (Cephes' tanhf), 1 - 2 / (exp(2x) + 1) outside.
TW_INLINE void Tanh(Vec8& x) {
  const Vec8 z = x * x;
  Vec8 p = z * -5.70498872745e-3f + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  const Vec8 near_zero = x + x * z * p;
  Vec8 e = x + x;
  Exp(e);
  x = z < 0.390625f ? near_zero : 1.0f - 2.0f / (e + 1.0f);
}

}  // namespace tuneward::cpu
