// Greedy generation on a model with fresh weights, without a stop token: a fixed number of new
// tokens a prompt; one call a turn.
#include <chrono>
#include <cstdio>

#include "bench/engine/modes.h"
#include "bench/engine/rows.h"
#include "bench/engine/turns.h"

namespace tuneward::bench {
namespace {

absl::Status Run(const Settings& settings) {
  TW_ASSIGN_OR_RETURN(const auto model, BaseModel::Create(settings.config, 1, settings.engine));
  TW_ASSIGN_OR_RETURN(const std::vector<TrainRow> rows, ReadRows(settings.rows));
  std::vector<std::vector<TokenId>> prompts;
  for (const TrainRow& row : rows) {
    if (static_cast<int>(prompts.size()) == settings.batch) break;
    size_t end = 0;
    while (!row.is_target[end]) ++end;
    prompts.emplace_back(row.tokens.begin(), row.tokens.begin() + static_cast<std::ptrdiff_t>(end));
  }
  SamplingOptions sampling;
  sampling.max_new_tokens = settings.new_tokens;
  return TakeTurns([&]() -> absl::StatusOr<Measured> {
    const auto began = std::chrono::steady_clock::now();
    TW_ASSIGN_OR_RETURN(const auto made, model->Generate(prompts, nullptr, {}, sampling));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    int64_t tokens = 0;
    for (const Generation& row : made) tokens += static_cast<int64_t>(row.tokens.size());
    return Measured{tokens, took.count()};
  });
}

}  // namespace

int Generate(const Settings& settings) {
  const absl::Status status = Run(settings);
  if (status.ok()) return 0;
  return std::fprintf(stderr, "generate: %s\n", status.ToString().c_str()), 1;
}

}  // namespace tuneward::bench
