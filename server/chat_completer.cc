#include "server/chat_completer.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/text/text_stream.h"
#include "server/draw_seed.h"

namespace tuneward {
namespace {
constexpr int64_t kRetryAfterMs = 1000;
}  // namespace

absl::Status ChatCompleter::CheckReleased(const ModelRecord& model) {
  if (model.release == Release::kReleased) return absl::OkStatus();
  TW_ASSIGN_OR_RETURN(const std::vector<ReleaseDecisionRecord> decisions,
                      deps_.models.Decisions(model.id));
  const std::string release(Name(model.release));
  const std::string reasons =
      decisions.empty() ? "not audited yet" : absl::StrJoin(decisions.back().reasons, "; ");
  return MakeError(
      absl::StatusCode::kFailedPrecondition, "MODEL_NOT_RELEASED",
      absl::StrCat(model.id, " is ", release, ", not RELEASED: ", reasons,
                   ". Ask the operator for a review of projects/", model.project_id, "/reviews/",
                   model.id),
      {{"release", release},
       {"reasons", reasons},
       {"appeal", absl::StrCat("projects/", model.project_id, "/reviews/", model.id)}});
}

// The most recently seen worker first; the next one when a worker is not there any more or about to
// go, unless the caller has seen the beginning of its answer.
absl::StatusOr<EngineAnswer> ChatCompleter::Generate(const std::string& base_id,
                                                     const internal::v1::GenerateRequest& request,
                                                     const CallTerms& terms,
                                                     const EngineClient::OnTokens& on_tokens) {
  TW_ASSIGN_OR_RETURN(const std::vector<WorkerRecord> workers, deps_.workers.FindForBase(base_id));
  absl::Status last = absl::OkStatus();
  bool begun = false;
  const EngineClient::OnTokens tell = [&](std::span<const TokenId> tokens) {
    begun = true;
    return on_tokens(tokens);
  };
  for (const WorkerRecord& worker : workers) {
    absl::StatusOr<EngineAnswer> answer = deps_.engines.Generate(
        worker.address, request, terms, on_tokens ? tell : EngineClient::OnTokens());
    if (answer.ok() || begun) return answer;
    last = answer.status();
    const bool elsewhere = last.code() == absl::StatusCode::kUnavailable ||
                           last.code() == absl::StatusCode::kResourceExhausted;
    if (!elsewhere) return last;
  }
  if (last.code() == absl::StatusCode::kResourceExhausted) return last;
  return MakeError(absl::StatusCode::kUnavailable,
                   absl::StrCat("no live worker holds the base model ", base_id, ": ",
                                workers.size(), " did not answer"),
                   ErrorInfo{"NO_WORKER_FOR_BASE", {{"base_model", base_id}}, {}, kRetryAfterMs});
}

absl::StatusOr<ChatAnswer> ChatCompleter::Complete(const ChatCall& call, const OnText& on_text) {
  internal::v1::GenerateRequest request;
  std::string base_id = call.model_id;
  if (!call.is_base) {
    TW_ASSIGN_OR_RETURN(const ModelRecord model, deps_.models.Get(call.project_id, call.model_id));
    TW_RETURN_IF_ERROR(CheckReleased(model));
    base_id = model.base_model_id;
    request.set_adapter_tree_sha256(model.tree_sha256.Raw());
  }
  TW_ASSIGN_OR_RETURN(const BaseModelRecord base, deps_.bases.Get(base_id));
  TW_ASSIGN_OR_RETURN(const std::shared_ptr<const BaseText> text, deps_.texts.Get(base));
  const std::vector<TokenId> prompt = text->chat_template->RenderPrompt(call.chat);
  const int64_t room = base.context - static_cast<int64_t>(prompt.size());
  if (room < 1) {
    return MakeError(
        absl::StatusCode::kInvalidArgument, "LIMIT_EXCEEDED",
        absl::StrCat("the prompt must leave room in the context of ", base.context, " tokens, got ",
                     prompt.size()),
        {{"limit", absl::StrCat(base.context - 1)}, {"got", absl::StrCat(prompt.size())}});
  }
  request.set_base_tree_sha256(base.tree_sha256.Raw());
  request.mutable_prompt_tokens()->Assign(prompt.begin(), prompt.end());
  const std::vector<TokenId>& stops = text->chat_template->stop_ids();
  request.set_stop_token(stops.front());  // what a worker of before reads
  request.mutable_stop_tokens()->Assign(stops.begin(), stops.end());
  request.mutable_sampling()->set_max_new_tokens(
      static_cast<int>(std::min<int64_t>(room, call.max_tokens)));
  request.mutable_sampling()->set_temperature(call.temperature);
  request.mutable_sampling()->set_top_p(call.top_p);
  request.mutable_sampling()->set_seed(call.seed.has_value() ? *call.seed
                                                             : DrawSeed(deps_.entropy));
  TextStream stream(*text->tokenizer);
  const EngineClient::OnTokens tell = [&](std::span<const TokenId> tokens) {
    const std::string piece = stream.Add(tokens);
    return piece.empty() || on_text(piece);
  };
  TW_ASSIGN_OR_RETURN(const EngineAnswer answer,
                      Generate(base_id, request, {call.deadline, call.trace_id},
                               on_text ? tell : EngineClient::OnTokens()));
  if (const std::string rest = stream.Finish(); on_text && !rest.empty()) on_text(rest);
  return ChatAnswer{text->tokenizer->Decode(answer.tokens), answer.stopped,
                    static_cast<int>(prompt.size()), static_cast<int>(answer.tokens.size())};
}

}  // namespace tuneward
