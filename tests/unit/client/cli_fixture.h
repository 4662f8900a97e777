// The command line as users run it: arguments in, output and exit status out, against a provider in
// this process. One thread.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "client/cli/app.h"
#include "tests/unit/client/fake_provider.h"

namespace tuneward::cli {

class CliTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/cli-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    env_ = {{"HOME", folder_},
            {"TUNEWARD_ENDPOINT", provider_.endpoint},
            {"TUNEWARD_ADMIN_ENDPOINT", provider_.endpoint},
            {"TUNEWARD_PROJECT", "demo"},
            {"TUNEWARD_API_KEY", "good-key"}};
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  int Run(const std::vector<std::string>& arguments, const std::string& input = "") {
    in_.str(input);
    in_.clear();
    out_.str("");
    err_.str("");
    Terminal terminal{.in = in_, .out = out_, .err = err_};
    terminal.err_is_terminal = draw_;
    terminal.env = [this](const std::string& name) -> std::optional<std::string> {
      const auto it = env_.find(name);
      return it == env_.end() ? std::nullopt : std::optional(it->second);
    };
    terminal.client_options.sleep = [](std::chrono::milliseconds) {};
    return RunCli(arguments, terminal);
  }
  std::string WriteFile(const std::string& name, const std::string& content) {
    std::ofstream(folder_ + "/" + name) << content;
    return folder_ + "/" + name;
  }

  FakeProvider provider_;
  std::string folder_;
  std::map<std::string, std::string> env_;
  bool draw_ = false;
  std::istringstream in_;
  std::ostringstream out_, err_;
};

}  // namespace tuneward::cli
