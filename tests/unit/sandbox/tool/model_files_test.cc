#include "sandbox/tool/model_files.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "sandbox/tool/temp_folder.h"

namespace tuneward {
namespace {

class ModelFilesTest : public testing::Test {
 protected:
  void Put(const std::string& path, const std::string& text) {
    const std::filesystem::path file = folder_->path() + "/" + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  std::string Sha() { return ModelSha(folder_->path() + "/nano").value(); }
  const std::unique_ptr<TempFolder> folder_ = TempFolder::Make().value();
};

TEST_F(ModelFilesTest, ModelsAreTheFoldersWithAConfig) {
  EXPECT_EQ(ModelsUnder(folder_->path()).status().code(), absl::StatusCode::kNotFound);
  Put("nano/config.json", "{}");
  Put("micro/config.json", "{}");
  Put("notes/readme.txt", "x");
  Put("config.json", "{}");
  EXPECT_EQ(*ModelsUnder(folder_->path()), (std::vector<std::string>{"micro", "nano"}));
  const absl::Status missing = ModelsUnder(folder_->path() + "/none").status();
  EXPECT_TRUE(absl::StrContains(missing.message(), folder_->path() + "/none")) << missing;
}

TEST_F(ModelFilesTest, AnyFileButTheRecipeCounts) {
  Put("nano/config.json", "{}");
  Put("nano/model.safetensors", "weights");
  const std::string sha = Sha();
  EXPECT_EQ(sha.size(), 64u);
  Put("nano/recipe.json", "made so");
  EXPECT_EQ(Sha(), sha);
  Put("nano/model.safetensors", "other weights");
  const std::string other = Sha();
  EXPECT_NE(other, sha);
  Put("nano/tokenizer.model", "pieces");
  EXPECT_NE(Sha(), other);
}

}  // namespace
}  // namespace tuneward
