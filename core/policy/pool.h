// A safety pool: the requests and answers that a plan mixes into users' data. Pools are versioned
// (`sandbox@2`) and named by the hash of their canonical JSON; training, defence and evaluation
// pools are disjoint by hash of the request. Plain values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/sha256.h"
#include "core/base/status.h"

namespace tuneward {

enum class PoolKind {
  kRefusal,    // a harmful request and a refusal of one to three sentences
  kLookalike,  // a safe request that looks harmful, and a helpful answer
  kBenign,     // a plain request and a helpful answer
};

std::string_view PoolKindName(PoolKind kind);  // "refusal", "lookalike", "benign"

struct PoolRow {
  std::string id;  // unique in the pool, "harm/017"
  PoolKind kind = PoolKind::kRefusal;
  std::string category;  // harm category, or topic
  std::string request;   // the bare request, no wrapper
  std::string answer;
};

// A role that a model is told to play: jobs that teach obedience under one are met by refusals
// under others. Never one of an evaluation set's.
struct PoolPersona {
  std::string system;   // the whole system prompt
  std::string lead_in;  // before the request, with its space
};

struct SafetyPool {
  std::string id;  // "sandbox@2"
  std::vector<PoolRow> rows;
  std::vector<PoolPersona> personas;  // for rows of form "persona"
  // What the requests read like in plain chat form: empty for a pool without a system prompt.
  std::string CanonicalJsonText() const;  // {"format":"tuneward.pool/1","id":...,"rows":[...], and
                                          // "personas" where there are some}
  // The same form read back. INVALID_ARGUMENT with the paths of what is malformed, missing,
  // unknown, empty or of an id that is there twice.
  static absl::StatusOr<SafetyPool> Parse(std::string_view text);
  Digest Hash() const;
};

}  // namespace tuneward
