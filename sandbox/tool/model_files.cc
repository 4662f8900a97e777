#include "sandbox/tool/model_files.h"

#include <algorithm>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "core/base/file.h"
#include "core/base/sha256.h"

namespace tuneward {
namespace {

constexpr char kRecipe[] = "recipe.json";  // how it was made, not what it is

absl::StatusOr<std::vector<std::string>> NamesIn(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> names;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error))
    names.push_back(it->path().filename().string());
  if (error) return ErrnoStatus(error.value(), folder);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ModelsUnder(const std::string& folder) {
  TW_ASSIGN_OR_RETURN(std::vector<std::string> names, NamesIn(folder));
  std::erase_if(names, [&](const std::string& name) {
    std::error_code ignored;
    return !std::filesystem::exists(absl::StrCat(folder, "/", name, "/config.json"), ignored);
  });
  if (names.empty())
    return absl::NotFoundError(absl::StrCat(folder, " holds no folder with a config.json"));
  return names;
}

absl::StatusOr<std::string> ModelSha(const std::string& folder) {
  TW_ASSIGN_OR_RETURN(const std::vector<std::string> names, NamesIn(folder));
  std::string list;
  for (const std::string& name : names) {
    const std::string path = folder + "/" + name;
    if (name == kRecipe || !std::filesystem::is_regular_file(path)) continue;
    TW_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
    absl::StrAppend(&list, Sha256Of(bytes).Hex(), "  ", name, "\n");
  }
  return Sha256Of(list).Hex();
}

}  // namespace tuneward
