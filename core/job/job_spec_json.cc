// The JSON forms of JobSpec and ResolvedHyperparameters: integers and strings only, fractions as
// ppm or ppb.
#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/job/job_spec.h"

namespace tuneward {
namespace {

int64_t ToUnit(double value, double per_unit) { return std::llround(value * per_unit); }

template <typename T>
void Put(Json& json, const char* key, const std::optional<T>& value) {
  if (value.has_value()) json[key] = *value;
}
void PutPpm(Json& json, const char* key, const std::optional<double>& value) {
  if (value.has_value()) json[key] = ToUnit(*value, 1e6);
}

std::optional<int64_t> MaybeInt(ObjectReader& reader, const char* key) {
  if (!reader.Has(key)) return std::nullopt;
  return reader.Int(key, INT64_MIN, INT64_MAX);
}
std::optional<double> MaybePpm(ObjectReader& reader, const char* key) {
  if (!reader.Has(key)) return std::nullopt;
  return static_cast<double>(reader.Int(key, INT64_MIN, INT64_MAX)) / 1e6;
}

Json ToJson(const Hyperparameters& h) {
  Json json = Json::object();
  Put(json, "epochs", h.epochs);
  Put(json, "batch_size", h.batch_size);
  PutPpm(json, "learning_rate_multiplier_ppm", h.learning_rate_multiplier);
  Put(json, "warmup_steps", h.warmup_steps);
  Put(json, "schedule", h.schedule);
  Put(json, "max_tokens", h.max_tokens);
  Put(json, "lora_rank", h.lora_rank);
  PutPpm(json, "lora_alpha_ppm", h.lora_alpha);
  PutPpm(json, "lora_dropout_ppm", h.lora_dropout);
  if (!h.lora_targets.empty()) json["lora_targets"] = h.lora_targets;
  PutPpm(json, "beta_ppm", h.beta);
  PutPpm(json, "warmup_ratio_ppm", h.warmup_ratio);
  Put(json, "eval_every", h.eval_every);
  Put(json, "patience", h.patience);
  return json;
}

Hyperparameters ReadHyperparameters(const Json& json, Violations& problems) {
  ObjectReader reader(json, "hyperparameters", problems);
  Hyperparameters h;
  h.epochs = MaybeInt(reader, "epochs");
  h.batch_size = MaybeInt(reader, "batch_size");
  h.learning_rate_multiplier = MaybePpm(reader, "learning_rate_multiplier_ppm");
  h.warmup_steps = MaybeInt(reader, "warmup_steps");
  if (reader.Has("schedule")) h.schedule = reader.String("schedule");
  h.max_tokens = MaybeInt(reader, "max_tokens");
  h.lora_rank = MaybeInt(reader, "lora_rank");
  h.lora_alpha = MaybePpm(reader, "lora_alpha_ppm");
  h.lora_dropout = MaybePpm(reader, "lora_dropout_ppm");
  h.lora_targets = reader.Strings("lora_targets", /*required=*/false);
  h.beta = MaybePpm(reader, "beta_ppm");
  h.warmup_ratio = MaybePpm(reader, "warmup_ratio_ppm");
  h.eval_every = MaybeInt(reader, "eval_every");
  h.patience = MaybeInt(reader, "patience");
  reader.Finish();
  return h;
}

Json ToJson(const SafetyChoice& s) {
  Json json = Json::object();
  if (!s.mix_method.empty()) json["mix_method"] = s.mix_method;
  Put(json, "refusals_ppm", s.refusals_ppm);
  Put(json, "lookalikes_ppm", s.lookalikes_ppm);
  Put(json, "benign_ppm", s.benign_ppm);
  if (!s.audit_profile.empty()) json["audit_profile"] = s.audit_profile;
  return json;
}

SafetyChoice ReadSafety(const Json& json, Violations& problems) {
  ObjectReader reader(json, "safety", problems);
  SafetyChoice s;
  s.mix_method = reader.String("mix_method", /*required=*/false);
  s.refusals_ppm = MaybeInt(reader, "refusals_ppm");
  s.lookalikes_ppm = MaybeInt(reader, "lookalikes_ppm");
  s.benign_ppm = MaybeInt(reader, "benign_ppm");
  s.audit_profile = reader.String("audit_profile", /*required=*/false);
  reader.Finish();
  return s;
}

}  // namespace

Json JobSpec::ToJson() const {
  Json json = {{"base_model", base_model},
               {"training_file", training_file},
               {"hyperparameters", tuneward::ToJson(hyperparameters)},
               {"safety", tuneward::ToJson(safety)},
               {"metadata", Json::object()}};
  if (method != kMethodSupervised) json["method"] = method;
  if (!validation_file.empty()) json["validation_file"] = validation_file;
  if (!suffix.empty()) json["suffix"] = suffix;
  if (!engine_mode.empty()) json["engine_mode"] = engine_mode;
  Put(json, "seed", seed);
  for (const auto& [key, value] : metadata) json["metadata"][key] = value;
  return json;
}

absl::StatusOr<JobSpec> JobSpec::FromJson(const Json& json) {
  Violations problems;
  JobSpec spec;
  ObjectReader reader(json, "", problems);
  spec.base_model = reader.String("base_model");
  spec.method = reader.String("method", /*required=*/false, kMethodSupervised);
  spec.training_file = reader.String("training_file");
  spec.validation_file = reader.String("validation_file", /*required=*/false);
  spec.suffix = reader.String("suffix", /*required=*/false);
  spec.engine_mode = reader.String("engine_mode", /*required=*/false);
  spec.seed = MaybeInt(reader, "seed");
  if (const Json* h = reader.Object("hyperparameters", /*required=*/false))
    spec.hyperparameters = ReadHyperparameters(*h, problems);
  if (const Json* s = reader.Object("safety", /*required=*/false))
    spec.safety = ReadSafety(*s, problems);
  if (const Json* metadata = reader.Object("metadata", /*required=*/false))
    for (const auto& [key, value] : metadata->items()) {
      if (value.is_string())
        spec.metadata[key] = value.get<std::string>();
      else
        problems.Add(absl::StrCat("metadata.", key), "must be a string");
    }
  reader.Finish();
  TW_RETURN_IF_ERROR(problems.ToStatus());
  return spec;
}

Digest JobSpec::Hash() const { return Sha256Of(CanonicalJson(ToJson())); }

Json ResolvedHyperparameters::ToJson() const {
  Json json = {{"epochs", epochs},
               {"batch_size", batch_size},
               {"learning_rate_ppb", ToUnit(learning_rate, 1e9)},
               {"warmup_steps", warmup_steps},
               {"schedule", schedule},
               {"max_tokens", max_tokens},
               {"lora_rank", lora_rank},
               {"lora_alpha_ppm", ToUnit(lora_alpha, 1e6)},
               {"lora_dropout_ppm", ToUnit(lora_dropout, 1e6)},
               {"lora_targets", lora_targets},
               {"seed", seed}};
  if (method == kMethodDpo) {
    json["method"] = method;
    json["beta_ppm"] = ToUnit(beta, 1e6);
  }
  if (warmup_ratio > 0) json["warmup_ratio_ppm"] = ToUnit(warmup_ratio, 1e6);
  if (eval_every > 0) json["eval_every"] = eval_every;
  if (patience > 0) json["patience"] = patience;
  return json;
}

absl::StatusOr<ResolvedHyperparameters> ResolvedHyperparameters::FromJson(const Json& json) {
  Violations problems;
  ResolvedHyperparameters r;
  ObjectReader reader(json, "hyperparameters", problems);
  r.epochs = reader.Int("epochs", 1, 1000);
  r.batch_size = reader.Int("batch_size", 1, 100'000);
  r.learning_rate = static_cast<double>(reader.Int("learning_rate_ppb", 1, INT64_MAX)) / 1e9;
  r.warmup_steps = reader.Int("warmup_steps", 0, INT64_MAX);
  r.schedule = reader.String("schedule");
  r.max_tokens = reader.Int("max_tokens", 1, INT64_MAX);
  r.lora_rank = reader.Int("lora_rank", 1, 256);
  r.lora_alpha = static_cast<double>(reader.Int("lora_alpha_ppm", 1, INT64_MAX)) / 1e6;
  r.lora_dropout = static_cast<double>(reader.Int("lora_dropout_ppm", 0, 999'999)) / 1e6;
  r.lora_targets = reader.Strings("lora_targets");
  r.method = reader.String("method", /*required=*/false, kMethodSupervised);
  if (r.method == kMethodDpo)
    r.beta = static_cast<double>(reader.Int("beta_ppm", 1, 2'000'000)) / 1e6;
  else if (r.method != kMethodSupervised)
    problems.Add("hyperparameters.method",
                 absl::StrCat("must be supervised or dpo, got \"", r.method, "\""));
  r.warmup_ratio = MaybePpm(reader, "warmup_ratio_ppm").value_or(0);
  r.eval_every = reader.Int("eval_every", 1, INT64_MAX, 0);
  r.patience = reader.Int("patience", 1, INT64_MAX, 0);
  r.seed = static_cast<uint64_t>(reader.Int("seed", 0, INT64_MAX));
  reader.Finish();
  TW_RETURN_IF_ERROR(problems.ToStatus());
  return r;
}

}  // namespace tuneward
