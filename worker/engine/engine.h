// The engine as the rest of the worker and the sandbox tool see it: no torch in this header. A
// BaseModel is a Hugging Face folder in memory (Llama architecture); it trains adapters (or all its
// parameters, operator tools only) and generates with any adapter attached. One BaseModel belongs
// to one thread at a time. Results depend only on the inputs and on the fingerprint, never on time,
// hosts or thread scheduling.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/data/training_row.h"
#include "core/text/tokenizer.h"

namespace tuneward {

enum class Precision { kFloat32, kBFloat16 };

struct EngineOptions {
  std::string device = "cpu";                 // "cpu" or "cuda:0"
  int threads = 1;                            // intra-op; part of the fingerprint
  Precision precision = Precision::kFloat32;  // of the frozen weights; adapters are always fp32
  // Keys and values of prompts that a base's RowBatches keep for prompts that begin alike; 0: none.
  int64_t prefix_cache_bytes = 0;
};

using TrainRow = TrainingRow;

struct LoraSpec {
  int rank = 16;       // [1, 256]
  double alpha = 32;   // > 0; scale = alpha / rank
  double dropout = 0;  // [0, 1)
  // Of q_proj k_proj v_proj o_proj gate_proj up_proj down_proj.
  std::vector<std::string> targets = {"q_proj",    "k_proj",  "v_proj",   "o_proj",
                                      "gate_proj", "up_proj", "down_proj"};
  bool rslora = false;  // scale = alpha / sqrt(rank)
};

enum class Schedule { kCosine, kConstant, kLinear };

// kDpo: direct preference optimisation. User rows come in pairs, a chosen and a rejected answer to
// one prompt in turn; the reference is the base with the adapter off, so it needs lora. Mixed rows
// are single and supervised: their mean nll is added to the pairs' loss (docs/adr/0009).
enum class Method { kSupervised, kDpo };

struct TrainSpec {
  Method method = Method::kSupervised;
  double dpo_beta = 0.1;  // (0, 2]
  int epochs = 1;
  int64_t max_steps = 0;          // > 0: stop after so many optimiser steps
  int batch_size = 16;            // rows (kDpo: pairs and mixed rows) per optimiser step
  int micro_batch_tokens = 8192;  // at most; fewer where memory asks for it (TrainOutcome says)
  // The backward runs each layer again instead of keeping its inner values: the same result for
  // less memory and about a third more time. Chosen without being asked where even the longest row
  // does not fit otherwise (TrainOutcome says).
  bool recompute = false;
  double learning_rate = 1e-3;
  Schedule schedule = Schedule::kCosine;
  int warmup_steps = 0;
  double warmup_ratio = 0;  // [0, 1): of all steps, rounded up; counts where warmup_steps is 0
  double weight_decay = 0, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  double max_grad_norm = 1.0;  // 0: no clipping
  uint64_t seed = 0;
  std::optional<LoraSpec> lora =
      LoraSpec{};            // nullopt: full-parameter training (operator tools only)
  int checkpoint_every = 0;  // optimiser steps; 0: none
  int eval_every = 0;        // optimiser steps between losses of eval_rows, also after the last
  // Evaluations in a row without a loss lower by more than min_delta, after which training stops;
  // 0: it does not. With it, what is written (full-parameter: left in the model) are the weights of
  // the best evaluation, whether training stopped early or not.
  int patience = 0;
  double min_delta = 0;
};

// Means over a step's pairs. A reward is beta x (log p of the answer - its reference's).
struct PreferenceMetrics {
  double chosen_reward = 0, rejected_reward = 0, margin = 0;
  double accuracy = 0;  // share of pairs whose chosen reward is the larger one
};

struct EvalMetrics {
  double loss = 0;                       // as StepMetrics::loss, of eval_rows
  double user_loss = 0, mixed_loss = 0;  // NaN when there was no such row
  std::optional<PreferenceMetrics> preference;
};

struct StepMetrics {
  int64_t step = 0, total_steps = 0;  // step counts from 1
  int64_t tokens = 0;  // processed since the start of the job, resumed steps included
  double loss = 0;     // mean over the step's target tokens; kDpo: user_loss + mixed_loss
  // NaN when the step had no such row. kDpo: of users the mean over pairs.
  double user_loss = 0, mixed_loss = 0;
  std::optional<PreferenceMetrics> preference;  // kDpo
  std::optional<EvalMetrics> eval;              // of the weights after this step
  double learning_rate = 0, grad_norm = 0, tokens_per_second = 0;
};

class TrainObserver {
 public:
  virtual ~TrainObserver() = default;
  // After each optimiser step; false: stop now (the outcome says so).
  virtual bool OnStep(const StepMetrics& metrics) = 0;
  // A complete checkpoint tree lies in `folder` (contracts.md D7); an error ends the training with
  // it.
  virtual absl::Status OnCheckpoint(const std::string& folder, int64_t step) = 0;
};

struct TrainInputs {
  std::vector<TrainRow> rows;       // user rows first (kDpo: in pairs), then mixed rows
  std::vector<TrainRow> eval_rows;  // held out; likewise
  TrainSpec spec;
  std::string manifest_sha;  // hex; a checkpoint of another manifest is refused
  std::string work_folder;   // checkpoints are written under it
  std::string resume_from;   // a checkpoint folder; empty: start anew
};

struct TrainOutcome {
  int64_t steps = 0, tokens = 0;
  bool stopped = false;            // by the observer; nothing was written
  bool stopped_early = false;      // by patience
  int64_t best_step = 0;           // patience > 0: the step whose weights these are
  int64_t micro_batch_tokens = 0;  // that were trained with
  bool recompute = false;          // whether layers were run again in the backward
};

// One of several trainings on the same base; borrowed.
struct TrainTogetherJob {
  const TrainInputs* inputs = nullptr;  // with lora
  std::string out_folder;
  TrainObserver* observer = nullptr;
};
// A training ended; `job` counts from 0 in the call.
using OnTrained = std::function<void(size_t job, absl::StatusOr<TrainOutcome> outcome)>;

struct SamplingOptions {
  int max_new_tokens = 64;
  double temperature = 0;  // 0: greedy
  double top_p = 1;
  uint64_t seed = 0;  // stream `sample/<row>`; row = index in the call + first_row
  uint64_t first_row = 0;
  bool logprobs = false;  // each token's, in nats, of the model's own distribution (temperature 1)
};

class Adapter;  // opaque: LoRA weights in memory

// One answer to make; it depends on the row and the base (how exactly: GenerateRows).
struct GenerationRow {
  std::vector<TokenId> prompt;       // not empty
  std::vector<TokenId> forced;       // the answer begins with these; at most max_new_tokens
  const Adapter* adapter = nullptr;  // null: the bare base
  std::vector<TokenId> stops;        // each ends the answer; forced tokens are not looked at
  SamplingOptions sampling;          // stream `sample/<first_row>`
};

struct Generation {
  std::vector<TokenId> tokens;   // without the prompt and without the stop token
  size_t forced = 0;             // so many of them were forced; they count as new tokens
  std::vector<double> logprobs;  // one a token when asked for
  bool stopped = false;  // by a stop token; false: cut at max_new_tokens or at the context's end
};

// As soon as it is known; false cancels that row. Forced tokens come too.
using OnToken = std::function<bool(size_t row, TokenId token)>;
// A row ended, whatever the rows beside it do.
using OnEnd = std::function<void(size_t row, const Generation& generation)>;

// Tokens of prompts (and forced ones) that a batch has run, and how many of them were there from
// earlier prompts that began alike.
struct PromptCounts {
  int64_t tokens = 0, reused = 0;
};

// Rows that are decoded together and join and leave between tokens, as a server's chats do. A row's
// answer is that of GenerateRows. Borrows the model and the rows' adapters; same thread.
class RowBatch {
 public:
  virtual ~RowBatch() = default;
  // The row joins with the next Step; `id` is what the callbacks name it by. INVALID_ARGUMENT as
  // GenerateRows.
  virtual absl::Status Add(size_t id, GenerationRow row) = 0;
  // Whether the cache of all rows with this one stays within a batch's bound; an empty batch has
  // room for any row.
  virtual bool HasRoomFor(const GenerationRow& row) const = 0;
  virtual size_t rows() const = 0;  // that have not ended, waiting ones too
  // One token of each row. After an error (memory ran out) the batch is of no use.
  virtual absl::Status Step() = 0;
  virtual PromptCounts prompts() const = 0;
};

class BaseModel {
 public:
  // Reads config.json and model.safetensors, or the shards that model.safetensors.index.json names.
  // The files stay mapped: replace them by rename, never in place. Every error names file, tensor
  // and value.
  static absl::StatusOr<std::unique_ptr<BaseModel>> Load(const std::string& folder,
                                                         const EngineOptions& options);
  // Fresh weights (normal, std 0.02; stream init/<tensor>), for make-base. `config_json` is a
  // Hugging Face Llama config.
  static absl::StatusOr<std::unique_ptr<BaseModel>> Create(const std::string& config_json,
                                                           uint64_t seed,
                                                           const EngineOptions& options);
  virtual ~BaseModel() = default;

  virtual int context() const = 0;
  virtual int vocab_size() const = 0;
  virtual std::string fingerprint() const = 0;  // build, torch, instruction set, threads, type

  // With spec.lora: trains a new adapter and writes it to `out_folder` in PEFT's layout
  // (adapter_config.json, adapter_model.safetensors); the base is unchanged. Without: trains this
  // model's own weights in place (out_folder unused). Rows go in EpochOrder(n user, n mixed, seed,
  // epoch). OUT_OF_RANGE "diverged", with the step of the last good
  // checkpoint, on a loss, gradient or weight that is not finite or a loss far above a guess's.
  // RESOURCE_EXHAUSTED "out of memory" before the first step when the longest row cannot fit.
  virtual absl::StatusOr<TrainOutcome> Train(const TrainInputs& inputs,
                                             const std::string& out_folder,
                                             TrainObserver& observer) = 0;
  // Trains several adapters, step by step together: the rows of all of them share the products with
  // the base's weights (shared mode). Each training is what Train would make of it, but for the
  // rounding of products over more rows, and is not repeatable bit for bit: what shares its steps
  // depends on who was there. `on_trained` is called once for each, as soon as it has ended (its
  // adapter is then in out_folder); its errors are its own. UNAVAILABLE: no memory beside the
  // others.
  virtual void TrainTogether(const std::vector<TrainTogetherJob>& jobs,
                             const OnTrained& on_trained) = 0;
  // Writes config.json and model.safetensors (operator tools: make-base, align).
  virtual absl::Status Save(const std::string& folder, Precision precision) const = 0;
  // The same with the adapter merged into the weights (operator tools); this model stays as it is.
  virtual absl::Status SaveMerged(const std::string& folder, const Adapter& adapter,
                                  Precision precision) const = 0;

  virtual absl::StatusOr<std::shared_ptr<const Adapter>> LoadAdapter(const std::string& folder) = 0;

  // Batched, mixed prompt lengths, KV cache; rows with different adapters run together. A row's
  // answer does not depend on the rows beside it where matrix products do not (widths:
  // docs/engine.md, "Generation"); what prompts have in common runs once.
  virtual absl::StatusOr<std::vector<Generation>> GenerateRows(
      const std::vector<GenerationRow>& rows, const OnToken& on_token = nullptr,
      const OnEnd& on_end = nullptr) = 0;
  virtual std::unique_ptr<RowBatch> NewRowBatch(OnToken on_token, OnEnd on_end) = 0;
  // What EngineOptions::prefix_cache_bytes bounds, as it is now.
  virtual int64_t prefix_cache_bytes() const = 0;
  // The same with one adapter, its stop tokens and one set of options.
  absl::StatusOr<std::vector<Generation>> Generate(const std::vector<std::vector<TokenId>>& prompts,
                                                   const Adapter* adapter,
                                                   const std::vector<TokenId>& stops,
                                                   const SamplingOptions& options,
                                                   const OnToken& on_token = nullptr);

  // Mean negative log-likelihood in nats per target token of each row.
  virtual absl::StatusOr<std::vector<double>> Nll(const std::vector<TrainRow>& rows,
                                                  const Adapter* adapter) = 0;
};

}  // namespace tuneward
