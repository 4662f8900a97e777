// Fused loops for the CPU on fp32 or bf16 values (Value: float or Bf16), computed in fp32, on raw
// memory and without torch: what a chain of tensor operations would read and write many times
// passes the cache once here. Each has a plain version in tensor operations beside its caller, used
// for other devices and types; tests hold the two together. Pure; callers cut the work into ranges
// for their threads, and a range's results do not depend on the cut. Shapes: T rows, D hidden, F
// width of the MLP, V vocabulary, E head width (a multiple of 8), L length of a row.
#pragma once

#include <cstdint>

#include "worker/engine/bf16.h"

namespace tuneward::cpu {

// Whether this machine has the instructions the kernels are compiled for (on x86: AVX2 and FMA).
bool Supported();

// sum = h + branch (branch null: sum = h is not written), y = sum * rstd * w, for rows [begin,
// end).
template <typename Value>
void AddRmsNorm(const Value* h, const Value* branch, const Value* w, float epsilon, int64_t d,
                Value* sum, Value* y, float* rstd, int64_t begin, int64_t end);
// dx = gradient through the norm, plus `dsum` where that is not null.
template <typename Value>
void RmsNormBackward(const Value* dy, const Value* x, const Value* w, const float* rstd,
                     const Value* dsum, int64_t d, Value* dx, int64_t begin, int64_t end);

// [gate, up] rows of 2F -> F.
template <typename Value>
void SwiGlu(const Value* gate_up, int64_t f, Value* y, int64_t begin, int64_t end);
template <typename Value>
void SwiGluBackward(const Value* dy, const Value* gate_up, int64_t f, Value* dgate_up,
                    int64_t begin, int64_t end);

// Turns the first `heads` heads of each row of `width` in place; sin is negated for the way back.
template <typename Value>
void Rope(Value* x, int64_t width, int64_t heads, int64_t head_dim, const float* cos,
          const float* sin, bool back, int64_t begin, int64_t end);

// Logits of rows [begin, end) become weight * (softmax - onehot(target)) when `gradient`; nll is
// written either way.
template <typename Value>
void CrossEntropy(Value* logits, int64_t v, const int64_t* target, const float* weight,
                  bool gradient, float* nll, int64_t begin, int64_t end);

// Where the heads of a packed row lie (token t of head h at base + t * stride + h * head_dim), and
// what is done with their scores.
struct HeadLayout {
  HeadLayout(int64_t heads, int64_t kv_heads, int64_t head_dim, float scale, float soft_cap,
             int64_t window)
      : heads(heads),
        kv_heads(kv_heads),
        head_dim(head_dim),
        scale(scale),
        soft_cap(soft_cap),
        window(window) {}
  int64_t heads, kv_heads, head_dim;
  float scale;     // of q k^T
  float soft_cap;  // s = cap tanh(s / cap); 0: none
  int64_t window;  // keys that a query sees, its own included; 0: all before it
  int64_t qkv_stride() const { return (heads + 2 * kv_heads) * head_dim; }
  int64_t out_stride() const { return heads * head_dim; }
  // The first key that the query at place i sees.
  int64_t FirstSeen(int64_t i) const { return window > 0 && i >= window ? i + 1 - window : 0; }
};

// Causal attention of one row of length `length` and one key-value head with its group of query
// heads. `qkv` and `out` point at the row's first token; lse is [length, heads]. Results of the
// first `known` tokens are not written, and their gradients count as zeros. `scratch` has
// AttentionScratch floats (bf16 rows are widened there).
int64_t AttentionScratch(const HeadLayout& layout, int64_t length);
template <typename Value>
void Attention(const HeadLayout& layout, const Value* qkv, int64_t length, int64_t known,
               int64_t kv_head, Value* out, float* lse, float* scratch);
template <typename Value>
void AttentionBackward(const HeadLayout& layout, const Value* qkv, const Value* out,
                       const float* lse, const Value* dout, int64_t length, int64_t known,
                       int64_t kv_head, Value* dqkv, float* scratch);

// One query of every head, the one at place `length` - 1, against the cached keys and values that
// it sees of `length` ones ([length, kv_heads * E] each). `scratch`: AttendScratch floats.
int64_t AttendScratch(const HeadLayout& layout, int64_t length);
template <typename Value>
void AttendCached(const HeadLayout& layout, const Value* q, const Value* keys, const Value* values,
                  int64_t length, Value* out, float* scratch);

}  // namespace tuneward::cpu
