#include "sandbox/tool/rendering.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace tuneward {
namespace {

constexpr size_t kPromptsACall = 64;

}  // namespace

absl::StatusOr<Rendering> Rendering::FromBytes(std::string_view sentencepiece) {
  TW_ASSIGN_OR_RETURN(auto tokenizer, LoadSentencepieceFromBytes(sentencepiece));
  return With(std::move(tokenizer), kSandboxTemplate);
}

absl::StatusOr<Rendering> Rendering::FromFolder(const std::string& folder,
                                                const std::string& template_id) {
  TW_ASSIGN_OR_RETURN(auto tokenizer, LoadTokenizer(folder));
  return With(std::move(tokenizer), template_id);
}

absl::StatusOr<Rendering> Rendering::With(std::unique_ptr<Tokenizer> tokenizer,
                                          const std::string& template_id) {
  Rendering rendering;
  rendering.tokenizer = std::move(tokenizer);
  TW_ASSIGN_OR_RETURN(rendering.chat_template, MakeChatTemplate(template_id, *rendering.tokenizer));
  return rendering;
}

std::vector<TrainRow> Rendering::TrainRows(const std::vector<Chat>& chats, size_t user_rows) const {
  std::vector<TrainRow> rows;
  rows.reserve(chats.size());
  for (size_t i = 0; i < chats.size(); ++i) {
    const bool user = i < user_rows;
    RenderedChat rendered = chat_template->Render(chats[i]);
    rows.push_back({user ? absl::StrCat("u:", i + 1) : absl::StrCat("m:", i - user_rows),
                    user ? 0 : 1, std::move(rendered.tokens), std::move(rendered.is_target)});
  }
  return rows;
}

absl::StatusOr<std::vector<std::string>> Rendering::Answers(BaseModel& model,
                                                            const Adapter* adapter,
                                                            const std::vector<Chat>& prompts,
                                                            int max_new_tokens) const {
  std::vector<std::string> answers;
  SamplingOptions options;
  options.max_new_tokens = max_new_tokens;
  for (size_t first = 0; first < prompts.size(); first += kPromptsACall) {
    std::vector<std::vector<TokenId>> batch;
    for (size_t i = first; i < std::min(first + kPromptsACall, prompts.size()); ++i)
      batch.push_back(chat_template->RenderPrompt(prompts[i]));
    TW_ASSIGN_OR_RETURN(const std::vector<Generation> made,
                        model.Generate(batch, adapter, chat_template->stop_ids(), options));
    for (const Generation& generation : made)
      answers.push_back(tokenizer->Decode(generation.tokens));
  }
  return answers;
}

}  // namespace tuneward
