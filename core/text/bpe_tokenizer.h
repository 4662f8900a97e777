// The Tokenizer of a tokenizer.json: added tokens cut out of the text, normalization, words, then
// BPE. Immutable, thread-safe.
#pragma once

#include <memory>

#include "core/text/tokenizer.h"
#include "core/text/tokenizer_json.h"

namespace tuneward {

std::unique_ptr<Tokenizer> MakeBpeTokenizer(BpeFile file);

}  // namespace tuneward
