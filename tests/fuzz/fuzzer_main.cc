// libFuzzer's entry for one target; TUNEWARD_FUZZ_TARGET names its function.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tuneward::fuzz::TUNEWARD_FUZZ_TARGET({reinterpret_cast<const char*>(data), size});
  return 0;
}
