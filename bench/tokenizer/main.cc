// tw-bench-tokenizer FOLDER TEXTS: our side of bench/bench_tokenizer.py. Encodes every line of
// TEXTS (a JSON string each) with the tokenizer of FOLDER, once a turn, one thread.
#include <chrono>
#include <cstdio>
#include <sstream>
#include <string>
#include <vector>

#include "bench/engine/turns.h"
#include "core/base/file.h"
#include "core/base/json.h"
#include "core/text/tokenizer.h"

namespace tuneward::bench {
namespace {

constexpr int64_t kMaxFile = int64_t{64} << 20;

absl::Status Run(const std::string& folder, const std::string& path) {
  TW_ASSIGN_OR_RETURN(const auto tokenizer, LoadTokenizer(folder));
  TW_ASSIGN_OR_RETURN(const std::string file, ReadFile(path, kMaxFile));
  std::vector<std::string> texts;
  std::istringstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    TW_ASSIGN_OR_RETURN(const Json text, ParseJson(line));
    texts.push_back(text.get<std::string>());
  }
  return TakeTurns([&] {
    int64_t tokens = 0;
    const auto began = std::chrono::steady_clock::now();
    for (const std::string& text : texts)
      tokens += static_cast<int64_t>(tokenizer->Encode(text).size());
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    return Measured{tokens, took.count()};
  });
}

}  // namespace
}  // namespace tuneward::bench

int main(int argc, char** argv) {
  if (argc != 3) return std::fprintf(stderr, "usage: tw-bench-tokenizer FOLDER TEXTS\n"), 2;
  const absl::Status status = tuneward::bench::Run(argv[1], argv[2]);
  if (status.ok()) return 0;
  return std::fprintf(stderr, "tw-bench-tokenizer: %s\n", status.ToString().c_str()), 1;
}
