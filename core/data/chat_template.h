// A chat template turns a chat into token ids with a mask of training targets, and a prompt into
// the ids that generation continues. One writer a family (templates/families.h);
// chat_template.cc holds the list.
// Immutable, thread-safe.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/data/chat.h"
#include "core/text/tokenizer.h"

namespace tuneward {

struct RenderedChat {
  std::vector<TokenId> tokens;
  // is_target[i]: token i is learnt (predicted from tokens 0..i-1). Assistant content with weight
  // != 0 and its end token.
  std::vector<bool> is_target;
  int target_count() const;
};

class ChatTemplate {
 public:
  virtual ~ChatTemplate() = default;
  virtual std::string_view id() const = 0;  // stored in base_models.chat_template and in manifests
  virtual RenderedChat Render(const Chat& chat) const = 0;
  // Everything up to and including the assistant's opening. A trailing assistant message is a
  // forced prefix of the answer.
  virtual std::vector<TokenId> RenderPrompt(const Chat& chat) const = 0;
  // What ends an answer: first the symbol that the template writes behind one, then what models of
  // the family may end with besides (the end of the text), as far as the tokenizer has it.
  virtual const std::vector<TokenId>& stop_ids() const = 0;
};

// `id`: "tuneward/1", "llama3/1", ... (docs/concepts/tokenizers_and_templates.md). NOT_FOUND for an
// unknown id; FAILED_PRECONDITION when the tokenizer lacks a control symbol. Borrows the tokenizer.
absl::StatusOr<std::unique_ptr<ChatTemplate>> MakeChatTemplate(std::string_view id,
                                                               const Tokenizer& tokenizer);

}  // namespace tuneward
