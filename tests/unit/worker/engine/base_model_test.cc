#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <tuple>

#include "core/base/json.h"
#include "core/model/safetensors.h"
#include "tests/unit/worker/engine/tiny_model.h"

namespace tuneward {
namespace {

TEST(BaseModelTest, SavedAndLoadedAgainIsTheSameModel) {
  const TempFolder temp;
  const auto model = TinyModel();
  ASSERT_TRUE(model->Save(temp / "a", Precision::kFloat32).ok());
  const auto loaded = BaseModel::Load(temp / "a", {});
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ((*loaded)->context(), 64);
  EXPECT_EQ((*loaded)->vocab_size(), 40);
  ASSERT_TRUE((*loaded)->Save(temp / "b", Precision::kFloat32).ok());
  EXPECT_EQ(FileHash(temp / "a/model.safetensors"), FileHash(temp / "b/model.safetensors"));
  EXPECT_EQ(FileHash(temp / "a/config.json"), FileHash(temp / "b/config.json"));
  const auto rows = TinyRows(3);
  EXPECT_EQ(model->Nll(rows, nullptr).value(), (*loaded)->Nll(rows, nullptr).value());
}

TEST(BaseModelTest, BFloat16FilesLoadInBothPrecisions) {
  const TempFolder temp;
  ASSERT_TRUE(TinyModel()->Save(temp / "a", Precision::kBFloat16).ok());
  const auto rows = TinyRows(4);
  const auto as_float = BaseModel::Load(temp / "a", {}).value()->Nll(rows, nullptr).value();
  EngineOptions bf16;
  bf16.precision = Precision::kBFloat16;
  const auto as_bf16 = BaseModel::Load(temp / "a", bf16).value()->Nll(rows, nullptr).value();
  for (size_t i = 0; i < rows.size(); ++i) EXPECT_NEAR(as_float[i], as_bf16[i], 0.03);
}

TEST(BaseModelTest, FreshModelsDependOnTheSeedAlone) {
  const TempFolder temp;
  ASSERT_TRUE(
      BaseModel::Create(kTinyConfig, 1, {}).value()->Save(temp / "a", Precision::kFloat32).ok());
  ASSERT_TRUE(
      BaseModel::Create(kTinyConfig, 1, {}).value()->Save(temp / "b", Precision::kFloat32).ok());
  ASSERT_TRUE(
      BaseModel::Create(kTinyConfig, 2, {}).value()->Save(temp / "c", Precision::kFloat32).ok());
  EXPECT_EQ(FileHash(temp / "a/model.safetensors"), FileHash(temp / "b/model.safetensors"));
  EXPECT_NE(FileHash(temp / "a/model.safetensors"), FileHash(temp / "c/model.safetensors"));
}

TEST(BaseModelTest, NamesFileTensorAndValueWhenTheFolderIsWrong) {
  const TempFolder temp;
  EXPECT_EQ(BaseModel::Load(temp / "none", {}).status().code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(TinyModel()->Save(temp / "a", Precision::kFloat32).ok());
  const std::string path = temp / "a/model.safetensors";
  const std::string file = ReadFile(path).value();
  const auto reload = [&](const std::function<void(TensorSpans&)>& change) {
    TensorSpans spans = ParseSafetensors(file).value();
    change(spans);
    EXPECT_TRUE(WriteFileAtomic(path, SerializeSafetensors(spans)).ok());
    return std::string(BaseModel::Load(temp / "a", {}).status().ToString());
  };
  const std::string name = "model.layers.1.self_attn.k_proj.weight";
  EXPECT_NE(reload([&](TensorSpans& s) { s.erase(name); }).find(name + "' is missing"),
            std::string::npos);
  EXPECT_NE(reload([&](TensorSpans& s) {
              s[name].shape = {32, 16};
            }).find("[16, 32], got [32, 16]"),
            std::string::npos);
  EXPECT_NE(reload([&](TensorSpans& s) { s["extra"] = s[name]; }).find("'extra' is not part"),
            std::string::npos);
  std::string poisoned;
  EXPECT_NE(reload([&](TensorSpans& s) {
              poisoned = s[name].bytes;
              const float nan = std::nanf("");
              std::memcpy(poisoned.data() + 40, &nan, 4);
              s[name].bytes = poisoned;
            }).find("holds a NaN"),
            std::string::npos);
  ASSERT_TRUE(WriteFileAtomic(path, file.substr(0, file.size() - 1)).ok());
  EXPECT_EQ(BaseModel::Load(temp / "a", {}).status().code(), absl::StatusCode::kInvalidArgument);
}

// A header that lies about its tensors is refused before a weight is read, with file and tensor.
TEST(BaseModelTest, RefusesFilesWhoseHeaderLies) {
  const TempFolder temp;
  ASSERT_TRUE(TinyModel()->Save(temp / "a", Precision::kFloat32).ok());
  const std::string path = temp / "a/model.safetensors", file = ReadFile(path).value();
  uint64_t size = 0;
  std::memcpy(&size, file.data(), 8);
  const Json header = ParseJson(file.substr(8, size)).value();
  const std::string name = "model.layers.0.mlp.up_proj.weight";
  const auto reload = [&](const Json& lie) {
    const std::string text = lie.dump();
    const uint64_t length = text.size();
    std::string changed(8, '\0');
    std::memcpy(changed.data(), &length, 8);
    EXPECT_TRUE(WriteFileAtomic(path, changed + text + file.substr(8 + size)).ok());
    const auto status = BaseModel::Load(temp / "a", {}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  const uint64_t begin = header[name]["data_offsets"][0];
  const std::pair<std::function<void(Json&)>, std::string> table[] = {
      {[&](Json& one) {
         one["data_offsets"] = {begin - 4, begin + 48 * 32 * 4 - 4};
       },
       "gap or overlap"},
      {[&](Json& one) {
         one["data_offsets"] = {begin, uint64_t{1} << 62};
       },
       "lie outside"},
      {[&](Json& one) {
         one["shape"] = {uint64_t{1} << 33, uint64_t{1} << 33};
       },
       "is larger than"},
      {[&](Json& one) {
         one["shape"] = {48, 31};
       },
       "shape needs"},
      {[&](Json& one) { one["dtype"] = "F64"; }, "dtype must be F32, BF16 or F16, got \"F64\""}};
  for (const auto& [lie, what] : table) {
    Json changed = header;
    lie(changed[name]);
    const std::string message = reload(changed);
    EXPECT_EQ(message.find(path + ": safetensors: tensor '" + name + "'"), 0u) << message;
    EXPECT_NE(message.find(what), std::string::npos) << message;
  }
  ASSERT_TRUE(WriteFileAtomic(path, file.substr(0, file.size() / 2)).ok());
  const auto cut = BaseModel::Load(temp / "a", {}).status();
  EXPECT_EQ(cut.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(std::string(cut.message()).find(path), 0u) << cut;
}

TEST(BaseModelTest, NamesTheTensorWhoseShapeDisagreesWithTheConfig) {
  const TempFolder temp;
  ASSERT_TRUE(TinyModel()->Save(temp / "a", Precision::kFloat32).ok());
  const Json config = ParseJson(ReadFile(temp / "a/config.json").value()).value();
  const std::tuple<const char*, Json, std::string> table[] = {
      {"hidden_size", 64, "model.embed_tokens.weight' must have shape [40, 64], got [40, 32]"},
      {"vocab_size", 41, "model.embed_tokens.weight' must have shape [41, 32], got [40, 32]"},
      {"num_key_value_heads", 4, "k_proj.weight' must have shape [32, 32], got [16, 32]"},
      {"head_dim", 16, "q_proj.weight' must have shape [64, 32], got [32, 32]"},
      {"intermediate_size", 50, "gate_proj.weight' must have shape [50, 32], got [48, 32]"},
      {"num_hidden_layers", 3, "'model.layers.2.input_layernorm.weight' is missing"},
      {"num_hidden_layers", 1, "'model.layers.1.input_layernorm.weight' is not part"},
      {"tie_word_embeddings", true, ""}};  // a copy of the head is allowed beside tied embeddings
  for (const auto& [key, value, what] : table) {
    Json changed = config;
    changed[key] = value;
    ASSERT_TRUE(WriteFileAtomic(temp / "a/config.json", changed.dump()).ok());
    const auto status = BaseModel::Load(temp / "a", {}).status();
    if (what.empty()) {
      EXPECT_TRUE(status.ok()) << status;
      continue;
    }
    EXPECT_EQ(std::string(status.message()).find(temp / "a/model.safetensors: tensor '"), 0u)
        << status;
    EXPECT_NE(std::string(status.message()).find(what), std::string::npos) << status;
  }
}

// Each family's fresh weights save and load, norms multiply with one, and a step of full-parameter
// training moves every tensor, biases and extra norms too.
TEST(BaseModelTest, EveryFamilyIsMadeTrainedSavedAndLoaded) {
  const std::pair<const char*, const char*> families[] = {
      {"mistral", R"({"sliding_window":4})"},
      {"gemma2", R"({"sliding_window":4,"head_dim":8,"query_pre_attn_scalar":8})"},
      {"gemma3_text", R"({"sliding_window":4,"head_dim":8,"query_pre_attn_scalar":8,
                          "layer_types":["sliding_attention","full_attention"]})"},
      {"qwen2", "{}"},
      {"qwen3", R"({"head_dim":8})"}};
  for (const auto& [family, more] : families) {
    SCOPED_TRACE(family);
    const TempFolder temp;
    Json config = ParseJson(kTinyConfig).value();
    for (const char* key : {"architectures", "hidden_act"}) config.erase(key);
    config["model_type"] = family;
    config.update(ParseJson(more).value());
    const auto made = BaseModel::Create(config.dump(), 5, {});
    ASSERT_TRUE(made.ok()) << made.status();
    ASSERT_TRUE((*made)->Save(temp / "a", Precision::kFloat32).ok());
    const auto model = BaseModel::Load(temp / "a", {});
    ASSERT_TRUE(model.ok()) << model.status();
    TrainInputs inputs;
    inputs.rows = TinyRows(6);
    inputs.spec.lora.reset();
    inputs.spec.batch_size = 6;
    inputs.spec.weight_decay = 0;
    Recorder recorder;
    ASSERT_TRUE((*model)->Train(inputs, "", recorder).ok());
    EXPECT_NEAR(recorder.steps[0].loss, std::log(40), 0.1) << "fresh weights predict nothing";
    ASSERT_TRUE((*model)->Save(temp / "b", Precision::kFloat32).ok());
    const std::string before = ReadFile(temp / "a/model.safetensors").value(),
                      after = ReadFile(temp / "b/model.safetensors").value();
    const TensorSpans old = ParseSafetensors(before).value(), now = ParseSafetensors(after).value();
    ASSERT_EQ(old.size(), now.size());
    for (const auto& [name, span] : old) EXPECT_NE(span.bytes, now.at(name).bytes) << name;
  }
}

TEST(BaseModelTest, RowsDoNotSeeEachOther) {
  const auto model = TinyModel();
  std::vector<TrainRow> rows = TinyRows(7);
  const auto together = model->Nll(rows, nullptr).value();
  for (size_t i = 0; i < rows.size(); ++i)
    EXPECT_NEAR(model->Nll({rows[i]}, nullptr).value()[0], together[i], 2e-6) << rows[i].id;
  std::vector<TrainRow> turned(rows.rbegin(), rows.rend());
  const auto reversed = model->Nll(turned, nullptr).value();
  for (size_t i = 0; i < rows.size(); ++i)
    EXPECT_NEAR(reversed[rows.size() - 1 - i], together[i], 2e-6);
  // Another row's content changes nothing, to the last bit: same shapes, same sums.
  for (TokenId& token : rows[2].tokens) token = 3 + (token + 11) % 30;
  const auto changed = model->Nll(rows, nullptr).value();
  EXPECT_NE(changed[2], together[2]);
  for (const size_t i : {0, 1, 3, 4, 5, 6}) EXPECT_EQ(changed[i], together[i]) << i;
}

TEST(BaseModelTest, RefusesRowsItCannotRun) {
  const auto model = TinyModel();
  const TrainRow good = TinyRows(1)[0];
  const std::pair<const char*, std::function<void(TrainRow&)>> table[] = {
      {"outside the vocabulary", [](TrainRow& r) { r.tokens[2] = 40; }},
      {"outside the vocabulary", [](TrainRow& r) { r.tokens[2] = -1; }},
      {"no target", [](TrainRow& r) { r.is_target.assign(r.tokens.size(), false); }},
      {"first token is a target", [](TrainRow& r) { r.is_target[0] = true; }},
      {"target marks", [](TrainRow& r) { r.is_target.pop_back(); }},
      {"the context is 64",
       [](TrainRow& r) { r.tokens.resize(65, 3), r.is_target.resize(65, true); }}};
  for (const auto& [message, change] : table) {
    TrainRow row = good;
    change(row);
    const auto status = model->Nll({row}, nullptr).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << message;
    EXPECT_NE(std::string(status.message()).find(message), std::string::npos) << status;
    EXPECT_NE(std::string(status.message()).find("u:1"), std::string::npos) << status;
  }
}

TEST(BaseModelTest, RefusesOptionsOutOfRange) {
  EngineOptions options;
  options.threads = 0;
  EXPECT_EQ(BaseModel::Create(kTinyConfig, 1, options).status().code(),
            absl::StatusCode::kInvalidArgument);
  options.threads = 1;
  options.device = "tpu";
  EXPECT_EQ(BaseModel::Create(kTinyConfig, 1, options).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tuneward
