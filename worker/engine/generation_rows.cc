#include "worker/engine/generation_rows.h"

#include "absl/strings/str_cat.h"

namespace tuneward {
namespace {

absl::Status CheckSampling(size_t row, const SamplingOptions& sampling) {
  const auto bad = [&](const char* name, const char* rule, double got) {
    return absl::InvalidArgumentError(
        absl::StrCat("row ", row, ": ", name, " must be ", rule, ", got ", got));
  };
  if (sampling.max_new_tokens < 1)
    return bad("max_new_tokens", "at least 1", sampling.max_new_tokens);
  if (!(sampling.temperature >= 0 && sampling.temperature <= 100))
    return bad("temperature", "in [0, 100]", sampling.temperature);
  if (!(sampling.top_p > 0 && sampling.top_p <= 1))
    return bad("top_p", "in (0, 1]", sampling.top_p);
  return absl::OkStatus();
}

absl::Status CheckTokens(size_t row, const char* name, const std::vector<TokenId>& tokens,
                         int64_t vocab) {
  for (const TokenId token : tokens)
    if (token < 0 || token >= vocab)
      return absl::InvalidArgumentError(absl::StrCat("row ", row, ": ", name, " token ", token,
                                                     " is outside the vocabulary of ", vocab));
  return absl::OkStatus();
}

absl::Status CheckLengths(size_t i, const GenerationRow& row, int64_t context) {
  const int64_t prompt = static_cast<int64_t>(row.prompt.size()),
                forced = static_cast<int64_t>(row.forced.size());
  if (prompt < 1 || prompt >= context)
    return absl::InvalidArgumentError(absl::StrCat("row ", i, ": the prompt must have 1 to ",
                                                   context - 1, " tokens, got ", prompt));
  if (forced > row.sampling.max_new_tokens)
    return absl::InvalidArgumentError(
        absl::StrCat("row ", i, ": forced tokens must be at most max_new_tokens, ",
                     row.sampling.max_new_tokens, ", got ", forced));
  if (prompt + forced > context)
    return absl::InvalidArgumentError(
        absl::StrCat("row ", i, ": prompt and forced tokens must fit the context of ", context,
                     ", got ", prompt, " + ", forced));
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckGenerationRows(const std::vector<GenerationRow>& rows,
                                 const ModelConfig& config) {
  for (size_t i = 0; i < rows.size(); ++i) {
    TW_RETURN_IF_ERROR(CheckSampling(i, rows[i].sampling));
    TW_RETURN_IF_ERROR(CheckLengths(i, rows[i], config.context));
    TW_RETURN_IF_ERROR(CheckTokens(i, "prompt", rows[i].prompt, config.vocab));
    TW_RETURN_IF_ERROR(CheckTokens(i, "forced", rows[i].forced, config.vocab));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Generation>> BaseModel::Generate(
    const std::vector<std::vector<TokenId>>& prompts, const Adapter* adapter,
    const std::vector<TokenId>& stops, const SamplingOptions& options, const OnToken& on_token) {
  std::vector<GenerationRow> rows;
  for (const std::vector<TokenId>& prompt : prompts) {
    rows.push_back({prompt, {}, adapter, stops, options});
    rows.back().sampling.first_row = options.first_row + rows.size() - 1;
  }
  return GenerateRows(rows, on_token);
}

}  // namespace tuneward
