#include "core/data/chat_template.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/data/templates/families.h"
#include "core/data/templates/family_template.h"

namespace tuneward {

std::vector<ChatFamily> ChatFamilies() {
  return {Tuneward1(), Llama2(), Llama3(),   Llama31(),  ChatMl(),
          Qwen25(),    Qwen3(),  Mistral1(), Mistral3(), Gemma()};
}

int RenderedChat::target_count() const {
  return static_cast<int>(std::count(is_target.begin(), is_target.end(), true));
}

absl::StatusOr<std::unique_ptr<ChatTemplate>> MakeChatTemplate(std::string_view id,
                                                               const Tokenizer& tokenizer) {
  std::vector<std::string> known;
  for (const ChatFamily& family : ChatFamilies()) {
    if (id == family.id) return MakeFamilyTemplate(family, tokenizer);
    known.push_back(family.id);
  }
  return absl::NotFoundError(absl::StrCat("unknown chat template '", std::string(id),
                                          "'; known: ", absl::StrJoin(known, ", ")));
}

}  // namespace tuneward
