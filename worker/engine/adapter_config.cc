#include "worker/engine/adapter_config.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/base/json.h"
#include "core/model/linear_site.h"

namespace tuneward {
namespace {

constexpr size_t kMaxShown = 80;
constexpr char kKnownTargets[] = "q_proj k_proj v_proj o_proj gate_proj up_proj down_proj";

constexpr std::array kRead = {
    "bias", "exclude_modules", "init_lora_weights", "lora_alpha", "lora_dropout", "peft_type",
    "r",    "target_modules",  "task_type",         "use_rslora"};
// These may hold anything: they say where the adapter came from, or set up what another key turns
// on.
constexpr std::array kWithoutEffect = {"auto_mapping",      "base_model_name_or_path",
                                       "corda_config",      "ensure_weight_tying",
                                       "eva_config",        "inference_mode",
                                       "loftq_config",      "lora_ga_config",
                                       "megatron_core",     "peft_version",
                                       "qalora_group_size", "revision",
                                       "runtime_config"};

std::string Shown(const Json& value) {
  const std::string text = value.dump();
  return text.size() <= kMaxShown ? text : text.substr(0, kMaxShown) + "...";
}

// How PEFT writes that something is not used.
bool IsOff(const Json& value) {
  return value.is_null() || value == false ||
         ((value.is_object() || value.is_array()) && value.empty());
}

class Reader {
 public:
  explicit Reader(const Json& json) : json_(json) {}

  const Json& Get(const char* key) const {
    static const Json kNull;
    const auto it = json_.find(key);
    return it == json_.end() ? kNull : *it;
  }
  void Fail(const std::string& key, const std::string& want) {
    const auto it = json_.find(key);
    problems_.Add(key, absl::StrCat("must be ", want, ", ",
                                    it == json_.end() ? "it is missing" : "got " + Shown(*it)));
  }
  double Number(const char* key, double fallback) {
    const Json& value = Get(key);
    if (value.is_number()) return value.get<double>();
    if (!value.is_null() || std::isnan(fallback)) Fail(key, "a number");
    return fallback;
  }
  bool Bool(const char* key) {
    const Json& value = Get(key);
    if (!value.is_null() && !value.is_boolean()) Fail(key, "true or false");
    return value.is_boolean() && value.get<bool>();
  }
  absl::Status status() const { return problems_.ToStatus(); }

 private:
  const Json& json_;
  Violations problems_;
};

// What every key but the numbers may hold.
void CheckKeys(const Json& json, Reader& reader) {
  if (reader.Get("peft_type") != "LORA") reader.Fail("peft_type", "\"LORA\"");
  const Json& task = reader.Get("task_type");
  if (!task.is_null() && task != "CAUSAL_LM") reader.Fail("task_type", "\"CAUSAL_LM\"");
  const Json& bias = reader.Get("bias");
  if (!bias.is_null() && bias != "none") reader.Fail("bias", "\"none\"");
  // PiSSA, OLoRA, CorDA, LoftQ and LoRA-GA train against a base that they have altered.
  const Json& init = reader.Get("init_lora_weights");
  if (!init.is_null() && !init.is_boolean() && init != "gaussian" && init != "eva" &&
      init != "orthogonal")
    reader.Fail("init_lora_weights",
                "true, false, \"gaussian\", \"orthogonal\" or \"eva\" (others alter the base: "
                "convert the adapter when it is saved)");
  for (const auto& [key, value] : json.items())
    if (!IsOff(value) && std::count(kRead.begin(), kRead.end(), key) == 0 &&
        std::count(kWithoutEffect.begin(), kWithoutEffect.end(), key) == 0)
      reader.Fail(key, "null, false or empty (it is not computed here)");
}

std::set<std::string> ReadModules(Reader& reader) {
  std::set<std::string> modules;
  const Json& targets = reader.Get("target_modules");
  const bool is_list = targets.is_array() && !targets.empty() &&
                       std::all_of(targets.begin(), targets.end(),
                                   [](const Json& entry) { return entry.is_string(); });
  if (!is_list && !targets.is_string())
    reader.Fail("target_modules", "an array of names, or a pattern");
  if (is_list && IsOff(reader.Get("exclude_modules")))
    for (const Json& entry : targets) modules.insert(entry.get<std::string>());
  return modules;
}

// The entry of `modules` that names `module` or its end; null when there is none.
const std::string* EntryFor(const std::string& module, const std::set<std::string>& modules) {
  for (size_t dot = 0, begin = 0; dot != std::string::npos; begin = dot + 1) {
    const auto it = modules.find(module.substr(begin));
    if (it != modules.end()) return &*it;
    dot = module.find('.', begin);
  }
  return nullptr;
}

}  // namespace

absl::StatusOr<AdapterConfig> ParseAdapterConfig(std::string_view text) {
  TW_ASSIGN_OR_RETURN(const Json json, ParseJson(text));
  if (!json.is_object()) return absl::InvalidArgumentError("must be an object");
  Reader reader(json);
  CheckKeys(json, reader);
  AdapterConfig config;
  config.spec.targets.clear();
  const Json& rank = reader.Get("r");
  if (!rank.is_number_integer() || rank < 1 || rank > 256)
    reader.Fail("r", "an integer in [1, 256]");
  else
    config.spec.rank = rank.get<int>();
  config.spec.alpha = reader.Number("lora_alpha", std::nan(""));
  config.spec.dropout = reader.Number("lora_dropout", 0);
  config.spec.rslora = reader.Bool("use_rslora");
  config.modules = ReadModules(reader);
  TW_RETURN_IF_ERROR(reader.status());
  return config;
}

absl::StatusOr<LoraSpec> ResolveTargets(const AdapterConfig& config, const ModelConfig& model,
                                        const std::set<std::string>& tensors) {
  LoraSpec spec = config.spec;
  std::set<std::string> unused = config.modules;
  for (const LinearSite& site : LinearSites(model)) {
    int64_t reached = 0;
    for (int64_t l = 0; l < model.layers; ++l) {
      if (config.modules.empty()) {
        reached += tensors.contains(PeftName(l, site, "A"));
      } else if (const std::string* entry = EntryFor(ModuleName(l, site), config.modules)) {
        unused.erase(*entry);
        ++reached;
      }
    }
    if (reached == 0) continue;
    if (reached < model.layers)
      return absl::InvalidArgumentError(
          absl::StrCat("target_modules: must reach the same linears in each layer, got ", site.name,
                       " in ", reached, " of ", model.layers));
    spec.targets.push_back(site.name);
  }
  if (!unused.empty())
    return absl::InvalidArgumentError(
        absl::StrCat("target_modules: must name linears of this model (", kKnownTargets, "), got '",
                     unused.begin()->substr(0, kMaxShown), "'"));
  if (spec.targets.empty())
    return absl::InvalidArgumentError(absl::StrCat(
        "target_modules: is a pattern, but no tensor in the file is of ", kKnownTargets));
  TW_RETURN_IF_ERROR(CheckLoraSpec(spec));
  return spec;
}

std::string AdapterConfigJson(const LoraSpec& spec) {
  const bool whole = spec.alpha == std::floor(spec.alpha) && spec.alpha < 1e9;
  const Json json = {
      {"alpha_pattern", Json::object()},
      {"base_model_name_or_path", nullptr},
      {"bias", "none"},
      {"fan_in_fan_out", false},
      {"inference_mode", true},
      {"init_lora_weights", true},
      {"layers_pattern", nullptr},
      {"layers_to_transform", nullptr},
      {"lora_alpha", whole ? Json(static_cast<int64_t>(spec.alpha)) : Json(spec.alpha)},
      {"lora_dropout", spec.dropout},
      {"modules_to_save", nullptr},
      {"peft_type", "LORA"},
      {"r", spec.rank},
      {"rank_pattern", Json::object()},
      {"revision", nullptr},
      {"target_modules", spec.targets},
      {"task_type", "CAUSAL_LM"},
      {"use_dora", false},
      {"use_rslora", spec.rslora},
  };
  return json.dump(2) + "\n";
}

absl::Status CheckLoraSpec(const LoraSpec& spec) {
  if (spec.rank < 1 || spec.rank > 256)
    return absl::InvalidArgumentError(absl::StrCat("rank must be in [1, 256], got ", spec.rank));
  if (!(spec.alpha > 0) || !std::isfinite(spec.alpha))
    return absl::InvalidArgumentError(absl::StrCat("alpha must be above 0, got ", spec.alpha));
  if (!(spec.dropout >= 0 && spec.dropout < 1))
    return absl::InvalidArgumentError(
        absl::StrCat("dropout must be in [0, 1), got ", spec.dropout));
  if (spec.targets.empty())
    return absl::InvalidArgumentError("targets must name at least one linear");
  std::set<std::string> seen;
  for (const std::string& target : spec.targets) {
    const auto sites = LinearSites(ModelConfig{});
    if (std::none_of(sites.begin(), sites.end(),
                     [&](const LinearSite& s) { return target == s.name; }))
      return absl::InvalidArgumentError(
          absl::StrCat("targets must be of ", kKnownTargets, ", got '", target, "'"));
    if (!seen.insert(target).second)
      return absl::InvalidArgumentError(absl::StrCat("targets names '", target, "' twice"));
  }
  return absl::OkStatus();
}

double LoraScale(const LoraSpec& spec) {
  return spec.alpha / (spec.rslora ? std::sqrt(spec.rank) : spec.rank);
}

}  // namespace tuneward
