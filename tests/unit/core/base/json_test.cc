#include "core/base/json.h"

#include <gtest/gtest.h>

namespace tuneward {
namespace {

TEST(ParseJsonTest, RefusesDuplicateKeysTrailingBytesDepthAndBadUtf8) {
  EXPECT_TRUE(ParseJson(R"({"a":[1,"x",null]})").ok());
  EXPECT_EQ(ParseJson(R"({"a":1,"a":2})").status().message(), "duplicate key \"a\"");
  EXPECT_FALSE(ParseJson("{} x").ok());
  // The library takes U+0000 for the end of the text, wherever it stands.
  EXPECT_FALSE(ParseJson(std::string_view("{}\0 x", 5)).ok());
  EXPECT_FALSE(ParseJson(std::string_view("{}\0", 3)).ok());
  EXPECT_FALSE(ParseJson("\"\xff\"").ok());
  EXPECT_FALSE(ParseJson("1e999").ok());
  EXPECT_FALSE(ParseJson("").ok());
  EXPECT_TRUE(ParseJson("[[[]]]", 3).ok());
  EXPECT_EQ(ParseJson("[[[[]]]]", 3).status().message(), "nested deeper than 3 levels");
}

TEST(ParseJsonTest, NamesThePlaceOnceAndNoLibrary) {
  const std::string message(ParseJson("not json").status().message());
  EXPECT_EQ(message.rfind("malformed JSON at byte 2: syntax error", 0), 0u) << message;
  EXPECT_EQ(message.find("exception"), std::string::npos) << message;
  EXPECT_EQ(message.find("column"), std::string::npos) << message;
}

TEST(ParseJsonTest, QuotesHostileInputAsShortUtf8) {
  for (const std::string& text :
       {std::string("{} \xEF  "), "[\"\xC3(" + std::string(100'000, 'x'),
        "\"" + std::string(100'000, 'x'), "1e9" + std::string(100'000, '9'),
        "{\"" + std::string(100'000, 'x') + "\":1,\"" + std::string(100'000, 'x') + "\":1}"}) {
    const auto json = ParseJson(text);
    ASSERT_FALSE(json.ok());
    const std::string message(json.status().message());
    EXPECT_NO_THROW(Json(message).dump()) << "must be UTF-8";
    EXPECT_LT(message.size(), 400u);
  }
}

TEST(ParseJsonTest, KeepsNestedValues) {
  auto value = ParseJson(R"({"b":{"c":[{"d":1},2]},"a":-3})");
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(CanonicalJson(*value), R"({"a":-3,"b":{"c":[{"d":1},2]}})");
}

TEST(CanonicalJsonTest, SortsKeysAndKeepsUtf8) {
  EXPECT_EQ(CanonicalJson({{"z", 1}, {"a", "\xc3\xa9"}}), "{\"a\":\"\xc3\xa9\",\"z\":1}");
}

TEST(ObjectReaderTest, ReportsEveryProblemWithItsPath) {
  auto json = ParseJson(R"({"rank":0,"name":7,"extra":1})");
  ASSERT_TRUE(json.ok());
  Violations problems;
  ObjectReader reader(*json, "lora", problems);
  reader.Int("rank", 1, 256);
  reader.String("name");
  reader.Bool("on");
  reader.Finish();
  ASSERT_EQ(problems.list().size(), 4u);
  EXPECT_EQ(problems.list()[0],
            (FieldViolation{"lora.rank", "must be an integer in [1, 256], got 0"}));
  EXPECT_EQ(problems.list()[1].field, "lora.name");
  EXPECT_EQ(problems.list()[2], (FieldViolation{"lora.on", "is missing"}));
  EXPECT_EQ(problems.list()[3], (FieldViolation{"lora.extra", "unknown key"}));
}

TEST(ObjectReaderTest, FilledTakesNoEmptyText) {
  const Json json = {{"full", "x"}, {"empty", ""}, {"number", 3}};
  Violations problems;
  ObjectReader reader(json, "", problems);
  EXPECT_EQ(reader.Filled("full"), "x");
  for (const char* key : {"empty", "number", "missing"}) EXPECT_EQ(reader.Filled(key), "");
  reader.Finish();
  const auto violations = GetErrorInfo(problems.ToStatus()).violations;
  ASSERT_EQ(violations.size(), 3u) << "one problem each";
  EXPECT_EQ(violations[0].description, "must not be empty");
  EXPECT_EQ(violations[1].description, "must be a string");
  EXPECT_EQ(violations[2].field, "missing");
}

TEST(ObjectReaderTest, QuotesALargeValueInPart) {
  Violations problems;
  const Json object = {{"n", std::string(100'000, 'x')}};
  ObjectReader reader(object, "", problems);
  reader.Int("n", 0, 1);
  ASSERT_EQ(problems.list().size(), 1u);
  EXPECT_LT(problems.list()[0].description.size(), 200u);
}

}  // namespace
}  // namespace tuneward
