// Memory of the device (a GPU, or the heap where kernels run on the CPU) with places before and
// after it that nobody may write. Copies in and out wait.
#pragma once

#include <cuda_bf16.h>
#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <vector>

namespace tuneward {

inline void Ok(cudaError_t error) { ASSERT_EQ(error, cudaSuccess) << cudaGetErrorString(error); }

template <typename T>
T To(float x) {
  return static_cast<T>(x);
}
template <>
inline __nv_bfloat16 To(float x) {
  return __float2bfloat16(x);
}
inline float From(float x) { return x; }
inline float From(__nv_bfloat16 x) { return __bfloat162float(x); }

template <typename T>
class DeviceArray {
 public:
  static constexpr size_t kGuard = 32;
  static constexpr float kMark = -12345;

  // `shift` elements from an address that wide loads need.
  explicit DeviceArray(const std::vector<float>& values, size_t shift = 0)
      : size_(values.size()), before_(kGuard + shift) {
    std::vector<T> all(before_ + size_ + kGuard, To<T>(kMark));
    for (size_t i = 0; i < size_; ++i) all[before_ + i] = To<T>(values[i]);
    Ok(cudaMalloc(&memory_, all.size() * sizeof(T)));
    Ok(cudaMemcpy(memory_, all.data(), all.size() * sizeof(T), cudaMemcpyHostToDevice));
  }
  explicit DeviceArray(size_t size, size_t shift = 0)
      : DeviceArray(std::vector<float>(size, 77), shift) {}
  ~DeviceArray() { Ok(cudaFree(memory_)); }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  T* get() const { return static_cast<T*>(memory_) + before_; }

  // Also looks at the places around it.
  std::vector<float> Read() const {
    Ok(cudaDeviceSynchronize());
    std::vector<T> all(before_ + size_ + kGuard);
    Ok(cudaMemcpy(all.data(), memory_, all.size() * sizeof(T), cudaMemcpyDeviceToHost));
    std::vector<float> out;
    for (size_t i = 0; i < all.size(); ++i) {
      const bool inside = i >= before_ && i < before_ + size_;
      if (inside)
        out.push_back(From(all[i]));
      else
        EXPECT_EQ(From(all[i]), From(To<T>(kMark))) << "written beside the array, at " << i;
    }
    return out;
  }

 private:
  size_t size_, before_;
  void* memory_ = nullptr;
};

}  // namespace tuneward
