#include "core/job/job_spec.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/cut_text.h"
#include "core/base/ids.h"

namespace tuneward {
namespace {

constexpr double kMaxWarmupRatio = 0.999999;
constexpr double kMinBeta = 1e-6, kMaxBeta = 2, kDefaultBeta = 0.1;
constexpr int64_t kMaxSeed = (int64_t{1} << 31) - 1;
constexpr int64_t kClearlyMorePpm = 50'000;
constexpr size_t kMaxMetadata = 16, kMaxMetadataKey = 64, kMaxMetadataValue = 512;

void CheckInt(const std::optional<int64_t>& value, int64_t min, int64_t max, const char* field,
              Violations& problems) {
  if (value.has_value() && (*value < min || *value > max))
    problems.Add(field, absl::StrCat("must be in [", min, ", ", max, "], got ", *value));
}

void CheckNumber(const std::optional<double>& value, double min, double max, const char* field,
                 Violations& problems) {
  if (value.has_value() && !(*value >= min && *value <= max))  // a NaN is out of range, too
    problems.Add(field, absl::StrCat("must be in [", min, ", ", max, "], got ", *value));
}

bool IsFileId(const std::string& id) {
  constexpr std::string_view kPrefix = kFilePrefix;
  return id.starts_with(kPrefix) && id.size() > kPrefix.size() && id.size() <= 64 &&
         std::all_of(id.begin() + kPrefix.size(), id.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'); });
}

void CheckSuffix(const std::string& suffix, Violations& problems) {
  const bool good = suffix.size() <= 64 && std::all_of(suffix.begin(), suffix.end(), [](char c) {
                      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-';
                    });
  if (!good)
    problems.Add("suffix", absl::StrCat("must be at most 64 of [a-z0-9-], got \"",
                                        CutText(suffix, 80), "\""));
}

void CheckHyperparameters(const Hyperparameters& h, Violations& problems) {
  CheckInt(h.epochs, 1, 50, "hyperparameters.epochs", problems);
  CheckInt(h.batch_size, 1, 256, "hyperparameters.batch_size", problems);
  CheckNumber(h.learning_rate_multiplier, 0.01, 100, "hyperparameters.learning_rate_multiplier",
              problems);
  CheckInt(h.warmup_steps, 0, 10'000, "hyperparameters.warmup_steps", problems);
  CheckInt(h.max_tokens, 16, 1 << 20, "hyperparameters.max_tokens", problems);
  CheckInt(h.lora_rank, 1, 256, "hyperparameters.lora_rank", problems);
  CheckNumber(h.lora_alpha, 0.001, 1024, "hyperparameters.lora_alpha", problems);
  CheckNumber(h.lora_dropout, 0, 0.9, "hyperparameters.lora_dropout", problems);
  if (h.schedule.has_value() && *h.schedule != "cosine" && *h.schedule != "constant" &&
      *h.schedule != "linear")
    problems.Add("hyperparameters.schedule",
                 absl::StrCat("must be cosine, constant or linear, got \"", *h.schedule, "\""));
  CheckNumber(h.warmup_ratio, 0, kMaxWarmupRatio, "hyperparameters.warmup_ratio", problems);
  if (h.warmup_ratio.value_or(0) > 0 && h.warmup_steps.value_or(0) > 0)
    problems.Add("hyperparameters.warmup_ratio",
                 absl::StrCat("give warmup_steps or warmup_ratio, not both, got ", *h.warmup_steps,
                              " and ", *h.warmup_ratio));
  CheckInt(h.eval_every, 1, 100'000, "hyperparameters.eval_every", problems);
  CheckInt(h.patience, 1, 1000, "hyperparameters.patience", problems);
  const std::vector<std::string>& all = AllLoraTargets();
  std::set<std::string> seen;
  for (size_t i = 0; i < h.lora_targets.size(); ++i) {
    const std::string& target = h.lora_targets[i];
    const std::string field = absl::StrCat("hyperparameters.lora_targets[", i, "]");
    if (std::find(all.begin(), all.end(), target) == all.end())
      problems.Add(field, absl::StrCat("must be one of ", absl::StrJoin(all, ", "), ", got \"",
                                       target, "\""));
    else if (!seen.insert(target).second)
      problems.Add(field, absl::StrCat("is given twice: \"", target, "\""));
  }
}

void CheckMethod(const JobSpec& spec, Violations& problems) {
  const Hyperparameters& h = spec.hyperparameters;
  const bool known = spec.method == kMethodSupervised || spec.method == kMethodDpo;
  if (!known)
    problems.Add("method",
                 absl::StrCat("must be supervised or dpo, got \"", CutText(spec.method, 80), "\""));
  CheckNumber(h.beta, kMinBeta, kMaxBeta, "hyperparameters.beta", problems);
  if (h.beta.has_value() && spec.method == kMethodSupervised)
    problems.Add(
        "hyperparameters.beta",
        absl::StrCat("is of method dpo, and the job's method is supervised, got ", *h.beta));
}

// What looks at a validation file needs one.
void CheckEvaluation(const JobSpec& spec, Violations& problems) {
  if (!spec.validation_file.empty()) return;
  const auto check = [&](const std::optional<int64_t>& value, const char* field) {
    if (value.has_value())
      problems.Add(field, absl::StrCat("needs a validation_file, got ", *value, " and none"));
  };
  check(spec.hyperparameters.eval_every, "hyperparameters.eval_every");
  check(spec.hyperparameters.patience, "hyperparameters.patience");
}

void CheckMetadata(const std::map<std::string, std::string>& metadata, Violations& problems) {
  if (metadata.size() > kMaxMetadata)
    problems.Add("metadata",
                 absl::StrCat("must have at most ", kMaxMetadata, " pairs, got ", metadata.size()));
  for (const auto& [key, value] : metadata) {
    const std::string field = absl::StrCat("metadata.", CutText(key, kMaxMetadataKey));
    if (key.empty() || key.size() > kMaxMetadataKey)
      problems.Add(
          field, absl::StrCat("keys must have 1 to ", kMaxMetadataKey, " bytes, got ", key.size()));
    if (value.size() > kMaxMetadataValue)
      problems.Add(field, absl::StrCat("must have at most ", kMaxMetadataValue, " bytes, got ",
                                       value.size()));
    if (key.find('\0') != std::string::npos || value.find('\0') != std::string::npos)
      problems.Add(field, "must not hold the character U+0000");
  }
}

int64_t Clamp(int64_t value, int64_t low, int64_t high) {
  return std::min(std::max(value, low), high);
}

std::map<std::string, int64_t> SmallerSides(const Json& dims) {
  for (const char* key : {"hidden", "heads", "kv_heads", "head_dim", "intermediate"})
    if (!dims.contains(key) || !dims[key].is_number_integer()) return {};
  const auto dim = [&](const char* key) { return dims[key].get<int64_t>(); };
  const int64_t hidden = dim("hidden"), q = std::min(hidden, dim("heads") * dim("head_dim")),
                kv = std::min(hidden, dim("kv_heads") * dim("head_dim")),
                mlp = std::min(hidden, dim("intermediate"));
  return {{"q_proj", q},      {"k_proj", kv},   {"v_proj", kv},    {"o_proj", q},
          {"gate_proj", mlp}, {"up_proj", mlp}, {"down_proj", mlp}};
}

// The most that the rank of these targets can be; 256 where the base's sides are not known.
int64_t MaxRank(const std::vector<std::string>& targets, const BaseDefaults& base) {
  int64_t most = 256;
  for (const std::string& target : targets)
    if (const auto side = base.smaller_side.find(target); side != base.smaller_side.end())
      most = std::min(most, side->second);
  return most;
}

double RoundTo(double value, double unit) { return std::round(value / unit) * unit; }

}  // namespace

const std::vector<std::string>& AllLoraTargets() {
  static const std::vector<std::string> targets = {"q_proj",    "k_proj",  "v_proj",   "o_proj",
                                                   "gate_proj", "up_proj", "down_proj"};
  return targets;
}

absl::Status ValidateJobSpec(const JobSpec& spec) {
  Violations problems;
  if (absl::Status base = CheckBaseModelId(spec.base_model); !base.ok())
    problems.Add("base_model", std::string(base.message()));
  if (!IsFileId(spec.training_file))
    problems.Add("training_file", absl::StrCat("must be a file id such as file-01hk..., got \"",
                                               CutText(spec.training_file, 80), "\""));
  if (!spec.validation_file.empty() && !IsFileId(spec.validation_file))
    problems.Add("validation_file", absl::StrCat("must be a file id such as file-01hk..., got \"",
                                                 CutText(spec.validation_file, 80), "\""));
  CheckMethod(spec, problems);
  CheckEvaluation(spec, problems);
  CheckSuffix(spec.suffix, problems);
  CheckInt(spec.seed, 0, kMaxSeed, "seed", problems);
  if (!spec.engine_mode.empty() && spec.engine_mode != kIsolated && spec.engine_mode != kShared)
    problems.Add("engine_mode", absl::StrCat("must be isolated or shared, got \"",
                                             CutText(spec.engine_mode, 80), "\""));
  CheckHyperparameters(spec.hyperparameters, problems);
  CheckInt(spec.safety.refusals_ppm, 0, kPpm, "safety.refusals_ppm", problems);
  CheckInt(spec.safety.lookalikes_ppm, 0, kPpm, "safety.lookalikes_ppm", problems);
  CheckInt(spec.safety.benign_ppm, 0, kPpm, "safety.benign_ppm", problems);
  CheckMetadata(spec.metadata, problems);
  return problems.ToStatus();
}

DataFormat FormatOf(const std::string& method) {
  return method == kMethodDpo ? DataFormat::kPreference : DataFormat::kChat;
}

absl::Status CheckAgainstPolicy(const JobSpec& spec, const PolicyDocument& policy) {
  std::vector<FieldViolation> violations;
  std::vector<std::string> allowed;
  auto forbid = [&](const char* field, const std::string& got, const std::string& choices) {
    violations.push_back(
        {field, absl::StrCat("policy ", policy.Name(), " allows ", choices, ", got ", got)});
    allowed.push_back(absl::StrCat(field, ": ", choices));
  };
  const SafetyChoice& safety = spec.safety;
  if (!safety.mix_method.empty() && !policy.Allows(safety.mix_method))
    forbid("safety.mix_method", safety.mix_method, absl::StrJoin(policy.methods, ", "));
  auto check_rate = [&](const std::optional<int64_t>& value, const KindRate& rate,
                        const char* field) {
    if (value.has_value() && (*value < rate.min_ppm || *value > rate.max_ppm))
      forbid(field, absl::StrCat(*value), absl::StrCat("[", rate.min_ppm, ", ", rate.max_ppm, "]"));
  };
  check_rate(safety.refusals_ppm, policy.rates.refusals, "safety.refusals_ppm");
  check_rate(safety.lookalikes_ppm, policy.rates.lookalikes, "safety.lookalikes_ppm");
  check_rate(safety.benign_ppm, policy.rates.benign, "safety.benign_ppm");
  const auto& profiles = policy.audit_profiles;
  if (!safety.audit_profile.empty() &&
      std::find(profiles.begin(), profiles.end(), safety.audit_profile) == profiles.end())
    forbid("safety.audit_profile", safety.audit_profile, absl::StrJoin(profiles, ", "));
  if (violations.empty()) return absl::OkStatus();
  const std::string message = absl::StrCat(violations[0].field, ": ", violations[0].description);
  const std::string field = violations[0].field;
  return MakeError(
      absl::StatusCode::kInvalidArgument, message,
      ErrorInfo{
          "POLICY_FORBIDS",
          {{"policy", policy.Name()}, {"field", field}, {"allowed", absl::StrJoin(allowed, "; ")}},
          std::move(violations),
          0});
}

absl::StatusOr<BaseDefaults> ParseBaseDefaults(const Json& defaults, int64_t context,
                                               const Json& dims) {
  Violations problems;
  BaseDefaults out;
  out.context = context;
  ObjectReader reader(defaults, "defaults", problems);
  out.lora_lr = reader.Number("lora_lr", 1e-9, 1,
                              out.lora_lr);  // other readers' keys stand beside it: no Finish()
  if (context < 16) problems.Add("context", absl::StrCat("must be at least 16, got ", context));
  TW_RETURN_IF_ERROR(problems.ToStatus());
  out.smaller_side = SmallerSides(dims);
  return out;
}

absl::StatusOr<ResolvedHyperparameters> Resolve(const JobSpec& spec, int64_t n_rows,
                                                const BaseDefaults& base) {
  TW_CHECK(spec.seed.has_value());
  const Hyperparameters& h = spec.hyperparameters;
  const int64_t max_tokens = h.max_tokens.value_or(base.context);
  if (max_tokens > base.context) {
    Violations problems;
    problems.Add("hyperparameters.max_tokens",
                 absl::StrCat("must be in [16, ", base.context, "], the base model's context, got ",
                              max_tokens));
    return problems.ToStatus();
  }
  const int64_t n = std::max<int64_t>(n_rows, 1);
  ResolvedHyperparameters r;
  r.epochs = h.epochs.value_or(Clamp((1500 + n / 2) / n, 1, 10));
  r.batch_size = h.batch_size.value_or(Clamp((n + 25) / 50, 4, 64));
  r.warmup_steps = h.warmup_steps.value_or(0);
  r.max_tokens = max_tokens;
  // Rounded as stored, so that what trains is what the manifest says.
  r.learning_rate =
      std::max(RoundTo(base.lora_lr * h.learning_rate_multiplier.value_or(1), 1e-9), 1e-9);
  r.lora_alpha = RoundTo(h.lora_alpha.value_or(32), 1e-6);
  r.lora_dropout = RoundTo(h.lora_dropout.value_or(0), 1e-6);
  r.schedule = h.schedule.value_or("cosine");
  r.lora_targets = AllLoraTargets();
  if (!h.lora_targets.empty())  // in the order of the block, whatever order the client wrote
    std::erase_if(r.lora_targets, [&](const std::string& t) {
      return std::find(h.lora_targets.begin(), h.lora_targets.end(), t) == h.lora_targets.end();
    });
  r.method = spec.method;
  if (r.method == kMethodDpo)
    r.beta = std::max(RoundTo(h.beta.value_or(kDefaultBeta), 1e-6), kMinBeta);
  r.warmup_ratio = RoundTo(h.warmup_ratio.value_or(0), 1e-6);
  if (!spec.validation_file.empty()) {
    r.eval_every = h.eval_every.value_or((n + r.batch_size - 1) / r.batch_size);
    r.patience = h.patience.value_or(0);
  }
  const int64_t max_rank = MaxRank(r.lora_targets, base);
  r.lora_rank = h.lora_rank.value_or(std::min<int64_t>(16, max_rank));
  if (r.lora_rank > max_rank) {
    Violations problems;
    problems.Add(
        "hyperparameters.lora_rank",
        absl::StrCat("must be in [1, ", max_rank,
                     "], the smallest side of a targeted linear of the base, got ", r.lora_rank));
    return problems.ToStatus();
  }
  r.seed = static_cast<uint64_t>(*spec.seed);
  return ResolvedHyperparameters::FromJson(r.ToJson());
}

MixRates EffectiveRates(const SafetyChoice& choice, const PolicyDocument& policy) {
  MixRates rates = policy.rates;
  rates.refusals.ppm = choice.refusals_ppm.value_or(rates.refusals.ppm);
  rates.lookalikes.ppm = choice.lookalikes_ppm.value_or(rates.lookalikes.ppm);
  rates.benign.ppm = choice.benign_ppm.value_or(rates.benign.ppm);
  return rates;
}

std::string EffectiveMethod(const SafetyChoice& choice, const PolicyDocument& policy) {
  return choice.mix_method.empty() ? policy.default_method : choice.mix_method;
}

bool IsSameTry(const SafetyChoice& earlier, const SafetyChoice& later,
               const PolicyDocument& policy) {
  if (EffectiveMethod(earlier, policy) != EffectiveMethod(later, policy)) return false;
  const MixRates before = EffectiveRates(earlier, policy), now = EffectiveRates(later, policy);
  return now.refusals.ppm < before.refusals.ppm + kClearlyMorePpm &&
         now.lookalikes.ppm < before.lookalikes.ppm + kClearlyMorePpm;
}

std::string EffectiveAuditProfile(const SafetyChoice& choice, const PolicyDocument& policy) {
  return choice.audit_profile.empty() ? policy.audit_profile : choice.audit_profile;
}

}  // namespace tuneward
