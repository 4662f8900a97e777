// The ChatTemplate of any family: its parts as token ids. Borrows the tokenizer; immutable,
// thread-safe.
#pragma once

#include <memory>

#include "core/data/chat_template.h"
#include "core/data/templates/chat_parts.h"

namespace tuneward {

// FAILED_PRECONDITION when the tokenizer lacks a control symbol.
absl::StatusOr<std::unique_ptr<ChatTemplate>> MakeFamilyTemplate(const ChatFamily& family,
                                                                 const Tokenizer& tokenizer);

// What the ids stand for, control symbols by name.
std::string ChatText(const ChatFamily& family, const Chat& chat, bool prompt);

}  // namespace tuneward
