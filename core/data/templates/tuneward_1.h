// Chat template "tuneward/1" (contracts.md D13), for models whose tokenizer has its five control
// symbols.
#pragma once

#include <memory>

#include "core/data/chat_template.h"

namespace tuneward {

// FAILED_PRECONDITION when the tokenizer lacks a control symbol. Borrows the tokenizer.
absl::StatusOr<std::unique_ptr<ChatTemplate>> MakeTuneward1(const Tokenizer& tokenizer);

}  // namespace tuneward
