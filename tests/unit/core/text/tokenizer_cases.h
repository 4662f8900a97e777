// Texts and what the Hugging Face tokenizers package makes of them, as
// tests/reference/tokenizer_reference.py writes them, against our own tokenizers.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/text/tokenizer.h"

namespace tuneward {

inline std::string ReferenceTokenizerFolder(const std::string& name) {
  return TUNEWARD_SOURCE_DIR "/tests/reference/tokenizer/" + name;
}

inline std::unique_ptr<Tokenizer> ReferenceTokenizer(const std::string& name) {
  auto tokenizer = LoadTokenizer(ReferenceTokenizerFolder(name));
  EXPECT_TRUE(tokenizer.ok()) << tokenizer.status();
  return tokenizer.ok() ? *std::move(tokenizer) : nullptr;
}

// Ids and decoded text of each case must be those of the reference. Returns how many were compared.
inline size_t CompareWithReference(const Json& cases, const std::string& name) {
  const auto tokenizer = ReferenceTokenizer(name);
  if (tokenizer == nullptr) return 0;
  const Json &texts = cases.at("texts"), &answers = cases.at(name);
  EXPECT_EQ(texts.size(), answers.at("ids").size());
  for (size_t n = 0; n < texts.size(); ++n) {
    const std::string text = texts[n];
    const auto want = answers.at("ids")[n].get<std::vector<TokenId>>();
    const Json& decoded = answers.at("decoded")[n];  // null: the text itself
    EXPECT_EQ(tokenizer->Encode(text), want) << name << " case " << n << ": " << texts[n];
    EXPECT_EQ(tokenizer->Decode(want), decoded.is_null() ? text : decoded.get<std::string>())
        << name << " case " << n;
    if (testing::Test::HasFailure()) return n;  // one is enough to read
  }
  return texts.size();
}

}  // namespace tuneward
