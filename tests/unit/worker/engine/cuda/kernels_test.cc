// Each CUDA kernel beside the CPU kernel of the same name, on random values that both types hold.
// Built twice: by nvcc for a GPU, and with tests/support/cuda_on_cpu to run the same sources here.
#include "worker/engine/cuda/kernels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <type_traits>
#include <vector>

#include "tests/unit/worker/engine/cuda/device_array.h"
#include "worker/engine/cpu_kernels.h"

namespace tuneward {
namespace {

using Values = std::vector<float>;

// Rows of `Width` elements at `Shift` elements from an aligned address: all that picks a kernel.
struct Shape {
  int64_t rows, width;
  size_t shift;
};
const Shape kShapes[] = {{3, 4096, 0}, {5, 264, 0}, {4, 67, 0}, {2, 264, 1}, {3, 8, 0}};

void CpuNorm(const Values& x, const Values& w, int64_t rows, Values& y, Values& rstd) {
  const float* no_branch = nullptr;
  float* no_sum = nullptr;
  cpu::AddRmsNorm(x.data(), no_branch, w.data(), 1e-5f, static_cast<int64_t>(w.size()), no_sum,
                  y.data(), rstd.data(), 0, rows);
}

template <typename T>
class CudaKernelsTest : public testing::Test {
 protected:
  static constexpr bool kHalf = !std::is_same_v<T, float>;

  void SetUp() override {
    int devices = 0;
    if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0)
      GTEST_SKIP() << "no GPU on this machine";
    if (!cpu::Supported()) GTEST_SKIP() << "no AVX2 and FMA to compare with";
  }

  // Values that T holds exactly.
  Values Random(int64_t n, float spread = 1) {
    std::normal_distribution<float> normal(0, spread);
    Values out(static_cast<size_t>(n));
    for (float& x : out) x = From(To<T>(normal(generator_)));
    return out;
  }

  // Within a rounding of T, and of fp32 sums at the size of the largest value.
  static void ExpectNear(const Values& got, const Values& want, float relative = 2e-5f) {
    ASSERT_EQ(got.size(), want.size());
    float largest = 0;
    for (float x : want) largest = std::max(largest, std::abs(x));
    for (size_t i = 0; i < want.size(); ++i) {
      const float rounding = kHalf ? std::abs(want[i]) / 200 : 0;
      ASSERT_NEAR(got[i], want[i], rounding + relative * largest) << "at " << i;
    }
  }

  std::mt19937 generator_{7};
};

using Types = testing::Types<float, __nv_bfloat16>;
TYPED_TEST_SUITE(CudaKernelsTest, Types);

TYPED_TEST(CudaKernelsTest, AddRmsNormIsTheCpus) {
  using T = TypeParam;
  for (const auto& [t, d, shift] : kShapes)
    for (const bool add : {false, true}) {
      const Values h = this->Random(t * d), branch = this->Random(t * d), w = this->Random(d);
      // The CPU's fp32 sum would not be rounded before the norm is taken; so it gets the rounded
      // one.
      Values sum(h);
      for (size_t i = 0; add && i < sum.size(); ++i) sum[i] = From(To<T>(h[i] + branch[i]));
      Values y(h.size()), rstd(t);
      CpuNorm(sum, w, t, y, rstd);

      const DeviceArray<T> h_at(h, shift), branch_at(branch, shift), w_at(w, shift);
      const DeviceArray<T> sum_at(h.size(), shift), y_at(h.size(), shift);
      const DeviceArray<float> rstd_at(static_cast<size_t>(t)), fp32_w_at(w, shift);
      Ok(cuda::AddRmsNorm(h_at.get(), add ? branch_at.get() : nullptr, w_at.get(), 1e-5f, t, d,
                          sum_at.get(), y_at.get(), rstd_at.get(), nullptr));
      EXPECT_EQ(sum_at.Read(), add ? sum : Values(h.size(), From(To<T>(77))));
      this->ExpectNear(y_at.Read(), y);
      for (int64_t i = 0; i < t; ++i) EXPECT_NEAR(rstd_at.Read()[i], rstd[i], 1e-5f * rstd[i]);

      Ok(cuda::AddRmsNorm(h_at.get(), add ? branch_at.get() : nullptr, fp32_w_at.get(), 1e-5f, t, d,
                          sum_at.get(), y_at.get(), rstd_at.get(), nullptr));
      this->ExpectNear(y_at.Read(), y);
    }
}

TYPED_TEST(CudaKernelsTest, RmsNormBackwardIsTheCpus) {
  using T = TypeParam;
  for (const auto& [t, d, shift] : kShapes)
    for (const bool more : {false, true}) {
      const Values x = this->Random(t * d), dy = this->Random(t * d), w = this->Random(d);
      const Values dsum = this->Random(t * d);
      Values y(x.size()), dx(x.size()), rstd(t);
      CpuNorm(x, w, t, y, rstd);
      const float* dsum_or_none = more ? dsum.data() : nullptr;
      cpu::RmsNormBackward(dy.data(), x.data(), w.data(), rstd.data(), dsum_or_none, d, dx.data(),
                           0, t);

      const DeviceArray<T> x_at(x, shift), dy_at(dy, shift), w_at(w, shift), dsum_at(dsum, shift);
      const DeviceArray<T> dx_at(x.size(), shift);
      const DeviceArray<float> rstd_at(rstd), fp32_w_at(w, shift);
      Ok(cuda::RmsNormBackward(dy_at.get(), x_at.get(), w_at.get(), rstd_at.get(),
                               more ? dsum_at.get() : nullptr, t, d, dx_at.get(), nullptr));
      this->ExpectNear(dx_at.Read(), dx);
      Ok(cuda::RmsNormBackward(dy_at.get(), x_at.get(), fp32_w_at.get(), rstd_at.get(),
                               more ? dsum_at.get() : nullptr, t, d, dx_at.get(), nullptr));
      this->ExpectNear(dx_at.Read(), dx);
    }
}

TYPED_TEST(CudaKernelsTest, SwiGluIsTheCpusBothWays) {
  using T = TypeParam;
  for (const auto& [t, f, shift] : kShapes) {
    const Values gate_up = this->Random(2 * t * f, 3), dy = this->Random(t * f);
    Values y(dy.size()), dgate_up(gate_up.size());
    cpu::SwiGlu(gate_up.data(), f, y.data(), 0, t);
    cpu::SwiGluBackward(dy.data(), gate_up.data(), f, dgate_up.data(), 0, t);

    const DeviceArray<T> gate_up_at(gate_up, shift), dy_at(dy, shift), y_at(y.size(), shift);
    const DeviceArray<T> dgate_up_at(gate_up.size(), shift);
    Ok(cuda::SwiGlu(gate_up_at.get(), t, f, y_at.get(), nullptr));
    Ok(cuda::SwiGluBackward(dy_at.get(), gate_up_at.get(), t, f, dgate_up_at.get(), nullptr));
    this->ExpectNear(y_at.Read(), y);
    this->ExpectNear(dgate_up_at.Read(), dgate_up);
  }
}

TYPED_TEST(CudaKernelsTest, RopeIsTheCpusAndTurnsBack) {
  using T = TypeParam;
  struct Heads {
    int64_t rows, turned, rest, width;
    size_t shift;
  };
  for (const auto& [t, turned, rest, e, shift] : {Heads{3, 12, 4, 64, 0}, Heads{2, 40, 8, 128, 0},
                                                  Heads{4, 3, 1, 10, 0}, Heads{2, 3, 1, 64, 1}}) {
    const int64_t width = (turned + rest) * e;
    const Values x = this->Random(t * width);
    Values cos, sin, want(x);
    std::uniform_real_distribution<float> angle(0, 6.28f);
    for (int64_t i = 0; i < t * e / 2; ++i) {
      const float a = angle(this->generator_);
      cos.push_back(std::cos(a)), sin.push_back(std::sin(a));
    }
    cpu::Rope(want.data(), width, turned, e, cos.data(), sin.data(), false, 0, t);

    const DeviceArray<T> x_at(x, shift);
    const DeviceArray<float> cos_at(cos), sin_at(sin);
    Ok(cuda::Rope(x_at.get(), t, width, turned, e, cos_at.get(), sin_at.get(), false, nullptr));
    this->ExpectNear(x_at.Read(), want);
    Ok(cuda::Rope(x_at.get(), t, width, turned, e, cos_at.get(), sin_at.get(), true, nullptr));
    this->ExpectNear(x_at.Read(), x, this->kHalf ? 4e-3f : 2e-5f);
  }
}

TYPED_TEST(CudaKernelsTest, CrossEntropyIsTheCpus) {
  using T = TypeParam;
  for (const auto& [t, v, shift] : kShapes) {
    const Values logits = this->Random(t * v, 4), weight = this->Random(t);
    std::vector<int64_t> target;
    for (int64_t i = 0; i < t; ++i) target.push_back(i == 0 ? 0 : i == 1 ? v - 1 : i * v / t);
    Values nll(t), gradient(logits);
    cpu::CrossEntropy(gradient.data(), v, target.data(), weight.data(), true, nll.data(), 0, t);

    const DeviceArray<T> logits_at(logits, shift);
    const DeviceArray<float> weight_at(weight), nll_at(static_cast<size_t>(t));
    void* target_at = nullptr;
    Ok(cudaMalloc(&target_at, t * sizeof(int64_t)));
    Ok(cudaMemcpy(target_at, target.data(), t * sizeof(int64_t), cudaMemcpyHostToDevice));
    const auto run = [&](bool with_gradient) {
      Ok(cuda::CrossEntropy(logits_at.get(), t, v, static_cast<const int64_t*>(target_at),
                            weight_at.get(), with_gradient, nll_at.get(), nullptr));
      for (int64_t i = 0; i < t; ++i) EXPECT_NEAR(nll_at.Read()[i], nll[i], 2e-5f * v / 64 + 2e-5f);
    };
    run(false);
    EXPECT_EQ(logits_at.Read(), logits);
    run(true);
    this->ExpectNear(logits_at.Read(), gradient);
    Ok(cudaFree(target_at));
  }
}

TYPED_TEST(CudaKernelsTest, CrossEntropyCarriesWhatIsNoNumber) {
  using T = TypeParam;
  const float infinity = std::numeric_limits<float>::infinity();
  const int64_t v = 300;
  for (const float bad : {std::nanf(""), infinity, -infinity}) {
    Values logits = this->Random(v);
    logits[200] = bad;
    const DeviceArray<T> logits_at(logits);
    const DeviceArray<float> weight_at(Values{1}), nll_at(1);
    void* target_at = nullptr;
    const int64_t target = 3;
    Ok(cudaMalloc(&target_at, sizeof target));
    Ok(cudaMemcpy(target_at, &target, sizeof target, cudaMemcpyHostToDevice));
    Ok(cuda::CrossEntropy(logits_at.get(), 1, v, static_cast<const int64_t*>(target_at),
                          weight_at.get(), true, nll_at.get(), nullptr));
    const Values nll = nll_at.Read(), gradient = logits_at.Read();
    // A logit of minus infinity is a token that cannot come; the others end the step.
    EXPECT_EQ(std::isfinite(nll[0]), bad == -infinity) << bad;
    if (bad == -infinity) {
      EXPECT_EQ(gradient[200], 0);
    }
    Ok(cudaFree(target_at));
  }
}

TYPED_TEST(CudaKernelsTest, NoRowsAreNoLaunch) {
  using T = TypeParam;
  const DeviceArray<T> x(Values{1, 2});
  EXPECT_EQ(cuda::SwiGlu(x.get(), 0, 1, x.get(), nullptr), cudaSuccess);
  EXPECT_EQ(cuda::Rope(x.get(), 0, 2, 1, 2, nullptr, nullptr, false, nullptr), cudaSuccess);
  EXPECT_EQ(x.Read(), (Values{1, 2}));
}

}  // namespace
}  // namespace tuneward
