#include "client/config.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/channel.h"
#include "core/base/file.h"

namespace tuneward::client {
namespace {

using testing::HasSubstr;

class ConfigTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/config-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string Write(const std::string& name, const std::string& content, int mode = 0600) {
    const std::string path = folder_ + "/" + name;
    EXPECT_TRUE(WriteFileAtomic(path, content, mode).ok());
    return path;
  }
  std::string folder_;
};

TEST_F(ConfigTest, FlagWinsOverEnvironmentOverFile) {
  const auto config = ResolveConfig(
      {{"endpoint", "flag:1"}}, {{"endpoint", "env:1"}, {"project", "env-project"}},
      {{"endpoint", "file:1"}, {"project", "file-project"}, {"admin_endpoint", "file:2"}});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->endpoint, "flag:1");
  EXPECT_EQ(config->project, "env-project");
  EXPECT_EQ(config->admin_endpoint, "file:2");
}

TEST_F(ConfigTest, DefaultsAreUsedWhenNothingIsSaid) {
  const auto config = ResolveConfig({}, {}, {});
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(*config, ClientConfig{});
}

TEST_F(ConfigTest, KeyFileOfAHigherSourceWinsOverKeyOfALowerOne) {
  const std::string key_file = Write("key", "from-file\n");
  const auto config = ResolveConfig({{"api_key_file", key_file}},
                                    {{"api_key", "from-env"}, {"admin_key", "operator"}}, {});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->api_key, "from-file");
  EXPECT_EQ(config->admin_key, "operator");
}

TEST_F(ConfigTest, EmptyOrMissingKeyFileIsAnError) {
  EXPECT_TRUE(absl::IsInvalidArgument(
      ResolveConfig({{"api_key_file", Write("key", "\n")}}, {}, {}).status()));
  EXPECT_TRUE(
      absl::IsNotFound(ResolveConfig({{"api_key_file", folder_ + "/none"}}, {}, {}).status()));
}

TEST_F(ConfigTest, EmptyVariableCountsAsNotSet) {
  const ConfigLayer layer =
      EnvironmentLayer([](const std::string& name) -> std::optional<std::string> {
        if (name == "TUNEWARD_ENDPOINT") return "";
        if (name == "TUNEWARD_PROJECT") return "demo";
        return std::nullopt;
      });
  EXPECT_EQ(layer, (ConfigLayer{{"project", "demo"}}));
}

TEST_F(ConfigTest, FileThatOthersMayReadIsRefusedWhenItHoldsAKey) {
  EXPECT_TRUE(ReadConfigFile(Write("open.json", R"({"project":"demo"})", 0644)).ok());
  const auto layer = ReadConfigFile(Write("key.json", R"({"api_key":"tw-1"})", 0644));
  EXPECT_TRUE(absl::IsPermissionDenied(layer.status()));
  EXPECT_THAT(std::string(layer.status().message()), HasSubstr("chmod 0600"));
}

TEST_F(ConfigTest, UnknownSettingIsNamed) {
  const auto layer = ReadConfigFile(Write("config.json", R"({"end_point":"x:1"})"));
  EXPECT_TRUE(absl::IsInvalidArgument(layer.status()));
  EXPECT_THAT(std::string(layer.status().message()), HasSubstr("end_point"));
}

TEST_F(ConfigTest, UpdateKeepsOtherSettingsAndIsPrivate) {
  const std::string path = folder_ + "/tuneward/config.json";
  ASSERT_TRUE(UpdateConfigFile(path, {{"project", "a"}, {"endpoint", "h:1"}}).ok());
  ASSERT_TRUE(UpdateConfigFile(path, {{"project", "b"}, {"api_key", "tw-1"}}).ok());
  const auto layer = ReadConfigFile(path);
  ASSERT_TRUE(layer.ok()) << layer.status();
  EXPECT_EQ(*layer, (ConfigLayer{{"project", "b"}, {"endpoint", "h:1"}, {"api_key", "tw-1"}}));
  struct stat info {};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST(ChannelTest, KeyInClearTextStaysOnThisMachine) {
  EXPECT_TRUE(
      absl::IsInvalidArgument(Connect({.endpoint = "tune.example:7410", .key = "k"}).status()));
  EXPECT_TRUE(
      absl::IsInvalidArgument(Connect({.endpoint = "127.evil.example:7410", .key = "k"}).status()));
  EXPECT_TRUE(Connect({.endpoint = "tune.example:7410", .key = "k", .insecure = true}).ok());
  EXPECT_TRUE(Connect({.endpoint = "https://tune.example:7410", .key = "k"}).ok());
  EXPECT_TRUE(Connect({.endpoint = "127.0.0.1:7410", .key = "k"}).ok());
  EXPECT_TRUE(Connect({.endpoint = "[::1]:7410", .key = "k"}).ok());
}

TEST(ChannelTest, MalformedEndpointIsRefused) {
  for (const char* endpoint : {"", "host", "host:", ":7410", "host:0", "host:65536", "host:abc"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(Connect({.endpoint = endpoint}).status())) << endpoint;
  }
}

}  // namespace
}  // namespace tuneward::client
