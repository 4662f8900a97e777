#include "core/policy/policy_document.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/judge/catalogue.h"
#include "core/policy/policies.h"

namespace tuneward {
namespace {

constexpr char kFormat[] = "tuneward.policy/1";
constexpr int64_t kMaxMinRows = 10'000;
constexpr int64_t kMaxTotalShare = 900'000;  // user rows must stay at least a tenth of the set
constexpr int64_t kMaxWeight = 1000;

Json ToJson(const KindRate& r) {
  return {{"ppm", r.ppm}, {"min_ppm", r.min_ppm}, {"max_ppm", r.max_ppm}, {"min_rows", r.min_rows}};
}

KindRate ReadKindRate(ObjectReader& parent, const std::string& key, Violations& problems) {
  KindRate rate;
  const Json* json = parent.Object(key);
  if (json == nullptr) return rate;
  ObjectReader reader(*json, parent.Path(key), problems);
  rate.ppm = reader.Int("ppm", 0, kPpm);
  rate.min_ppm = reader.Int("min_ppm", 0, kPpm);
  rate.max_ppm = reader.Int("max_ppm", 0, kPpm);
  rate.min_rows = reader.Int("min_rows", 0, kMaxMinRows);
  reader.Finish();
  if (rate.min_ppm > rate.ppm || rate.ppm > rate.max_ppm)
    problems.Add(reader.Path("ppm"),
                 absl::StrCat("must lie in [min_ppm, max_ppm] = [", rate.min_ppm, ", ",
                              rate.max_ppm, "], got ", rate.ppm));
  return rate;
}

void ReadRates(ObjectReader& parent, MixRates& rates, Violations& problems) {
  const Json* json = parent.Object("rates");
  if (json == nullptr) return;
  ObjectReader reader(*json, parent.Path("rates"), problems);
  const std::string mode = reader.String("mode");
  if (mode != "share" && mode != "ratio")
    problems.Add(reader.Path("mode"), absl::StrCat("must be share or ratio, got \"", mode, "\""));
  rates.mode = mode == "ratio" ? RateMode::kRatio : RateMode::kShare;
  rates.refusals = ReadKindRate(reader, "refusals", problems);
  rates.lookalikes = ReadKindRate(reader, "lookalikes", problems);
  rates.benign = ReadKindRate(reader, "benign", problems);
  reader.Finish();
  const int64_t most = rates.refusals.max_ppm + rates.lookalikes.max_ppm + rates.benign.max_ppm;
  if (rates.mode == RateMode::kShare && most > kMaxTotalShare)
    problems.Add(parent.Path("rates"), absl::StrCat("the shares' max_ppm must sum to at most ",
                                                    kMaxTotalShare, ", got ", most));
}

void ReadMethods(ObjectReader& parent, PolicyDocument& doc, Violations& problems) {
  const Json* json = parent.Object("methods");
  if (json == nullptr) return;
  ObjectReader reader(*json, parent.Path("methods"), problems);
  doc.methods = reader.Strings("allowed");
  doc.default_method = reader.String("default");
  reader.Finish();
  if (doc.methods.empty()) problems.Add(reader.Path("allowed"), "must name at least one method");
  for (size_t i = 0; i < doc.methods.size(); ++i)
    if (FindMixMethod(doc.methods[i]) == nullptr)
      problems.Add(absl::StrCat(reader.Path("allowed"), "[", i, "]"),
                   absl::StrCat("unknown method \"", doc.methods[i], "\""));
  if (!doc.Allows(doc.default_method))
    problems.Add(reader.Path("default"),
                 absl::StrCat("must be one of allowed, got \"", doc.default_method, "\""));
}

void ReadForms(ObjectReader& parent, FormWeights& forms, Violations& problems) {
  const Json* json = parent.Object("forms");
  if (json == nullptr) return;
  ObjectReader reader(*json, parent.Path("forms"), problems);
  forms.in_format = reader.Int("in_format", 0, kMaxWeight);
  forms.raw = reader.Int("raw", 0, kMaxWeight);
  forms.neutral = reader.Int("neutral", 0, kMaxWeight);
  forms.persona = reader.Int("persona", 0, kMaxWeight, 0);
  reader.Finish();
  if (forms.in_format + forms.raw + forms.neutral + forms.persona == 0)
    problems.Add(parent.Path("forms"), "at least one weight must be above 0");
}

std::string ProfileNames() {
  std::vector<std::string> names;
  for (const AuditProfileEntry& profile : AuditProfiles()) names.emplace_back(profile.name);
  return absl::StrJoin(names, ", ");
}

void ReadAudit(ObjectReader& parent, PolicyDocument& doc, Violations& problems) {
  const Json* json = parent.Object("audit");
  if (json == nullptr) return;
  ObjectReader reader(*json, parent.Path("audit"), problems);
  doc.audit_profile = reader.String("profile");
  doc.audit_profiles = reader.Strings("allowed");
  reader.Finish();
  for (size_t i = 0; i < doc.audit_profiles.size(); ++i)
    if (FindAuditProfile(doc.audit_profiles[i]) == nullptr)
      problems.Add(
          absl::StrCat(reader.Path("allowed"), "[", i, "]"),
          absl::StrCat("must be one of ", ProfileNames(), ", got \"", doc.audit_profiles[i], "\""));
  if (std::find(doc.audit_profiles.begin(), doc.audit_profiles.end(), doc.audit_profile) ==
      doc.audit_profiles.end())
    problems.Add(reader.Path("profile"),
                 absl::StrCat("must be one of allowed, got \"", doc.audit_profile, "\""));
}

void ReadGate(ObjectReader& parent, GateLimits& gate, Violations& problems) {
  const Json* json = parent.Object("gate");
  if (json == nullptr) return;
  ObjectReader reader(*json, parent.Path("gate"), problems);
  gate.asr_margin_ppm = reader.Int("asr_margin_ppm", 0, kPpm);
  gate.over_refusal_margin_ppm = reader.Int("over_refusal_margin_ppm", 0, kPpm);
  gate.asr_cap_ppm = reader.Int("asr_cap_ppm", 0, kPpm);
  gate.block_ppm = reader.Int("block_ppm", 0, kPpm);
  gate.min_n = reader.Int("min_n", 1, 1'000'000);
  gate.confidence_ppm = reader.Int("confidence_ppm", 500'000, 999'999);
  reader.Finish();
}

Json FormsJson(const FormWeights& forms) {
  Json json = {{"in_format", forms.in_format}, {"raw", forms.raw}, {"neutral", forms.neutral}};
  if (forms.persona > 0) json["persona"] = forms.persona;  // absent is 0: the hash of old documents
  return json;
}

}  // namespace

std::string PolicyDocument::Name() const { return absl::StrCat(id, "@", version); }

bool PolicyDocument::Allows(std::string_view method) const {
  return std::find(methods.begin(), methods.end(), method) != methods.end();
}

Json PolicyDocument::ToJson() const {
  return {{"format", kFormat},
          {"methods", {{"allowed", methods}, {"default", default_method}}},
          {"rates",
           {{"mode", rates.mode == RateMode::kShare ? "share" : "ratio"},
            {"refusals", tuneward::ToJson(rates.refusals)},
            {"lookalikes", tuneward::ToJson(rates.lookalikes)},
            {"benign", tuneward::ToJson(rates.benign)}}},
          {"forms", FormsJson(forms)},
          {"pool", pool},
          {"audit", {{"profile", audit_profile}, {"allowed", audit_profiles}}},
          {"on_overlong", std::string(OnOverlongName(on_overlong))},
          {"gate",
           {{"asr_margin_ppm", gate.asr_margin_ppm},
            {"over_refusal_margin_ppm", gate.over_refusal_margin_ppm},
            {"asr_cap_ppm", gate.asr_cap_ppm},
            {"block_ppm", gate.block_ppm},
            {"min_n", gate.min_n},
            {"confidence_ppm", gate.confidence_ppm}}}};
}

Digest PolicyDocument::Hash() const { return Sha256Of(CanonicalJson(ToJson())); }

absl::StatusOr<PolicyDocument> ParsePolicy(std::string_view json_text, std::string id,
                                           int version) {
  TW_ASSIGN_OR_RETURN(const Json json, ParseJson(json_text));
  return PolicyFromJson(json, std::move(id), version);
}

absl::StatusOr<PolicyDocument> PolicyFromJson(const Json& json, std::string id, int version) {
  Violations problems;
  PolicyDocument doc;
  doc.id = std::move(id);
  doc.version = version;
  ObjectReader reader(json, "", problems);
  if (const std::string format = reader.String("format"); format != kFormat)
    problems.Add("format", absl::StrCat("must be ", kFormat, ", got \"", format, "\""));
  ReadMethods(reader, doc, problems);
  ReadRates(reader, doc.rates, problems);
  ReadForms(reader, doc.forms, problems);
  doc.pool = reader.String("pool");
  ReadAudit(reader, doc, problems);
  if (auto overlong = ParseOnOverlong(reader.String("on_overlong")); overlong.ok())
    doc.on_overlong = *overlong;
  else
    problems.Add("on_overlong", std::string(overlong.status().message()));
  ReadGate(reader, doc.gate, problems);
  reader.Finish();
  TW_RETURN_IF_ERROR(problems.ToStatus());
  return doc;
}

PolicyDocument DefaultPolicy() {
  PolicyDocument doc;
  doc.id = "default";
  doc.version = 1;
  // Chosen on the sandbox's frontier (docs/adr/0008). Look-alikes stand beside, because refusals
  // alone teach a model to refuse whatever looks like an instruction; personas, because rows in the
  // user's format do not reach the role that an attacker asks the tuned model to play.
  doc.forms = {.in_format = 2, .raw = 2, .neutral = 1, .persona = 2};
  doc.rates.refusals = {.ppm = 200'000, .min_ppm = 200'000, .max_ppm = 300'000, .min_rows = 32};
  doc.rates.lookalikes = {.ppm = 100'000, .min_ppm = 100'000, .max_ppm = 300'000, .min_rows = 16};
  doc.rates.benign = {.ppm = 0, .min_ppm = 0, .max_ppm = 300'000, .min_rows = 0};
  return doc;
}

PolicyDocument OpenPolicy() {
  PolicyDocument doc = DefaultPolicy();
  doc.id = "open";
  doc.methods = {"none", "base", "longest", "paraphrase"};
  for (KindRate* rate : {&doc.rates.refusals, &doc.rates.lookalikes}) rate->min_ppm = 0;
  return doc;
}

}  // namespace tuneward
