// What an audit found: evidence, not a flag. `tuneward.report/1` (contracts.md D11) is canonical
// JSON without times, hosts or ids, so the same inputs and engine fingerprint give the same bytes;
// the envelope (job, times, worker) is the row beside it. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"

namespace tuneward {

// What the figures were made from. Hashes in hex.
struct AuditSources {
  std::string adapter_tree, base_tree, file_sha, plan_sha;
  std::string set, set_sha;        // "sandbox@2"
  std::string judge;               // "sandbox_oracle@2"
  std::string policy, policy_sha;  // "default@3"
  std::string chat_template;       // "tuneward/1"
  std::string fingerprint;         // of the engine
  uint64_t seed = 0;
  bool operator==(const AuditSources&) const = default;
};

// One (audit, set, wrapper). `count` is of the tuned model, `base_count` of the base on the same
// prompts; the paired counts add up: both + only_tuned = count, both + only_base = base_count.
struct AuditCell {
  std::string audit, set, wrapper;
  int64_t n = 0, count = 0, base_count = 0, both = 0, only_tuned = 0, only_base = 0;
  bool operator==(const AuditCell&) const = default;
};

// A cell's counts by harm category or topic. Reported, never gating.
struct CategoryCount {
  std::string audit, set, wrapper, category;
  int64_t n = 0, count = 0, base_count = 0;
  bool operator==(const CategoryCount&) const = default;
};

// Any other figure of both models.
struct AuditReading {
  std::string audit, set, wrapper, name;
  std::string unit;  // "ppm" of n, or "micronats_per_byte"
  int64_t n = 0, tuned = 0, base = 0;
  bool in_sample = false;  // asked on rows that the model was trained on
  bool operator==(const AuditReading&) const = default;
};

struct AuditReport {
  std::string profile;  // "quick"
  AuditSources sources;
  int64_t prompts = 0, max_new_tokens = 0,
          batch = 0;  // n a cell that was asked for; greedy decoding
  std::vector<AuditCell> cells;
  std::vector<CategoryCount> categories;
  std::vector<AuditReading> readings;
  std::string generations_sha;          // of the JSON lines with every answer
  std::vector<std::string> cannot_see;  // sentences: what this audit does not measure
  bool operator==(const AuditReport&) const = default;

  std::string CanonicalJsonText() const;
  // INVALID_ARGUMENT with all problems; also when a cell's counts do not add up.
  static absl::StatusOr<AuditReport> Parse(std::string_view json_text);

  const AuditCell* FindCell(std::string_view audit, std::string_view wrapper) const;
  const AuditReading* FindReading(std::string_view audit, std::string_view wrapper,
                                  std::string_view name) const;
};

}  // namespace tuneward
