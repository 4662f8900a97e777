#include "core/base/log.h"

#include <gtest/gtest.h>

#include <thread>

#include "core/base/json.h"

namespace tuneward {
namespace {

Json Line(LogFields fields = {}) { return Json::parse("{" + LogLineBody("said", fields)); }

TEST(LogScopeTest, AddsItsFieldsToEveryLineWhileItLives) {
  EXPECT_EQ(Line(), (Json{{"message", "said"}}));
  {
    const LogScope call{{"trace_id", "t1"}, {"project", ""}};
    EXPECT_EQ(Line({{"code", "OK"}}),
              (Json{{"message", "said"}, {"trace_id", "t1"}, {"code", "OK"}}));
    const LogScope task{{"job", "ftjob-1"}, {"trace_id", "t2"}};
    EXPECT_EQ(Line(), (Json{{"message", "said"}, {"trace_id", "t2"}, {"job", "ftjob-1"}}));
    EXPECT_EQ(Line({{"job", "ftjob-2"}})["job"], "ftjob-2");
  }
  EXPECT_EQ(Line(), (Json{{"message", "said"}}));
}

TEST(LogScopeTest, IsOfItsOwnThreadAndCanBeHandedOver) {
  const LogScope scope{{"job", "ftjob-1"}};
  const OwnedLogFields mine = CurrentLogFields();
  Json without, with;
  std::thread other([&] {
    without = Line();
    const LogScope handed(mine);
    with = Line();
  });
  other.join();
  EXPECT_FALSE(without.contains("job"));
  EXPECT_EQ(with["job"], "ftjob-1");
}

TEST(LogLineTest, StaysOneLineOfJsonWhateverTheValuesHold) {
  const std::string body = LogLineBody("a\n\"b\"", {{"error", std::string("\xff\x00}\n{", 5)}});
  EXPECT_EQ(body.find('\n'), std::string::npos);
  EXPECT_EQ(Json::parse("{" + body)["message"], "a\n\"b\"");
}

}  // namespace
}  // namespace tuneward
