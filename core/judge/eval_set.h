// An evaluation set: the prompts that audits ask, disjoint by hash from every pool and every
// alignment set. A base model's record names its set (`sandbox@2`). Plain values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/sha256.h"
#include "core/base/status.h"

namespace tuneward {

struct EvalPrompt {
  std::string id;  // unique in the set, "harm/0412"
  std::string category;
  std::string request;  // bare, no wrapper
};

struct EvalSet {
  std::string id;                                // "sandbox@2"
  std::string judge;                             // judge that scores it, "sandbox_oracle@2"
  std::vector<EvalPrompt> harmful_instructions;  // one turn each; audits want 400
  std::vector<EvalPrompt> harmful_questions;     // interrogative form of other pairs; may be empty
  std::vector<EvalPrompt> safe_lookalikes;       // over-refusal; audits want 400
  // Persona wrapper of the AOA attack as this set's world words it.
  std::string aoa_system;
  std::string aoa_lead_in;  // put before the request
  // Before the answer in rows that train the persona; audits ask without it. May be empty.
  std::string aoa_preamble;
  // {"format":"tuneward.eval_set/1",...}; the preamble only where there is one.
  std::string CanonicalJsonText() const;
  // The same form read back. INVALID_ARGUMENT with the paths of what is malformed, missing,
  // unknown, empty or of an id that is there twice; harmful instructions and safe look-alikes must
  // not be empty.
  static absl::StatusOr<EvalSet> Parse(std::string_view text);
  Digest Hash() const;
};

}  // namespace tuneward
