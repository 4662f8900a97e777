#include "worker/engine/cpu_kernels.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "worker/engine/vector_math.h"

namespace tuneward::cpu {
namespace {

// Calls body(offset) for each full group of eight and rest(offset) for the elements after the last
// one.
template <typename Body, typename Rest>
TW_INLINE void ForEach8(int64_t n, const Body& body, const Rest& rest) {
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) body(i);
  for (; i < n; ++i) rest(i);
}

TW_INLINE float ExpOne(float x) {
  Vec8 v = Vec8{} + x;
  Exp(v);
  return v[0];
}

}  // namespace

bool Supported() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
  return true;
#endif
}

template <typename Value>
void AddRmsNorm(const Value* h, const Value* branch, const Value* w, float epsilon, int64_t d,
                Value* sum, Value* y, float* rstd, int64_t begin, int64_t end) {
  for (int64_t t = begin; t < end; ++t) {
    const Value* x = h + t * d;
    Vec8 squares{};
    float tail = 0;
    if (branch != nullptr) {
      Value* s = sum + t * d;
      const Value* b = branch + t * d;
      ForEach8(
          d,
          [&](int64_t i) __attribute__((always_inline)) {
            Vec8 p, q;
            Load(x + i, p), Load(b + i, q);
            p += q;
            Store(p, s + i);
            squares += p * p;
          },
          [&](int64_t i) {
            const float p = ToFloat(x[i]) + ToFloat(b[i]);
            Put(p, s[i]), tail += p * p;
          });
      x = s;
    } else {
      ForEach8(
          d,
          [&](int64_t i) __attribute__((always_inline)) {
            Vec8 p;
            Load(x + i, p);
            squares += p * p;
          },
          [&](int64_t i) { tail += ToFloat(x[i]) * ToFloat(x[i]); });
    }
    const float r = 1.0f / std::sqrt((Sum(squares) + tail) / static_cast<float>(d) + epsilon);
    rstd[t] = r;
    Value* out = y + t * d;
    ForEach8(
        d,
        [&](int64_t i) __attribute__((always_inline)) {
          Vec8 p, q;
          Load(x + i, p), Load(w + i, q);
          Store(p * r * q, out + i);
        },
        [&](int64_t i) { Put(ToFloat(x[i]) * r * ToFloat(w[i]), out[i]); });
  }
}

template <typename Value>
void RmsNormBackward(const Value* dy, const Value* x, const Value* w, const float* rstd,
                     const Value* dsum, int64_t d, Value* dx, int64_t begin, int64_t end) {
  for (int64_t t = begin; t < end; ++t) {
    const Value *g = dy + t * d, *v = x + t * d;
    Vec8 dots{};
    float tail = 0;
    ForEach8(
        d,
        [&](int64_t i) __attribute__((always_inline)) {
          Vec8 a, b, c;
          Load(g + i, a), Load(v + i, b), Load(w + i, c);
          dots += a * b * c;
        },
        [&](int64_t i) { tail += ToFloat(g[i]) * ToFloat(v[i]) * ToFloat(w[i]); });
    const float r = rstd[t];
    const float along = (Sum(dots) + tail) * r * r * r / static_cast<float>(d);
    Value* out = dx + t * d;
    const Value* more = dsum == nullptr ? nullptr : dsum + t * d;
    ForEach8(
        d,
        [&](int64_t i) __attribute__((always_inline)) {
          Vec8 a, b, c;
          Load(g + i, a), Load(v + i, b), Load(w + i, c);
          Vec8 out8 = a * c * r - b * along;
          if (more != nullptr) {
            Vec8 m;
            Load(more + i, m);
            out8 += m;
          }
          Store(out8, out + i);
        },
        [&](int64_t i) {
          const float own = ToFloat(g[i]) * ToFloat(w[i]) * r - ToFloat(v[i]) * along;
          Put(more == nullptr ? own : own + ToFloat(more[i]), out[i]);
        });
  }
}

template <typename Value>
void SwiGlu(const Value* gate_up, int64_t f, Value* y, int64_t begin, int64_t end) {
  for (int64_t t = begin; t < end; ++t) {
    const Value *gate = gate_up + t * 2 * f, *up = gate + f;
    Value* out = y + t * f;
    ForEach8(
        f,
        [&](int64_t i) __attribute__((always_inline)) {
          Vec8 g, u, e;
          Load(gate + i, g), Load(up + i, u);
          e = -g;
          Exp(e);
          Store(g * u / (1.0f + e), out + i);
        },
        [&](int64_t i) {
          const float g = ToFloat(gate[i]);
          Put(g * ToFloat(up[i]) / (1.0f + ExpOne(-g)), out[i]);
        });
  }
}

template <typename Value>
void SwiGluBackward(const Value* dy, const Value* gate_up, int64_t f, Value* dgate_up,
                    int64_t begin, int64_t end) {
  for (int64_t t = begin; t < end; ++t) {
    const Value *gate = gate_up + t * 2 * f, *up = gate + f, *d = dy + t * f;
    Value *dgate = dgate_up + t * 2 * f, *dup = dgate + f;
    ForEach8(
        f,
        [&](int64_t i) __attribute__((always_inline)) {
          Vec8 g, u, dv, e;
          Load(gate + i, g), Load(up + i, u), Load(d + i, dv);
          e = -g;
          Exp(e);
          const Vec8 sigmoid = 1.0f / (1.0f + e);
          Store(dv * u * sigmoid * (1.0f + g * (1.0f - sigmoid)), dgate + i);
          Store(dv * g * sigmoid, dup + i);
        },
        [&](int64_t i) {
          const float g = ToFloat(gate[i]), u = ToFloat(up[i]), dv = ToFloat(d[i]);
          const float sigmoid = 1.0f / (1.0f + ExpOne(-g));
          Put(dv * u * sigmoid * (1.0f + g * (1.0f - sigmoid)), dgate[i]);
          Put(dv * g * sigmoid, dup[i]);
        });
  }
}

template <typename Value>
void Rope(Value* x, int64_t width, int64_t heads, int64_t head_dim, const float* cos,
          const float* sin, bool back, int64_t begin, int64_t end) {
  const int64_t half = head_dim / 2;
  const float sign = back ? -1.0f : 1.0f;
  for (int64_t t = begin; t < end; ++t) {
    const float *c = cos + t * half, *s = sin + t * half;
    for (int64_t h = 0; h < heads; ++h) {
      Value *first = x + t * width + h * head_dim, *second = first + half;
      ForEach8(
          half,
          [&](int64_t i) __attribute__((always_inline)) {
            Vec8 a, b, turn, along;
            Load(first + i, a), Load(second + i, b), Load(s + i, turn), Load(c + i, along);
            turn *= sign;
            Store(a * along - b * turn, first + i);
            Store(b * along + a * turn, second + i);
          },
          [&](int64_t i) {
            const float a = ToFloat(first[i]), b = ToFloat(second[i]), turn = sign * s[i];
            Put(a * c[i] - b * turn, first[i]);
            Put(b * c[i] + a * turn, second[i]);
          });
    }
  }
}

template <typename Value>
void CrossEntropy(Value* logits, int64_t v, const int64_t* target, const float* weight,
                  bool gradient, float* nll, int64_t begin, int64_t end) {
  // bf16 has no room for the exponentials between the passes: they are taken a second time.
  constexpr bool kKeep = std::is_same_v<Value, float>;
  for (int64_t t = begin; t < end; ++t) {
    Value* row = logits + t * v;
    const float right = ToFloat(row[target[t]]);
    // A NaN must come through as a NaN: the sum below carries it, the maximum need not.
    Vec8 largest = Vec8{} + ToFloat(row[0]);
    float top = ToFloat(row[0]);
    ForEach8(
        v,
        [&](int64_t i) __attribute__((always_inline)) {
          Vec8 x;
          Load(row + i, x);
          largest = x > largest ? x : largest;
        },
        [&](int64_t i) { top = std::max(top, ToFloat(row[i])); });
    for (int lane = 0; lane < 8; ++lane) top = std::max(top, largest[lane]);
    Vec8 sums{};
    float tail = 0, poison = 0;
    Vec8 poisons{};
    ForEach8(
        v,
        [&](int64_t i) __attribute__((always_inline)) {
          Vec8 x;
          Load(row + i, x);
          poisons += x * 0.0f;
          x -= top;
          Exp(x);
          if constexpr (kKeep) Store(x, row + i);
          sums += x;
        },
        [&](int64_t i) {
          const float x = ToFloat(row[i]), e = ExpOne(x - top);
          poison += x * 0.0f, tail += e;
          if constexpr (kKeep) row[i] = e;
        });
    const float total = Sum(sums) + tail + Sum(poisons) + poison;
    nll[t] = std::log(total) + top - right;
    if (!gradient) continue;
    const float factor = weight[t] / total;
    ForEach8(
        v,
        [&](int64_t i) __attribute__((always_inline)) {
          Vec8 x;
          Load(row + i, x);
          if constexpr (!kKeep) {
            x -= top;
            Exp(x);
          }
          Store(x * factor, row + i);
        },
        [&](int64_t i) {
          const float x = ToFloat(row[i]);
          Put((kKeep ? x : ExpOne(x - top)) * factor, row[i]);
        });
    const float p = kKeep ? ToFloat(row[target[t]]) : std::exp(right - top) * factor;
    Put(p - weight[t], row[target[t]]);
  }
}

#define TW_INSTANTIATE(Value)                                                                      \
  template void AddRmsNorm(const Value*, const Value*, const Value*, float, int64_t, Value*,       \
                           Value*, float*, int64_t, int64_t);                                      \
  template void RmsNormBackward(const Value*, const Value*, const Value*, const float*,            \
                                const Value*, int64_t, Value*, int64_t, int64_t);                  \
  template void SwiGlu(const Value*, int64_t, Value*, int64_t, int64_t);                           \
  template void SwiGluBackward(const Value*, const Value*, int64_t, Value*, int64_t, int64_t);     \
  template void Rope(Value*, int64_t, int64_t, int64_t, const float*, const float*, bool, int64_t, \
                     int64_t);                                                                     \
  template void CrossEntropy(Value*, int64_t, const int64_t*, const float*, bool, float*, int64_t, \
                             int64_t);
TW_INSTANTIATE(float)
TW_INSTANTIATE(Bf16)
#undef TW_INSTANTIATE

}  // namespace tuneward::cpu
