#include "worker/tasks/prepared_event.h"

#include <gtest/gtest.h>

namespace tuneward {
namespace {

TEST(PreparedEventTest, SaysWhatTheRowsCameTo) {
  MaterializedRows rows;
  rows.user = {.rows = 200, .tokens = 5000, .targets = 900};
  rows.mixed = {.rows = 26, .tokens = 700, .targets = 80};
  const JobEvent event = PreparedEvent(rows);
  EXPECT_EQ(event.message,
            "Prepared 200 rows of the training file (5000 tokens) and 26 mixed rows (700 tokens)");
  EXPECT_EQ(event.level, kLevelInfo);
  EXPECT_EQ(event.data["mixed"]["targets"], 80);
  EXPECT_EQ(event.data["user"]["unknown"], 0);
}

TEST(PreparedEventTest, WarnsWhenUserTextWasLost) {
  MaterializedRows rows;
  rows.user = {.rows = 9,
               .tokens = 90,
               .targets = 9,
               .truncated = 2,
               .dropped = 1,
               .alike = 3,
               .unknown = 4};
  const JobEvent event = PreparedEvent(rows);
  EXPECT_EQ(event.level, kLevelWarn);
  EXPECT_NE(event.message.find("2 were too long and cut"), std::string::npos) << event.message;
  EXPECT_NE(event.message.find("1 were too long and left out"), std::string::npos);
  EXPECT_NE(event.message.find("4 tokens stand for text"), std::string::npos);
  EXPECT_NE(event.message.find("3 had two answers of the same tokens"), std::string::npos);
  EXPECT_EQ(event.data["user"]["alike"], 3);
}

}  // namespace
}  // namespace tuneward
