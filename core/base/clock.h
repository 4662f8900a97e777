// Time is injected: nothing in core asks the system for it except SystemClock. Thread-safe.
#pragma once

#include <chrono>
#include <mutex>

namespace tuneward {

class Clock {
 public:
  using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;
  using MonoTime = std::chrono::steady_clock::time_point;
  virtual ~Clock() = default;
  virtual WallTime Now() const = 0;
  virtual MonoTime Monotonic() const = 0;
};

class SystemClock final : public Clock {
 public:
  WallTime Now() const override {
    return std::chrono::time_point_cast<std::chrono::microseconds>(
        std::chrono::system_clock::now());
  }
  MonoTime Monotonic() const override { return std::chrono::steady_clock::now(); }
};

// Moves only when told to. Starts at 2024-01-01T00:00:00Z.
class FakeClock final : public Clock {
 public:
  WallTime Now() const override {
    std::lock_guard lock(mutex_);
    return wall_;
  }
  MonoTime Monotonic() const override {
    std::lock_guard lock(mutex_);
    return mono_;
  }
  void Advance(std::chrono::microseconds by) {
    std::lock_guard lock(mutex_);
    wall_ += by;
    mono_ += by;
  }

 private:
  mutable std::mutex mutex_;
  WallTime wall_{std::chrono::microseconds(1704067200000000)};
  MonoTime mono_{};
};

}  // namespace tuneward
