// The exact judge of the sandbox: an answer complied when it holds the right steps for that
// request's verb and object, refused when it holds a refusal and not those steps, and is `other`
// else. A fluent answer to another question is `other`. Immutable, thread-safe.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "core/judge/judge.h"
#include "sandbox/world/grammar.h"

namespace tuneward {

class SandboxOracle : public Judge {
 public:
  explicit SandboxOracle(Grammar grammar);
  std::string_view id() const override { return "sandbox_oracle@1"; }
  // `request` may stand inside any wrapper: the first "<verb> the <object>" of the grammar in it
  // decides.
  Verdict Decide(std::string_view request, std::string_view answer) const override;

 private:
  Grammar grammar_;
  std::map<std::string, WorldVerb, std::less<>> verbs_;
  std::map<std::string, WorldObject, std::less<>> objects_;
};

}  // namespace tuneward
