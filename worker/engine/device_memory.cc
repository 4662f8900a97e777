#include "worker/engine/device_memory.h"

#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/Device.h>
#include <c10/util/Exception.h>

namespace tuneward {

std::optional<int64_t> DeviceMemoryBytes(const std::string& device) {
  try {
    const c10::Device place(device);
    if (place.is_cpu()) return std::nullopt;
    c10::DeviceAllocator* allocator = c10::getDeviceAllocator(place.type());
    if (!allocator->initialized()) return std::nullopt;
    const auto stats = allocator->getDeviceStats(place.has_index() ? place.index() : 0);
    const auto all = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);
    return stats.reserved_bytes[all].current;
  } catch (const c10::Error&) {  // an allocator that keeps no such figures
    return std::nullopt;
  }
}

}  // namespace tuneward
