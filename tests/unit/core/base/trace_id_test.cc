#include "core/base/trace_id.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/base/api_key.h"

namespace tuneward {
namespace {

class CountingEntropy final : public EntropySource {
 public:
  void Fill(uint8_t* bytes, size_t size) override {
    for (size_t i = 0; i < size; ++i) bytes[i] = next_++;
  }

 private:
  uint8_t next_ = 0x0a;
};

class ZeroEntropy final : public EntropySource {
 public:
  void Fill(uint8_t* bytes, size_t size) override { std::fill(bytes, bytes + size, 0); }
};

TEST(TraceIdTest, DrawsThirtyTwoHexDigitsAndNeverZero) {
  CountingEntropy entropy;
  EXPECT_EQ(NewTraceId(entropy), "0a0b0c0d0e0f10111213141516171819");
  ZeroEntropy zero;
  EXPECT_EQ(NewTraceId(zero), "00000000000000000000000000000001");
}

TEST(TraceIdTest, ReadsTraceparentAsW3cDefinesIt) {
  const std::string id = "4bf92f3577b34da6a3ce929d0e0e4736";
  EXPECT_EQ(TraceIdOfTraceparent("00-" + id + "-00f067aa0ba902b7-01"), id);
  EXPECT_EQ(TraceIdOfTraceparent("cc-" + id + "-00f067aa0ba902b7-01-what-later-versions-add"), id);
  for (const std::string& bad : std::vector<std::string>{
           "", "00-" + id, "00-" + id + "-00f067aa0ba902b7-01-x",
           "ff-" + id + "-00f067aa0ba902b7-01",
           "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
           "00-" + std::string(32, '0') + "-00f067aa0ba902b7-01",
           "00-" + id + "-0000000000000000-01", "00-" + id + "-00f067aa0ba902b7-0g",
           "00_" + id + "-00f067aa0ba902b7-01"}) {
    EXPECT_EQ(TraceIdOfTraceparent(bad), "") << bad;
  }
}

TEST(TraceIdTest, TakesRequestIdsThatMayStandInALog) {
  EXPECT_EQ(TraceIdOfRequestId("req_01-AB.c"), "req_01-AB.c");
  EXPECT_EQ(TraceIdOfRequestId(std::string(64, 'a')), std::string(64, 'a'));
  for (const std::string& bad :
       {std::string(), std::string(65, 'a'), std::string("a b"), std::string("a\"b"),
        std::string("a\nb"), std::string("caf\xc3\xa9")}) {
    EXPECT_EQ(TraceIdOfRequestId(bad), "") << bad;
  }
  SystemEntropy entropy;
  EXPECT_EQ(TraceIdOfRequestId(MakeApiKey(ApiKeyKind::kProject, entropy)), "");
  EXPECT_EQ(TraceIdOfRequestId(MakeApiKey(ApiKeyKind::kOperator, entropy)), "");
}

}  // namespace
}  // namespace tuneward
