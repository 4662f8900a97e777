// Answers one chat: asks the gate, renders the template, finds a worker that has the base, lets it
// generate and decodes. A model that its gate has not released is never asked. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/ids.h"
#include "core/base/status.h"
#include "core/data/chat.h"
#include "core/store/pg/base_model_store.h"
#include "core/store/pg/model_store.h"
#include "core/store/pg/worker_store.h"
#include "server/base_text.h"
#include "server/engine_client.h"

namespace tuneward {

struct ChatCall {
  std::string project_id;  // the caller's
  std::string model_id;    // a tuned model, or a base model's id when is_base
  bool is_base = false;
  Chat chat;
  int max_tokens = 256;
  double temperature = 0, top_p = 1;
  std::optional<int64_t> seed;
  std::chrono::system_clock::time_point deadline;
  std::string trace_id;  // passed on to the worker
};

struct ChatAnswer {
  std::string text;
  bool stopped = false;
  int prompt_tokens = 0, completion_tokens = 0;
};

class ChatCompleter {
 public:
  struct Deps {
    ModelStore& models;
    BaseModelStore& bases;
    WorkerStore& workers;
    BaseTextCache& texts;
    EngineClient& engines;
    EntropySource& entropy;
  };
  explicit ChatCompleter(Deps deps) : deps_(deps) {}
  // Pieces of the text as it grows, whole characters; all together they are the answer's text.
  // False: the caller is gone.
  using OnText = std::function<bool(const std::string&)>;
  absl::StatusOr<ChatAnswer> Complete(const ChatCall& call, const OnText& on_text = nullptr);

 private:
  absl::StatusOr<EngineAnswer> Generate(const std::string& base_id,
                                        const internal::v1::GenerateRequest& request,
                                        const CallTerms& terms,
                                        const EngineClient::OnTokens& on_tokens);
  absl::Status CheckReleased(const ModelRecord& model);

  Deps deps_;
};

}  // namespace tuneward
