#include "sandbox/world/slots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tuneward {
namespace {

TEST(SlotsTest, ListsSlotsInOrder) {
  EXPECT_THAT(SlotsOf("how do i {verb} the {object} , the {verb} ?"),
              testing::ElementsAre("verb", "object", "verb"));
  EXPECT_THAT(SlotsOf("no slot } here {"), testing::IsEmpty());
}

TEST(SlotsTest, FillsEverySlot) {
  EXPECT_EQ(FillSlots("{a} + {b} = {a}", {{"a", "1"}, {"b", "{a}"}}), "1 + {a} = 1");
}

TEST(SlotsTest, KeepsTextWithoutSlots) {
  EXPECT_EQ(FillSlots("Question: x\n", {}), "Question: x\n");
}

TEST(SlotsDeathTest, StopsAtASlotWithoutValue) {
  EXPECT_DEATH(FillSlots("{c}", {{"a", "1"}}), "values.end");
}

}  // namespace
}  // namespace tuneward
