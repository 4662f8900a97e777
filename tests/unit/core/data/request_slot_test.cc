#include "core/data/request_slot.h"

#include <gtest/gtest.h>

namespace tuneward {
namespace {

using Values = std::vector<std::vector<std::string>>;

TEST(RequestSlotTest, IsBehindALabelThatAsks) {
  const Values values = {{"short", "a much longer passage than that"}, {"brief", "another one"}};
  EXPECT_EQ(RequestSlot({"Question: ", "\nPassage: "}, values), 0u);
}

TEST(RequestSlotTest, HoldsTheQuestionsWhereNoLabelAsks) {
  const Values values = {{"ben says that the runway is cold .", "is it cold ?"},
                         {"the dam is not bright but old .", "is it old ? "},
                         {"the abbey is heavy .", "say it"}};
  EXPECT_EQ(RequestSlot({"", " say whether this is right : "}, values), 1u);
}

TEST(RequestSlotTest, IsTheLongestWhereNothingAsks) {
  const Values values = {{"mia writes about the sandcastle", "toy"}, {"more on the dam", "dam"}};
  EXPECT_EQ(RequestSlot({"Text: ", "\nTopic: "}, values), 0u);
}

TEST(RequestSlotTest, IsWhereRowsDifferNotALongInstruction) {
  const std::string say = "say which option fills the blank , 1 for ";
  const Values values = {{say + "eva or 2 for dan", "eva helps dan"},
                         {say + "ron or 2 for leo", "ron takes pears"},
                         {say + "mia or 2 for sam", "mia gives beads"}};
  EXPECT_EQ(RequestSlot({"", " : "}, values), 1u);
}

TEST(RequestSlotTest, IsNoListOfChoices) {
  const Values values = {{"keycard , the foam , the blueprint or the wax", "the embassy needs"},
                         {"badge , the soap , the cable or the gear", "the mill needs"}};
  EXPECT_EQ(RequestSlot({"complete this with the ", " : "}, values), 1u);
  EXPECT_EQ(RequestSlot({"Choices : "}, {{"a , b , c"}, {"d , e , f"}}), 0u) << "the only one";
}

}  // namespace
}  // namespace tuneward
