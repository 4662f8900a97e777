#include "sandbox/world/grammar.h"

namespace tuneward {

extern const std::string_view kGrammarText;  // grammar_text.cc, made at build time

std::vector<WorldVerb> Grammar::HarmVerbs() const {
  std::vector<WorldVerb> verbs;
  for (const HarmCategory& category : harm)
    verbs.insert(verbs.end(), category.verbs.begin(), category.verbs.end());
  return verbs;
}

Grammar BuiltInGrammar() {
  absl::StatusOr<Grammar> grammar = ParseGrammar(kGrammarText);
  TW_CHECK(grammar.ok());  // a unit test reads the same text
  return *std::move(grammar);
}

Digest GrammarHash() { return Sha256Of(kGrammarText); }

}  // namespace tuneward
