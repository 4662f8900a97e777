#include "worker/serving/engine_batch.h"

#include <map>
#include <utility>

namespace tuneward {
namespace {

absl::Status CheckPrompt(const std::vector<TokenId>& prompt, const BaseModel& model) {
  const int64_t context = model.context(), tokens = static_cast<int64_t>(prompt.size());
  if (tokens >= context) {
    return MakeError(absl::StatusCode::kInvalidArgument, "LIMIT_EXCEEDED",
                     "the prompt has " + std::to_string(tokens) +
                         " tokens and leaves no room in the model's context of " +
                         std::to_string(context),
                     {{"limit", std::to_string(context - 1)}, {"got", std::to_string(tokens)}});
  }
  for (const TokenId token : prompt) {
    if (token >= 0 && token < model.vocab_size()) continue;
    Violations problems;
    problems.Add("prompt_tokens", "token " + std::to_string(token) +
                                      " is outside the vocabulary of " +
                                      std::to_string(model.vocab_size()));
    return problems.ToStatus();
  }
  return absl::OkStatus();
}

class EngineBatch final : public DecodeBatch {
 public:
  EngineBatch(std::shared_ptr<LoadedBase> base, std::function<void(const PromptCounts&)> on_prompts)
      : base_(std::move(base)),
        on_prompts_(std::move(on_prompts)),
        rows_(base_->model().NewRowBatch(
            [this](size_t id, TokenId token) { return asked_.at(id).on_token(token); },
            [this](size_t id, const Generation& generation) {
              asked_.extract(id).mapped().on_end(generation);
            })) {}

  absl::StatusOr<bool> Add(const DecodeRequest& request, OnToken on_token, OnEnd on_end) override {
    TW_RETURN_IF_ERROR(CheckPrompt(request.prompt, base_->model()));
    GenerationRow row{request.prompt, {}, nullptr, request.stops, request.sampling};
    if (!rows_->HasRoomFor(row)) return false;
    TW_ASSIGN_OR_RETURN(auto adapter, base_->GetAdapter(request.adapter_tree));
    row.adapter = adapter.get();
    TW_RETURN_IF_ERROR(rows_->Add(next_, std::move(row)));
    asked_.emplace(next_++, Asked{std::move(adapter), std::move(on_token), std::move(on_end)});
    return true;
  }

  size_t rows() const override { return rows_->rows(); }
  absl::Status Step() override {
    const absl::Status status = rows_->Step();
    const PromptCounts before = std::exchange(prompts_, rows_->prompts());
    if (on_prompts_ && prompts_.tokens > before.tokens)
      on_prompts_({prompts_.tokens - before.tokens, prompts_.reused - before.reused});
    return status;
  }

 private:
  struct Asked {
    std::shared_ptr<const Adapter> adapter;  // the row's, kept while it runs
    OnToken on_token;
    OnEnd on_end;
  };
  std::shared_ptr<LoadedBase> base_;  // shared with the cache, which may let it go
  const std::function<void(const PromptCounts&)> on_prompts_;
  PromptCounts prompts_;           // so far
  std::map<size_t, Asked> asked_;  // by the row's id
  size_t next_ = 0;
  std::unique_ptr<RowBatch> rows_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<DecodeBatch>> OpenEngineBatch(
    ModelCache& models, const std::string& base_tree,
    std::function<void(const PromptCounts&)> on_prompts) {
  TW_ASSIGN_OR_RETURN(auto base, models.GetBase(base_tree));
  return std::make_unique<EngineBatch>(std::move(base), std::move(on_prompts));
}

}  // namespace tuneward
