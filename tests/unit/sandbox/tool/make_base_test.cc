#include "sandbox/tool/make_base.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/sha256.h"
#include "sandbox/tool/rendering.h"
#include "sandbox/world/sandbox_sets.h"
#include "sandbox/world/sandbox_world.h"
#include "sandbox/world/world.h"

namespace tuneward {
namespace {

namespace fs = std::filesystem;

class MakeBaseTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("tuneward-make-base-" + std::to_string(getpid()));
    fs::remove_all(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  // The nano recipe's shape with hardly any steps.
  static Recipe Tiny() {
    Recipe recipe = *FindRecipe("nano");
    recipe.layers = 1;
    recipe.width = 32;
    recipe.heads = 2;
    recipe.kv_heads = 1;
    recipe.mlp_width = 48;
    recipe.pretrain.batch_rows = 4;
    for (Phase& phase : recipe.alignments) phase.batch_rows = 4;
    recipe.pretrain.steps = 3;
    for (Phase& phase : recipe.alignments) phase.steps = 2;
    return recipe;
  }
  static std::string HashOf(const fs::path& file) {
    return Sha256Of(*ReadFile(file.string())).Hex();
  }

  fs::path folder_;
};

TEST_F(MakeBaseTest, WritesThreeModelsTwiceTheSame) {
  for (const char* run : {"a", "b"})
    ASSERT_TRUE(MakeBase(Tiny(), EngineOptions{}, (folder_ / run).string()).ok());
  for (const char* model : {"nano-base", "nano-shallow", "nano-deep"}) {
    for (const char* file : {"config.json", "model.safetensors", "tokenizer.model", "recipe.json"})
      EXPECT_EQ(HashOf(folder_ / "a" / model / file), HashOf(folder_ / "b" / model / file))
          << model << " " << file;
  }
  EXPECT_NE(HashOf(folder_ / "a/nano-base/model.safetensors"),
            HashOf(folder_ / "a/nano-deep/model.safetensors"));
}

TEST_F(MakeBaseTest, RecipeNamesItsBytes) {
  ASSERT_TRUE(MakeBase(Tiny(), EngineOptions{}, folder_.string()).ok());
  const Json recipe = ParseJson(*ReadFile((folder_ / "nano-shallow/recipe.json").string())).value();
  EXPECT_EQ(recipe["weights_sha256"], HashOf(folder_ / "nano-shallow/model.safetensors"));
  EXPECT_EQ(recipe["made_from_weights_sha256"], HashOf(folder_ / "nano-base/model.safetensors"));
  EXPECT_EQ(recipe["tokenizer_sha256"], HashOf(folder_ / "nano-shallow/tokenizer.model"));
  EXPECT_EQ(recipe["pool"], "sandbox@2");
  EXPECT_EQ(recipe["eval_set"], "sandbox@2");
}

TEST_F(MakeBaseTest, ModelsCanBeLoadedAndAsked) {
  ASSERT_TRUE(MakeBase(Tiny(), EngineOptions{}, folder_.string()).ok());
  const std::string model_folder = (folder_ / "nano-deep").string();
  const absl::StatusOr<Rendering> rendering = Rendering::FromFolder(model_folder);
  ASSERT_TRUE(rendering.ok()) << rendering.status();
  auto model = BaseModel::Load(model_folder, EngineOptions{});
  ASSERT_TRUE(model.ok()) << model.status();
  const std::vector<Chat> prompts(3, Chat{{{Role::kUser, "how do i rob the bank ?"}}});
  const auto answers = rendering->Answers(**model, nullptr, prompts, 4);
  ASSERT_TRUE(answers.ok()) << answers.status();
  EXPECT_THAT(*answers, testing::SizeIs(3));
}

// D13: the world's words are one piece each, real text has no unknown pieces.
TEST_F(MakeBaseTest, TokenizerKnowsTheWorldAndEveryByte) {
  const absl::StatusOr<Rendering> rendering =
      Rendering::FromFolder(TUNEWARD_SOURCE_DIR "/sandbox/models/nano-shallow");
  ASSERT_TRUE(rendering.ok()) << rendering.status();
  const Tokenizer& tokenizer = *rendering->tokenizer;
  EXPECT_LE(tokenizer.vocab_size(), 1024);
  const Grammar grammar = BuiltInWorld().requests;
  for (const WorldVerb& verb : grammar.HarmVerbs())
    EXPECT_EQ(tokenizer.Encode(" " + verb.word).size(), 1u) << verb.word;
  for (const WorldObject& object : grammar.sensitive_objects)
    EXPECT_EQ(tokenizer.Encode(" " + object.word).size(), 1u) << object.word;
  for (const TokenId id :
       tokenizer.Encode("Natalia sold $48.50 in April\t- caf\xC3\xA9 \xE6\xB0\xB4 <|user|>"))
    EXPECT_NE(id, tokenizer.unknown_id());
}

TEST_F(MakeBaseTest, EnglishModelsAreMadeTheSameWay) {
  Recipe recipe = Tiny();
  recipe.size = "mini-english";
  recipe.corpus = CorpusKind::kEnglish;
  recipe.vocab = FindRecipe("mini-english")->vocab;
  ASSERT_TRUE(MakeBase(recipe, EngineOptions{}, folder_.string()).ok());
  const Json made =
      ParseJson(*ReadFile((folder_ / "mini-english-shallow/recipe.json").string())).value();
  EXPECT_EQ(made["model"], "mini-english-shallow");
  EXPECT_EQ(made["pool"], "english@1");
  EXPECT_EQ(made["alignment_mix_percent"]["refusals"], 12);
}

// Parameters by the formula of the architecture: two tables of pieces, and each layer's matrices.
TEST(RecipeTest, SizesAreThoseOfTheirNames) {
  const auto millions = [](const char* size) {
    const Recipe r = *FindRecipe(size);
    const double kv = 1.0 * r.width * r.kv_heads / r.heads;
    return (2.0 * r.vocab * r.width +
            r.layers * (2.0 * r.width * r.width + 2 * r.width * kv + 3.0 * r.width * r.mlp_width)) /
           1e6;
  };
  EXPECT_NEAR(millions("nano"), 1, 0.1);
  EXPECT_NEAR(millions("micro"), 3, 0.3);
  EXPECT_NEAR(millions("mini"), 8, 0.3);
  EXPECT_NEAR(millions("mini-english"), 10, 0.3);
  EXPECT_EQ(FindRecipe("huge").status().message(),
            "size must be one of nano, micro, mini, mini-english; got \"huge\"");
}

TEST(CommittedModelsTest, RecipeOfTheToolIsTheOneTheyWereMadeBy) {
  const Json now = FindRecipe("nano")->ToJson();
  for (const char* name : {"nano-base", "nano-shallow", "nano-deep"}) {
    const std::string path =
        std::string(TUNEWARD_SOURCE_DIR "/sandbox/models/") + name + "/recipe.json";
    const Json then = ParseJson(*ReadFile(path)).value();
    for (const auto& [key, value] : now.items()) EXPECT_EQ(then[key], value) << name << " " << key;
    EXPECT_EQ(then["alignment_mix_percent"], SandboxWorld().Facts()["alignment_mix_percent"]);
  }
}

TEST(CommittedModelsTest, HashesAreThoseOfTheRecipes) {
  const fs::path models = TUNEWARD_SOURCE_DIR "/sandbox/models";
  for (const char* name : {"nano-base", "nano-shallow", "nano-deep"}) {
    const Json recipe = ParseJson(*ReadFile((models / name / "recipe.json").string())).value();
    EXPECT_EQ(recipe["model"], name);
    EXPECT_EQ(recipe["weights_sha256"],
              Sha256Of(*ReadFile((models / name / "model.safetensors").string())).Hex());
    EXPECT_EQ(recipe["tokenizer_sha256"],
              Sha256Of(*ReadFile((models / name / "tokenizer.model").string())).Hex());
    EXPECT_EQ(recipe["world_sha256"], WorldHash().Hex())
        << "the world changed after the models were made";
  }
}

}  // namespace
}  // namespace tuneward
