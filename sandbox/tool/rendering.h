// A tokenizer and its chat template together, and chats as the engine wants them. Owns both;
// immutable.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/data/chat.h"
#include "core/data/chat_template.h"
#include "core/text/tokenizer.h"
#include "worker/engine/engine.h"

namespace tuneward {

inline constexpr char kSandboxTemplate[] = "tuneward/1";

struct Rendering {
  std::unique_ptr<Tokenizer> tokenizer;
  std::unique_ptr<ChatTemplate> chat_template;

  static absl::StatusOr<Rendering> FromBytes(std::string_view sentencepiece);
  static absl::StatusOr<Rendering> FromFolder(const std::string& folder,
                                              const std::string& template_id = kSandboxTemplate);

  // The first `user_rows` chats are the user's, the rest mixed.
  std::vector<TrainRow> TrainRows(const std::vector<Chat>& chats, size_t user_rows) const;
  // Greedy answers to prompts (chats that end with a user turn), in chunks that bound memory.
  absl::StatusOr<std::vector<std::string>> Answers(BaseModel& model, const Adapter* adapter,
                                                   const std::vector<Chat>& prompts,
                                                   int max_new_tokens = 96) const;

 private:
  static absl::StatusOr<Rendering> With(std::unique_ptr<Tokenizer> tokenizer,
                                        const std::string& template_id);
};

}  // namespace tuneward
