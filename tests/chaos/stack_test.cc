#include "tests/chaos/stack_test.h"

#include <cstdlib>
#include <string_view>

namespace tuneward {
namespace {

constexpr size_t kTail = 6000;  // bytes of a log

bool IsRequired() {
  const char* required = std::getenv("TUNEWARD_REQUIRE");
  return required != nullptr && std::string_view(required).find("pg") != std::string_view::npos;
}

}  // namespace

bool StackTest::StartStack(const StackOptions& options) {
  auto stack = Stack::Start(options);
  if (stack.ok()) {
    stack_ = *std::move(stack);
    return true;
  }
  [&] {
    if (absl::IsNotFound(stack.status()) && !IsRequired()) GTEST_SKIP() << stack.status().message();
    FAIL() << stack.status();
  }();
  return false;
}

std::string StackTest::Logs() {
  std::string all;
  std::vector<std::string> names = stack_->options().workers;
  names.push_back(kServer);
  for (const std::string& name : names) {
    const std::string log = stack_->Log(name);
    all += "\n--- " + name + "\n" + log.substr(log.size() > kTail ? log.size() - kTail : 0);
  }
  return all;
}

}  // namespace tuneward
