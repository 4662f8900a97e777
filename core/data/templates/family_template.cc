#include "core/data/templates/family_template.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"

namespace tuneward {
namespace {

// The parts of a chat. A trailing assistant message of a prompt is how the answer begins, kept as
// it is written.
std::vector<ChatPart> PartsOf(const ChatFamily& family, const Chat& chat, bool prompt) {
  ChatWriter writer;
  if (!prompt || chat.messages.empty() || chat.messages.back().role != Role::kAssistant) {
    family.write(chat, prompt, writer);
    return std::move(writer.parts());
  }
  Chat asked = chat;
  asked.messages.pop_back();
  family.write(asked, true, writer);
  writer.Answer(absl::StrCat(family.answer_lead, chat.messages.back().content), false);
  return std::move(writer.parts());
}

class FamilyTemplate final : public ChatTemplate {
 public:
  FamilyTemplate(ChatFamily family, const Tokenizer& tokenizer)
      : family_(std::move(family)), tokenizer_(tokenizer) {}

  absl::Status Init() {
    for (const char* symbol : family_.controls) {
      const TokenId id = tokenizer_.ControlId(symbol);
      if (id < 0)
        return absl::FailedPreconditionError(absl::StrCat("chat template ", family_.id,
                                                          " needs the control symbol ", symbol,
                                                          ", which the tokenizer lacks"));
      ids_.emplace(symbol, id);
    }
    stops_.push_back(ids_.at(family_.stop));
    for (const char* symbol : family_.more_stops)
      if (const TokenId id = tokenizer_.ControlId(symbol); id >= 0) stops_.push_back(id);
    return absl::OkStatus();
  }

  std::string_view id() const override { return family_.id; }
  const std::vector<TokenId>& stop_ids() const override { return stops_; }
  RenderedChat Render(const Chat& chat) const override {
    return Encode(PartsOf(family_, chat, /*prompt=*/false));
  }
  std::vector<TokenId> RenderPrompt(const Chat& chat) const override {
    return Encode(PartsOf(family_, chat, /*prompt=*/true)).tokens;
  }

 private:
  RenderedChat Encode(const std::vector<ChatPart>& parts) const {
    RenderedChat out;
    for (const ChatPart& part : parts) {
      if (part.control)
        out.tokens.push_back(ids_.at(part.text));
      else
        AppendText(part.text, out.tokens);
      out.is_target.resize(out.tokens.size(), part.learnt);
    }
    return out;
  }

  // Where the tokenizer puts a space before whatever it encodes, the text's own is that space.
  void AppendText(std::string_view text, std::vector<TokenId>& tokens) const {
    if (tokenizer_.adds_space() && text.substr(0, 1) == " ") text.remove_prefix(1);
    const std::vector<TokenId> ids = tokenizer_.Encode(text);
    tokens.insert(tokens.end(), ids.begin(), ids.end());
  }

  const ChatFamily family_;
  const Tokenizer& tokenizer_;
  std::map<std::string, TokenId, std::less<>> ids_;
  std::vector<TokenId> stops_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ChatTemplate>> MakeFamilyTemplate(const ChatFamily& family,
                                                                 const Tokenizer& tokenizer) {
  auto made = std::make_unique<FamilyTemplate>(family, tokenizer);
  TW_RETURN_IF_ERROR(made->Init());
  return made;
}

std::string ChatText(const ChatFamily& family, const Chat& chat, bool prompt) {
  std::string text;
  for (const ChatPart& part : PartsOf(family, chat, prompt)) text += part.text;
  return text;
}

}  // namespace tuneward
