// How much memory of an accelerator this process's models hold. Torch-free, as engine.h.
// Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tuneward {

// Bytes that torch's allocator has taken from the device, used or cached. None for "cpu", and as
// long as nothing has been put on the device.
std::optional<int64_t> DeviceMemoryBytes(const std::string& device);

}  // namespace tuneward
