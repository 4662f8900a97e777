// tw-bench-engine <mode> [--flag value]...: the engine's side of the benchmarks (bench/*.py drive
// it).
//   rows     --data F --out F --full-out F [--vocab N] [--full-length N]
//            makes the rows that both sides read
//   train | train-together | generate | matmul  --config F --rows F [--precision bf16|fp32]
//   [--threads N]
//            [--batch N] [--jobs N] [--new-tokens N] [--device cuda:0]
#include <cstdio>
#include <cstdlib>
#include <map>

#include "bench/engine/modes.h"
#include "bench/engine/rows.h"
#include "core/base/file.h"

namespace tuneward::bench {
namespace {

int Fail(const absl::Status& status) {
  return std::fprintf(stderr, "tw-bench-engine: %s\n", status.ToString().c_str()), 1;
}

int Run(const std::string& mode, std::map<std::string, std::string> flags) {
  const auto number = [&](const char* name, int fallback) {
    return flags.contains(name) ? std::atoi(flags[name].c_str()) : fallback;
  };
  if (mode == "rows") {
    const absl::Status made =
        MakeRows(flags["--data"], number("--vocab", 4000), number("--full-length", 256),
                 flags["--out"], flags["--full-out"]);
    return made.ok() ? 0 : Fail(made);
  }
  Settings settings;
  auto config = ReadFile(flags["--config"], 1 << 20);
  if (!config.ok()) return Fail(config.status());
  settings.config = *std::move(config);
  settings.rows = flags["--rows"];
  settings.engine.threads = number("--threads", 1);
  settings.engine.precision =
      flags["--precision"] == "bf16" ? Precision::kBFloat16 : Precision::kFloat32;
  if (flags.contains("--device")) settings.engine.device = flags["--device"];
  settings.batch = number("--batch", settings.batch);
  settings.jobs = number("--jobs", settings.jobs);
  settings.new_tokens = number("--new-tokens", settings.new_tokens);
  if (mode == "train") return Train(settings);
  if (mode == "train-together") return TrainTogether(settings);
  if (mode == "generate") return Generate(settings);
  if (mode == "matmul") return Matmul(settings);
  return Fail(absl::InvalidArgumentError(
      "mode must be rows, train, train-together, generate or matmul, got '" + mode + "'"));
}

}  // namespace
}  // namespace tuneward::bench

int main(int argc, char** argv) {
  std::map<std::string, std::string> flags;
  for (int i = 2; i + 1 < argc; i += 2) flags[argv[i]] = argv[i + 1];
  return tuneward::bench::Run(argc > 1 ? argv[1] : "", flags);
}
