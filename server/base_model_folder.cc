#include "server/base_model_folder.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/file.h"
#include "core/data/chat_template.h"
#include "core/text/tokenizer.h"

namespace tuneward {
namespace {

constexpr int64_t kMaxHeaderBytes = 16 << 20;
constexpr int64_t kMaxDimension = int64_t{1} << 32;
constexpr int64_t kMaxElements = int64_t{1} << 44;

int64_t BytesOf(std::string_view dtype) {
  if (dtype == "F32") return 4;
  if (dtype == "BF16" || dtype == "F16") return 2;
  return 0;
}

struct LlamaConfig {
  int64_t layers = 0, hidden = 0, heads = 0, kv_heads = 0, intermediate = 0, vocab = 0, context = 0;
  bool tied = false;
};

// The engine's limits (worker/engine/model_config.cc): what it cannot run is not registered, and a
// table of ten million layers is not made.
constexpr int64_t kMaxLayers = 1024, kMaxHeads = 1024, kMaxHidden = 65536, kMaxOther = 1 << 20;

int64_t PositiveInt(const Json& config, const char* key, int64_t max, const std::string& field,
                    Violations& problems) {
  const auto found = config.find(key);
  if (found != config.end() && found->is_number_integer()) {
    const int64_t value = found->get<int64_t>();
    if (value >= 1 && value <= max) return value;
  }
  problems.Add(absl::StrCat(field, ".", key), absl::StrCat("must be an integer in [1, ", max, "]"));
  return 0;
}

// A Hugging Face config holds many keys that do not concern us; those that do must be of a Llama
// that we can run.
LlamaConfig ReadConfig(const Json& config, const std::string& field, Violations& problems) {
  LlamaConfig llama;
  if (!config.is_object()) {
    problems.Add(field, "must be a JSON object");
    return llama;
  }
  const auto type = config.find("model_type");
  if (type == config.end() || *type != "llama")
    problems.Add(absl::StrCat(field, ".model_type"), "must be \"llama\"");
  llama.layers = PositiveInt(config, "num_hidden_layers", kMaxLayers, field, problems);
  llama.hidden = PositiveInt(config, "hidden_size", kMaxHidden, field, problems);
  llama.heads = PositiveInt(config, "num_attention_heads", kMaxHeads, field, problems);
  llama.kv_heads = config.contains("num_key_value_heads")
                       ? PositiveInt(config, "num_key_value_heads", kMaxHeads, field, problems)
                       : llama.heads;
  llama.intermediate = PositiveInt(config, "intermediate_size", kMaxOther, field, problems);
  llama.vocab = PositiveInt(config, "vocab_size", kMaxOther, field, problems);
  llama.context = PositiveInt(config, "max_position_embeddings", kMaxOther, field, problems);
  const auto tied = config.find("tie_word_embeddings");
  llama.tied = tied != config.end() && tied->is_boolean() && tied->get<bool>();
  if (llama.heads > 0 && (llama.hidden % llama.heads != 0 ||
                          (llama.kv_heads > 0 && llama.heads % llama.kv_heads != 0))) {
    problems.Add(
        field,
        "hidden_size must be a multiple of num_attention_heads, and that of num_key_value_heads");
  }
  return llama;
}

// Name and shape of each tensor that a Llama of this configuration has.
std::map<std::string, std::vector<int64_t>> ExpectedTensors(const LlamaConfig& c,
                                                            int64_t head_dim) {
  std::map<std::string, std::vector<int64_t>> expected = {
      {"model.embed_tokens.weight", {c.vocab, c.hidden}}, {"model.norm.weight", {c.hidden}}};
  if (!c.tied) expected["lm_head.weight"] = {c.vocab, c.hidden};
  for (int64_t layer = 0; layer < c.layers; ++layer) {
    const std::string p = absl::StrCat("model.layers.", layer, ".");
    expected[p + "input_layernorm.weight"] = {c.hidden};
    expected[p + "post_attention_layernorm.weight"] = {c.hidden};
    expected[p + "self_attn.q_proj.weight"] = {c.heads * head_dim, c.hidden};
    expected[p + "self_attn.k_proj.weight"] = {c.kv_heads * head_dim, c.hidden};
    expected[p + "self_attn.v_proj.weight"] = {c.kv_heads * head_dim, c.hidden};
    expected[p + "self_attn.o_proj.weight"] = {c.hidden, c.heads * head_dim};
    expected[p + "mlp.gate_proj.weight"] = {c.intermediate, c.hidden};
    expected[p + "mlp.up_proj.weight"] = {c.intermediate, c.hidden};
    expected[p + "mlp.down_proj.weight"] = {c.hidden, c.intermediate};
  }
  return expected;
}

void CompareTensors(const std::vector<TensorHeader>& tensors, const LlamaConfig& config,
                    const std::string& field, Violations& problems) {
  auto expected = ExpectedTensors(config, config.hidden / config.heads);
  for (const TensorHeader& tensor : tensors) {
    const auto found = expected.find(tensor.name);
    if (found == expected.end()) {
      problems.Add(field, absl::StrCat("tensor '", tensor.name,
                                       "' is not one of a Llama of this config.json"));
    } else if (found->second != tensor.shape) {
      problems.Add(field, absl::StrCat("tensor '", tensor.name, "' must be [",
                                       absl::StrJoin(found->second, ", "), "], got [",
                                       absl::StrJoin(tensor.shape, ", "), "]"));
    }
    if (found != expected.end()) expected.erase(found);
  }
  if (!expected.empty()) {
    problems.Add(field, absl::StrCat(expected.size(), " tensors are missing, '",
                                     expected.begin()->first, "' first"));
  }
}

// The JSON header of a safetensors file, and the size of what follows it.
absl::StatusOr<std::string> ReadHeaderBytes(const std::string& path, int64_t* data_bytes) {
  std::error_code error;
  const int64_t size = static_cast<int64_t>(std::filesystem::file_size(path, error));
  if (error) return absl::NotFoundError("no such file");
  std::ifstream file(path, std::ios::binary);
  unsigned char prefix[8];
  if (!file.read(reinterpret_cast<char*>(prefix), 8))
    return absl::InvalidArgumentError("shorter than 8 bytes");
  uint64_t length = 0;
  for (int i = 7; i >= 0; --i) length = length << 8 | prefix[i];
  if (length > static_cast<uint64_t>(kMaxHeaderBytes) || static_cast<int64_t>(length) > size - 8) {
    return absl::InvalidArgumentError(absl::StrCat(
        "header length must be at most ", std::min(kMaxHeaderBytes, size - 8), ", got ", length));
  }
  std::string header(length, '\0');
  if (!file.read(header.data(), static_cast<std::streamsize>(length)))
    return absl::InvalidArgumentError("cannot be read");
  *data_bytes = size - 8 - static_cast<int64_t>(length);
  return header;
}

void CheckTokenizer(const std::string& folder, std::string_view chat_template, int64_t vocab_size,
                    Violations& problems) {
  const std::string field = "folder/" + TokenizerFileOf(folder).value_or(kSentencepieceFile);
  auto tokenizer = LoadTokenizer(folder);
  if (!tokenizer.ok()) {
    problems.Add(field, std::string(tokenizer.status().message()));
    return;
  }
  if (const absl::Status fits = CheckTokenizerFits(**tokenizer, vocab_size); !fits.ok())
    problems.Add(field, std::string(fits.message()));
  auto chat = MakeChatTemplate(chat_template, **tokenizer);
  if (!chat.ok()) problems.Add("base_model.chat_template", std::string(chat.status().message()));
}

}  // namespace

std::vector<TensorHeader> ReadSafetensorsHeader(std::string_view header, int64_t data_bytes,
                                                const std::string& field, Violations& problems) {
  std::vector<TensorHeader> tensors;
  const auto json = ParseJson(header, 8);
  if (!json.ok() || !json->is_object()) {
    problems.Add(field, absl::StrCat("header: ", json.ok() ? "must be an object"
                                                           : std::string(json.status().message())));
    return tensors;
  }
  std::vector<std::pair<int64_t, int64_t>> ranges;
  for (const auto& [name, entry] : json->items()) {
    if (name == "__metadata__") continue;
    const std::string where = absl::StrCat("tensor '", name, "': ");
    if (!entry.is_object() || !entry.contains("dtype") || !entry["dtype"].is_string() ||
        !entry.contains("shape") || !entry["shape"].is_array() || !entry.contains("data_offsets") ||
        !entry["data_offsets"].is_array() || entry["data_offsets"].size() != 2) {
      problems.Add(field, where + "must have dtype, shape and two data_offsets");
      continue;
    }
    TensorHeader tensor{name, entry["dtype"].get<std::string>(), {}};
    int64_t elements = 1;
    bool good = BytesOf(tensor.dtype) > 0;
    if (!good)
      problems.Add(field,
                   absl::StrCat(where, "dtype must be F32, F16 or BF16, got '", tensor.dtype, "'"));
    for (const Json& size : entry["shape"]) {
      const int64_t value = size.is_number_integer() ? size.get<int64_t>() : -1;
      if (value < 1 || value > kMaxDimension || elements > kMaxElements / value) {
        problems.Add(field, where + "its shape is out of range");
        good = false;
        break;
      }
      elements *= value;
      tensor.shape.push_back(value);
    }
    if (!good) continue;
    const Json& offsets = entry["data_offsets"];
    const int64_t begin = offsets[0].is_number_integer() ? offsets[0].get<int64_t>() : -1;
    const int64_t end = offsets[1].is_number_integer() ? offsets[1].get<int64_t>() : -1;
    if (begin < 0 || end < begin || end > data_bytes ||
        end - begin != elements * BytesOf(tensor.dtype)) {
      problems.Add(field, absl::StrCat(where, "data_offsets [", begin, ", ", end,
                                       "] do not fit its shape or the file"));
      continue;
    }
    ranges.emplace_back(begin, end);
    tensors.push_back(std::move(tensor));
  }
  std::sort(ranges.begin(), ranges.end());
  int64_t covered = 0;
  for (const auto& [begin, end] : ranges) {
    if (begin != covered) break;
    covered = end;
  }
  if (problems.empty() && covered != data_bytes) {
    problems.Add(
        field, absl::StrCat(
                   "tensors must cover the file without gap or overlap; the first hole is at byte ",
                   covered));
  }
  return tensors;
}

absl::StatusOr<BaseModelFacts> InspectBaseModelFolder(const std::string& folder,
                                                      std::string_view chat_template) {
  Violations problems;
  if (folder.empty() || folder[0] != '/' || !std::filesystem::is_directory(folder)) {
    problems.Add(
        "folder",
        absl::StrCat("must be the absolute path of a folder on the server's machine, got '", folder,
                     "'"));
    return problems.ToStatus();
  }
  LlamaConfig config;
  const auto config_text = ReadFile(folder + "/config.json", 1 << 20);
  const auto config_json =
      config_text.ok() ? ParseJson(*config_text) : absl::StatusOr<Json>(config_text.status());
  if (config_json.ok()) {
    config = ReadConfig(*config_json, "folder/config.json", problems);
  } else {
    problems.Add("folder/config.json", std::string(config_json.status().message()));
  }
  const bool config_good = problems.empty();

  BaseModelFacts facts;
  int64_t data_bytes = 0;
  const std::string field = "folder/model.safetensors";
  const auto header = ReadHeaderBytes(folder + "/model.safetensors", &data_bytes);
  if (header.ok()) {
    const std::vector<TensorHeader> tensors =
        ReadSafetensorsHeader(*header, data_bytes, field, problems);
    if (config_good) CompareTensors(tensors, config, field, problems);
    for (const TensorHeader& tensor : tensors) {
      int64_t elements = 1;
      for (const int64_t size : tensor.shape) elements *= size;
      facts.parameters += elements;
    }
  } else {
    problems.Add(field, std::string(header.status().message()));
  }
  if (config_good) CheckTokenizer(folder, chat_template, config.vocab, problems);
  TW_RETURN_IF_ERROR(problems.ToStatus());

  facts.family = "llama";
  facts.context = config.context;
  facts.vocab_size = config.vocab;
  facts.dims = {{"layers", config.layers},
                {"hidden", config.hidden},
                {"heads", config.heads},
                {"kv_heads", config.kv_heads},
                {"intermediate", config.intermediate},
                {"vocab", config.vocab},
                {"tied", config.tied},
                {"parameters", facts.parameters}};
  TW_ASSIGN_OR_RETURN(const std::string tokenizer_file, TokenizerFileOf(folder));
  facts.files = {"config.json", "model.safetensors", tokenizer_file};
  return facts;
}

}  // namespace tuneward
