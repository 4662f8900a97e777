// How much memory this process may still take: the smallest of its limits and of what the machine
// or the device has free. Torch-free header. Any thread.
#pragma once

#include <cstdint>
#include <string>

namespace tuneward {

// Bytes. "cpu": the address-space limit (RLIMIT_AS), the control group's limit without its
// droppable file pages, MemAvailable of the kernel. A device: what its driver says is free and what
// torch's allocator holds unused. A source that cannot be read sets no limit.
int64_t AvailableMemoryBytes(const std::string& device);

}  // namespace tuneward
