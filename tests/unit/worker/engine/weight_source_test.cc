// Loading through the torch-free face: shards, private pages, peak memory. The index alone is
// tested in model_files_test.cc.
#include <gtest/gtest.h>
#include <malloc.h>

#include <cmath>
#include <cstring>
#include <fstream>

#include "core/base/json.h"
#include "core/model/model_files.h"
#include "tests/unit/worker/engine/tiny_model.h"

namespace tuneward {
namespace {

// The folder's one file as `count` shards and an index.
void Shard(const std::string& folder, int count) {
  const std::string single = folder + "/" + kWeightsFile, file = ReadFile(single).value();
  std::vector<TensorSpans> parts(static_cast<size_t>(count));
  Json map;
  size_t n = 0;
  const TensorSpans spans = ParseSafetensors(file).value();
  for (const auto& [name, span] : spans) {
    const size_t part = n++ % parts.size();
    parts[part][name] = span;
    map[name] = "part-" + std::to_string(part) + ".safetensors";
  }
  for (size_t i = 0; i < parts.size(); ++i)
    ASSERT_TRUE(WriteFileAtomic(folder + "/part-" + std::to_string(i) + ".safetensors",
                                SerializeSafetensors(parts[i]))
                    .ok());
  ASSERT_TRUE(
      WriteFileAtomic(folder + "/" + kShardIndexFile, Json{{"weight_map", map}}.dump()).ok());
  std::filesystem::remove(single);
}

TEST(WeightSourceTest, ShardsLoadAsOneFileDoesAndAreSavedAsOne) {
  const TempFolder temp;
  for (const Precision precision : {Precision::kFloat32, Precision::kBFloat16}) {
    ASSERT_TRUE(TinyModel()->Save(temp / "a", precision).ok());
    const std::string hash = FileHash(temp / "a/model.safetensors");
    Shard(temp / "a", 3);
    EngineOptions options;
    options.precision = precision;
    const auto loaded = BaseModel::Load(temp / "a", options);
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    ASSERT_TRUE((*loaded)->Save(temp / "b", precision).ok());
    EXPECT_EQ(FileHash(temp / "b/model.safetensors"), hash);
  }
}

TEST(WeightSourceTest, NamesTheShardOfABadTensor) {
  const TempFolder temp;
  ASSERT_TRUE(TinyModel()->Save(temp / "a", Precision::kFloat32).ok());
  Shard(temp / "a", 2);
  const std::string name = "model.layers.1.self_attn.k_proj.weight";
  const Json index = ParseJson(ReadFile(temp / "a/model.safetensors.index.json").value()).value();
  const std::string shard = index["weight_map"][name], path = temp / ("a/" + shard);
  const std::string file = ReadFile(path).value();
  const auto reload = [&](const std::function<void(TensorSpans&)>& change) {
    TensorSpans spans = ParseSafetensors(file).value();
    change(spans);
    EXPECT_TRUE(WriteFileAtomic(path, SerializeSafetensors(spans)).ok());
    const auto status = BaseModel::Load(temp / "a", {}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  const std::string begin = path + ": tensor '" + name + "' ";
  EXPECT_EQ(reload([&](TensorSpans& s) {
              s[name].shape = {32, 16};
            }),
            begin + "must have shape [16, 32], got [32, 16]");
  std::string poisoned;
  EXPECT_EQ(reload([&](TensorSpans& s) {
              poisoned = s[name].bytes;
              const float nan = std::nanf("");
              std::memcpy(poisoned.data() + 40, &nan, 4);
              s[name].bytes = poisoned;
            }),
            begin + "holds a NaN or an infinity, first at element 10");
  EXPECT_NE(reload([&](TensorSpans& s) { s["more"] = s[name]; }).find("tensor 'more' is in this"),
            std::string::npos);
}

// Weights of the file's type may lie in the mapping; training writes them all the same.
TEST(WeightSourceTest, TrainingEveryParameterLeavesTheFileAlone) {
  const TempFolder temp;
  ASSERT_TRUE(TinyModel()->Save(temp / "a", Precision::kFloat32).ok());
  // With every padding of the header up to a line of the cache, so that some tensors are used where
  // they lie and others are copied: the numbers must not depend on it.
  const std::string file = ReadFile(temp / "a/model.safetensors").value();
  uint64_t header = 0;
  std::memcpy(&header, file.data(), 8);
  std::string want;
  for (int pad = 0; pad < 64; pad += 4) {
    const uint64_t longer = header + static_cast<uint64_t>(pad);
    std::string padded(8, '\0');
    std::memcpy(padded.data(), &longer, 8);
    padded += file.substr(8, header) + std::string(static_cast<size_t>(pad), ' ') +
              file.substr(8 + header);
    ASSERT_TRUE(WriteFileAtomic(temp / "a/model.safetensors", padded).ok());
    const auto model = BaseModel::Load(temp / "a", {});
    ASSERT_TRUE(model.ok()) << model.status();
    TrainInputs inputs;
    inputs.rows = TinyRows(8);
    inputs.spec.lora.reset();
    inputs.spec.batch_size = 4;
    Recorder recorder;
    ASSERT_TRUE((*model)->Train(inputs, "", recorder).ok());
    ASSERT_TRUE((*model)->Save(temp / "b", Precision::kFloat32).ok());
    EXPECT_EQ(ReadFile(temp / "a/model.safetensors").value(), padded) << pad;
    const std::string got = FileHash(temp / "b/model.safetensors");
    if (want.empty()) want = got;
    EXPECT_EQ(got, want) << pad;
    EXPECT_NE(got, Sha256Of(file).Hex());
  }
}

// In bytes, of this process: {now, the most since clear_refs}.
std::pair<int64_t, int64_t> Memory() {
  const std::string status = ReadFile("/proc/self/status").value();
  const auto field = [&](const std::string& name) {
    const size_t at = status.find(name + ":");
    return at == std::string::npos ? 0 : std::stoll(status.substr(at + name.size() + 1)) * 1024;
  };
  return {field("VmRSS"), field("VmHWM")};
}

TEST(WeightSourceTest, ALoadHoldsTheWeightsAndOneLayerAtMost) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the sanitizer's allocator keeps what is freed";
#endif
  const TempFolder temp;
  const std::string config = R"({"model_type":"llama","hidden_size":384,"num_hidden_layers":4,
    "num_attention_heads":8,"intermediate_size":2048,"vocab_size":2048,
    "max_position_embeddings":64})";
  constexpr int64_t kLayer = (4 * 384 * 384 + 3 * 384 * 2048) * 4;
  constexpr int64_t kWeights = 4 * kLayer + 2 * 2048 * 384 * 4;
  ASSERT_TRUE(BaseModel::Create(config, 1, {}).value()->Save(temp / "a", Precision::kFloat32).ok());
  Shard(temp / "a", 2);
  for (const Precision precision : {Precision::kFloat32, Precision::kBFloat16}) {
    EngineOptions options;
    options.precision = precision;
    const int64_t weights = precision == Precision::kFloat32 ? kWeights : kWeights / 2;
    // Code is paged in and freed memory given back first: neither belongs to the load.
    ASSERT_TRUE(BaseModel::Load(temp / "a", options).ok());
    malloc_trim(0);
    std::ofstream("/proc/self/clear_refs") << "5";  // the peak begins anew
    const int64_t before = Memory().first;
    const auto model = BaseModel::Load(temp / "a", options);
    ASSERT_TRUE(model.ok()) << model.status();
    const int64_t peak = Memory().second - before;
    RecordProperty(precision == Precision::kFloat32 ? "peak_float32" : "peak_bfloat16",
                   std::to_string(peak));
    EXPECT_LE(peak, weights + kLayer) << "weights " << weights << " layer " << kLayer;
    EXPECT_GE(peak, weights / 2) << "nothing was measured";
  }
}

}  // namespace
}  // namespace tuneward
