// Registers base models: checks an operator's folder, copies its three files into the blob store as
// a tree, then writes the row. The file comes first and the row second, so a failure leaves at most
// bytes that the sweep removes. Thread-safe.
#pragma once

#include <string>

#include "core/base/status.h"
#include "core/store/blob/blob_store.h"
#include "core/store/pg/base_model_store.h"
#include "server/safety_sets.h"

namespace tuneward {

struct RegisterRequest {
  std::string id, folder;
  std::string chat_template;  // empty: tuneward/1; else an id that MakeChatTemplate knows
  std::string pool, eval_set;
  double lora_lr = 0;  // 0: 0.001
  std::string actor;
  Idempotency idempotency;
};

class Registrar {
 public:
  Registrar(BaseModelStore& bases, BlobStore& blobs, const SafetySets& sets)
      : bases_(bases), blobs_(blobs), sets_(sets) {}
  absl::StatusOr<BaseModelRecord> Register(const RegisterRequest& request);

 private:
  BaseModelStore& bases_;
  BlobStore& blobs_;
  const SafetySets& sets_;
};

}  // namespace tuneward
