// Generations of one base that are decoded together, a token of each at a time; they join between
// tokens. What the decode queue drives: over the engine (engine_batch.h), or a fake in tests.
// Belongs to the models' thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "worker/engine/engine.h"

namespace tuneward {

struct DecodeRequest {
  std::string base_tree;     // hex
  std::string adapter_tree;  // hex; empty: the bare base
  std::vector<TokenId> prompt;
  std::vector<TokenId> stops;
  SamplingOptions sampling;
};

class DecodeBatch {
 public:
  using OnToken = std::function<bool(TokenId)>;  // false: cancelled, the row ends
  using OnEnd = std::function<void(const Generation&)>;
  virtual ~DecodeBatch() = default;
  // The request joins with the next Step, which begins to call back; false: no room beside those
  // that run (an empty batch has room for any). An error is this request's alone.
  virtual absl::StatusOr<bool> Add(const DecodeRequest& request, OnToken on_token,
                                   OnEnd on_end) = 0;
  virtual size_t rows() const = 0;
  // A token of each. After an error nothing that runs can go on.
  virtual absl::Status Step() = 0;
};

// A batch on the base of that tree.
using OpenDecodeBatch =
    std::function<absl::StatusOr<std::unique_ptr<DecodeBatch>>(const std::string& base_tree)>;

}  // namespace tuneward
