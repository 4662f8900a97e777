#include "worker/engine/device_memory.h"

#include <gtest/gtest.h>

namespace tuneward {
namespace {

TEST(DeviceMemoryTest, IsUnknownWhereNothingIsOnAnAccelerator) {
  EXPECT_EQ(DeviceMemoryBytes("cpu"), std::nullopt);
  EXPECT_EQ(DeviceMemoryBytes("cuda:0"), std::nullopt) << "this process has put nothing on it";
  EXPECT_EQ(DeviceMemoryBytes("no such device"), std::nullopt);
}

}  // namespace
}  // namespace tuneward
