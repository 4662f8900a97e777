#include "core/model/model_files.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "core/base/file.h"
#include "core/base/json.h"

namespace tuneward {
namespace {

std::string File(const std::vector<std::string>& names) {
  static const std::string kData(8, 'd');
  TensorSpans spans;
  for (const std::string& name : names) spans[name] = {DType::kFloat32, {2}, kData};
  return SerializeSafetensors(spans);
}

class ModelFilesTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(folder_);
    ASSERT_TRUE(MakeFolders(folder_).ok());
    Write("s1.safetensors", File({"a", "b"}));
    Write("s2.safetensors", File({"c"}));
  }
  void Write(const std::string& name, const std::string& content) {
    ASSERT_TRUE(WriteFileAtomic(folder_ + "/" + name, content).ok());
  }
  std::string MapIndex(const Json& index) {
    Write(kShardIndexFile, index.dump());
    return std::string(MapModel(folder_).status().message());
  }
  const std::string folder_ = testing::TempDir() + "model_files_test";
  const Json map_ = {{"a", "s1.safetensors"}, {"b", "s1.safetensors"}, {"c", "s2.safetensors"}};
};

TEST_F(ModelFilesTest, FindsEveryTensorInItsShard) {
  Write(kShardIndexFile, Json{{"metadata", {{"total_size", 24}}}, {"weight_map", map_}}.dump());
  const auto files = MapModel(folder_);
  ASSERT_TRUE(files.ok()) << files.status();
  ASSERT_EQ(files->tensors.size(), 3u);
  EXPECT_EQ(files->path, folder_ + "/model.safetensors.index.json");
  EXPECT_EQ(files->tensors.at("c").path, folder_ + "/s2.safetensors");
  EXPECT_EQ(files->tensors.at("b").span.bytes, "dddddddd");
  EXPECT_EQ(files->tensors.at("a").file, files->tensors.at("b").file) << "one mapping a shard";
}

TEST_F(ModelFilesTest, ASingleFileGoesBeforeAnIndex) {
  Write(kWeightsFile, File({"z"}));
  Write(kShardIndexFile, "{");
  const auto files = MapModel(folder_);
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_EQ(files->tensors.count("z"), 1u);
}

TEST_F(ModelFilesTest, AMissingFolderIsNotFoundUnderTheUsualName) {
  const auto status = MapModel(folder_ + "/none").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_NE(status.message().find("none/model.safetensors"), absl::string_view::npos) << status;
}

TEST_F(ModelFilesTest, NamesFileTensorAndValueOfABadIndex) {
  const auto with = [&](const std::string& tensor, const Json& shard) {
    Json map = map_;
    map[tensor] = shard;
    return Json{{"weight_map", map}};
  };
  Json without_b = map_;
  without_b.erase("b");
  const std::pair<Json, std::vector<std::string>> table[] = {
      {Json::array(), {"index.json", "must be an object"}},
      {{{"weights", 1}}, {"index.json", "'weights'", "known: metadata, weight_map"}},
      {{{"weight_map", map_}, {"extra", 1}}, {"unknown key 'extra'"}},
      {Json::object(), {"weight_map", "got nothing"}},
      {{{"weight_map", Json::object()}}, {"weight_map", "got {}"}},
      {with("c", 7), {"index.json", "'c'", "got 7"}},
      {with("c", ""), {"'c'", "got \"\""}},
      {with("c", "../s2.safetensors"), {"index.json", "'c'", "in this folder", "../s2"}},
      {with("c", "/etc/s2.safetensors"), {"'c'", "/etc/s2"}},
      {with("c", "sub/s2.safetensors"), {"'c'", "sub/s2"}},
      {with("c", ".safetensors"), {"'c'", "got \".safetensors\""}},
      {with("c", "s2.bin"), {"'c'", "s2.bin"}},
      {with("d", "s9.safetensors"), {"/s9.safetensors: ", "No such file", "tensor 'd'"}},
      {with("d", "s2.safetensors"), {"index.json", "'d'", "not in 's2.safetensors'"}},
      {with("c", "s1.safetensors"), {"index.json", "'c'", "not in 's1.safetensors'"}},
      {{{"weight_map", without_b}}, {"/s1.safetensors", "'b'", "names no shard"}},
  };
  for (const auto& [index, parts] : table) {
    const std::string message = MapIndex(index);
    for (const std::string& part : parts)
      EXPECT_NE(message.find(part), std::string::npos) << part << " in: " << message;
  }
  // The same tensor in two shards: the one that the index does not name is refused.
  Write("s2.safetensors", File({"a", "c"}));
  const std::string message = MapIndex({{"weight_map", map_}});
  EXPECT_NE(message.find("s2.safetensors: tensor 'a'"), std::string::npos) << message;
  EXPECT_NE(message.find("names 's1.safetensors' for it"), std::string::npos) << message;
  // A damaged shard.
  Write("s2.safetensors", File({"c"}).substr(0, 40));
  EXPECT_NE(MapIndex({{"weight_map", map_}}).find("s2.safetensors: safetensors: header"),
            std::string::npos);
}

}  // namespace
}  // namespace tuneward
