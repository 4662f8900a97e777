// What a job may say and its limits: the one place. Clients' words come in as a JobSpec, are
// checked all at once, stored as JSON in jobs.spec, and resolved into explicit numbers (`auto` is a
// pure function). Plain values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/sha256.h"
#include "core/base/status.h"
#include "core/data/data_row.h"
#include "core/policy/policy_document.h"

namespace tuneward {

// Engine modes (ENGINE_MODE_* of the API).
inline constexpr char kIsolated[] = "isolated", kShared[] = "shared";

// Unset: `auto`.
struct Hyperparameters {
  std::optional<int64_t> epochs;                   // [1, 50]
  std::optional<int64_t> batch_size;               // [1, 256] rows per optimiser step
  std::optional<double> learning_rate_multiplier;  // [0.01, 100]; auto: 1
  std::optional<int64_t> warmup_steps;             // [0, 10000]; auto: 0
  std::optional<std::string> schedule;             // "cosine", "constant", "linear"; auto: cosine
  std::optional<int64_t> max_tokens;      // per row, [16, the base's context]; auto: the context
  std::optional<int64_t> lora_rank;       // [1, 256]; auto: 16, or the most that the base can take
  std::optional<double> lora_alpha;       // [0.001, 1024]; auto: 32
  std::optional<double> lora_dropout;     // [0, 0.9]; auto: 0
  std::vector<std::string> lora_targets;  // empty: all seven linears
  std::optional<double> beta;             // [0.000001, 2]; auto: 0.1; of method dpo only
  std::optional<double> warmup_ratio;     // [0, 0.999999]; auto: 0; of all steps, rounded up
  // With a validation file only: steps between evaluations of it; auto: about an epoch.
  std::optional<int64_t> eval_every;  // [1, 100000]
  std::optional<int64_t> patience;    // [1, 1000] evaluations without a lower loss; auto: no end
  bool operator==(const Hyperparameters&) const = default;
};

// Unset: the policy's default. Rates in ppm, within the policy's ranges.
struct SafetyChoice {
  std::string mix_method;
  std::optional<int64_t> refusals_ppm, lookalikes_ppm, benign_ppm;
  std::string audit_profile;
  bool operator==(const SafetyChoice&) const = default;
};

// How a job learns from its rows: chats by their answers, preferences by direct preference
// optimisation (Rafailov et al., arXiv 2305.18290).
inline constexpr char kMethodSupervised[] = "supervised", kMethodDpo[] = "dpo";

struct JobSpec {
  std::string base_model;  // base id
  std::string method = kMethodSupervised;
  std::string training_file;    // "file-..."
  std::string validation_file;  // "": none
  std::string suffix;           // "" or [a-z0-9-]{1,64}: part of the tuned model's id
  std::optional<int64_t> seed;  // [0, 2^31-1]; unset: drawn by the server before storing
  std::string engine_mode;      // "", "isolated" or "shared"; "": isolated
  Hyperparameters hyperparameters;
  SafetyChoice safety;
  std::map<std::string, std::string> metadata;  // <= 16 pairs, keys <= 64, values <= 512 characters
  bool operator==(const JobSpec&) const = default;

  // Integers and strings only: fractions as ppm; unset keys are left out, and so is the method
  // supervised, so that the specs of before there was another keep their hashes.
  Json ToJson() const;
  static absl::StatusOr<JobSpec> FromJson(const Json& json);
  Digest Hash() const;
};

// Every violation of form and range, at once: INVALID_ARGUMENT INVALID_FIELD. Field names as in the
// API
// (`hyperparameters.lora_rank`).
absl::Status ValidateJobSpec(const JobSpec& spec);
// The format of rows that a method learns from.
DataFormat FormatOf(const std::string& method);

// What the policy forbids, at once: INVALID_ARGUMENT POLICY_FORBIDS; metadata: policy, field,
// allowed.
absl::Status CheckAgainstPolicy(const JobSpec& spec, const PolicyDocument& policy);

// Of a base model's record (base_models.context, base_models.defaults, base_models.dims).
struct BaseDefaults {
  double lora_lr = 1e-4;
  int64_t context = 1024;
  // The smaller side of each linear, by name: what a rank may not exceed. Empty: not known.
  std::map<std::string, int64_t> smaller_side;
};
// `dims` of a record from before a dimension was kept: the sides are not known.
absl::StatusOr<BaseDefaults> ParseBaseDefaults(const Json& defaults, int64_t context,
                                               const Json& dims = Json::object());

// Explicit values, shown to the client as `resolved`.
struct ResolvedHyperparameters {
  int64_t epochs = 1, batch_size = 4, warmup_steps = 0, max_tokens = 1024, lora_rank = 16;
  double learning_rate = 1e-4, lora_alpha = 32, lora_dropout = 0;
  std::string schedule = "cosine";
  std::vector<std::string> lora_targets;
  std::string method = kMethodSupervised;
  double beta = 0;  // of dpo
  double warmup_ratio = 0;
  int64_t eval_every = 0, patience = 0;  // 0: not at all
  uint64_t seed = 0;
  bool operator==(const ResolvedHyperparameters&) const = default;

  // learning_rate_ppb (1e-9), lora_alpha_ppm, lora_dropout_ppm. Left out where it says nothing, so
  // that what was resolved before there was such a thing keeps its bytes: method and beta_ppm but
  // for dpo; warmup_ratio_ppm, eval_every, patience of 0.
  Json ToJson() const;
  static absl::StatusOr<ResolvedHyperparameters> FromJson(const Json& json);
};

// A8, A9. `n_rows`: the user's rows. Values are rounded as they are stored, so ToJson and back
// changes nothing. INVALID_FIELD when max_tokens is over the base's context, or the rank over the
// smaller side of a targeted linear. The spec must be valid and have a seed.
absl::StatusOr<ResolvedHyperparameters> Resolve(const JobSpec& spec, int64_t n_rows,
                                                const BaseDefaults& base);

// The policy's rates with the job's choices in them.
MixRates EffectiveRates(const SafetyChoice& choice, const PolicyDocument& policy);
std::string EffectiveMethod(const SafetyChoice& choice, const PolicyDocument& policy);
std::string EffectiveAuditProfile(const SafetyChoice& choice, const PolicyDocument& policy);

// Whether a job that chose `later` tries again what one that chose `earlier` did (contracts.md
// D11): it does unless it takes another mixing method or asks for clearly more safety rows (5
// points of refusals or look-alikes). A choice that moves by a ppm must not be a new verdict's
// reason.
bool IsSameTry(const SafetyChoice& earlier, const SafetyChoice& later,
               const PolicyDocument& policy);

// The seven linears of a Llama block, in order.
const std::vector<std::string>& AllLoraTargets();

}  // namespace tuneward
