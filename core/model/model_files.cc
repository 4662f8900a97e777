#include "core/model/model_files.h"

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/cut_text.h"
#include "core/base/file.h"
#include "core/base/json.h"

namespace tuneward {
namespace {

constexpr size_t kMaxIndexBytes = size_t{16} << 20, kMaxFileName = 255;

absl::Status In(const std::string& path, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(path, ": ", std::string(status.message())));
}

bool IsPlainName(const std::string& name) {
  return name.size() <= kMaxFileName && absl::EndsWith(name, ".safetensors") &&
         name.front() != '.' && name.find_first_of(std::string("/\\\0", 3)) == std::string::npos;
}

}  // namespace

absl::StatusOr<std::map<std::string, std::string>> ParseShardIndex(std::string_view text) {
  TW_ASSIGN_OR_RETURN(const Json json, ParseJson(text, 4));
  if (!json.is_object()) return absl::InvalidArgumentError("must be an object");
  for (const auto& [key, value] : json.items())
    if (key != "metadata" && key != "weight_map")
      return absl::InvalidArgumentError(
          absl::StrCat("unknown key '", CutText(key, 64), "'; known: metadata, weight_map"));
  const auto map = json.find("weight_map");
  if (map == json.end() || !map->is_object() || map->empty())
    return absl::InvalidArgumentError(
        absl::StrCat("weight_map must be an object of tensor to file, got ",
                     map == json.end() ? "nothing" : CutText(map->dump(), 64)));
  std::map<std::string, std::string> shards;
  for (const auto& [tensor, file] : map->items()) {
    if (!file.is_string() || !IsPlainName(file.get<std::string>()))
      return absl::InvalidArgumentError(
          absl::StrCat("weight_map: tensor '", CutText(tensor, 64),
                       "': must be the name of a .safetensors file in this folder, got ",
                       CutText(file.dump(), 64)));
    shards.emplace(tensor, file.get<std::string>());
  }
  return shards;
}

absl::Status CheckFinite(const StoredTensor& stored, const std::string& name) {
  const auto place = FirstNonFinite(stored.span);
  if (!place) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      stored.path, ": tensor '", name, "' holds a NaN or an infinity, first at element ", *place));
}

absl::StatusOr<StoredTensors> MapTensors(const std::string& path) {
  TW_ASSIGN_OR_RETURN(auto opened, MappedFile::Open(path));
  const std::shared_ptr<const MappedFile> file = std::move(opened);
  auto spans = ParseSafetensors(file->bytes());
  if (!spans.ok()) return In(path, spans.status());
  StoredTensors tensors;
  for (auto& [name, span] : *spans)
    tensors.emplace(name, StoredTensor{std::move(span), file, path});
  return tensors;
}

absl::StatusOr<ModelFiles> MapModel(const std::string& folder) {
  const std::string single = absl::StrCat(folder, "/", kWeightsFile),
                    index_path = absl::StrCat(folder, "/", kShardIndexFile);
  std::error_code error;
  if (std::filesystem::exists(single, error) || !std::filesystem::exists(index_path, error)) {
    TW_ASSIGN_OR_RETURN(StoredTensors tensors, MapTensors(single));
    return ModelFiles{single, std::move(tensors)};
  }
  TW_ASSIGN_OR_RETURN(const std::string text, ReadFile(index_path, kMaxIndexBytes));
  const auto index = ParseShardIndex(text);
  if (!index.ok()) return In(index_path, index.status());

  std::map<std::string, StoredTensors> shards;
  for (const auto& [tensor, shard] : *index) {
    if (shards.contains(shard)) continue;
    auto mapped = MapTensors(absl::StrCat(folder, "/", shard));
    if (!mapped.ok())
      return absl::Status(mapped.status().code(),
                          absl::StrCat(std::string(mapped.status().message()), " (the shard that ",
                                       kShardIndexFile, " names for tensor '", tensor, "')"));
    for (const auto& [name, stored] : *mapped) {
      const auto named = index->find(name);
      if (named == index->end() || named->second != shard)
        return absl::InvalidArgumentError(absl::StrCat(
            stored.path, ": tensor '", name, "' is in this shard, but ", kShardIndexFile, " names ",
            named == index->end() ? "no shard" : "'" + named->second + "'", " for it"));
    }
    shards.emplace(shard, *std::move(mapped));
  }
  ModelFiles all{index_path, {}};
  for (const auto& [tensor, shard] : *index) {
    StoredTensors& in = shards.at(shard);
    const auto found = in.find(tensor);
    if (found == in.end())
      return absl::InvalidArgumentError(
          absl::StrCat(index_path, ": tensor '", tensor, "' is not in '", shard, "', its shard"));
    all.tensors.emplace(tensor, std::move(found->second));
  }
  return all;
}

}  // namespace tuneward
