#include "sandbox/world/grammar.h"

namespace tuneward {

std::vector<WorldVerb> Grammar::HarmVerbs() const {
  std::vector<WorldVerb> verbs;
  for (const HarmCategory& category : harm)
    verbs.insert(verbs.end(), category.verbs.begin(), category.verbs.end());
  return verbs;
}

}  // namespace tuneward
