// What tokenizer.json says besides its tokens: how text is normalized, split and put together
// again. Part of ParseTokenizerJson; pure.
#pragma once

#include <string>

#include "core/base/json.h"
#include "core/base/status.h"
#include "core/text/tokenizer_json.h"

namespace tuneward {

// `path: why, got value`, the value cut short.
absl::Status KeyError(const std::string& path, const std::string& why, const Json* value = nullptr);

// The object's value of that key; null when it is missing or null.
const Json* FindKey(const Json& object, const char* key);

// normalizer, pre_tokenizer, decoder and the switches of model.
absl::Status ReadPipeline(const Json& root, BpeFile& file);

}  // namespace tuneward
