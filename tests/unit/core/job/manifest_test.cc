#include "core/job/manifest.h"

#include <set>

#include <gtest/gtest.h>

namespace tuneward {
namespace {

Manifest Sample() {
  Manifest m;
  m.base_tree = std::string(64, 'a');
  m.file_sha = std::string(64, 'b');
  m.plan_sha = std::string(64, 'c');
  m.dropped_lines = {3, 17};
  m.chat_template = "tuneward/1";
  m.hyperparameters.lora_targets = AllLoraTargets();
  m.hyperparameters.seed = 7;
  return m;
}

TEST(ManifestTest, ReadsBackToTheSameBytes) {
  auto back = Manifest::Parse(Sample().CanonicalJsonText());
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->CanonicalJsonText(), Sample().CanonicalJsonText());
  EXPECT_EQ(back->hyperparameters, Sample().hyperparameters);
}

TEST(ManifestTest, NamesTheRandomSchemeAndSortsLines) {
  Manifest m = Sample();
  m.dropped_lines = {17, 3, 17};
  EXPECT_EQ(m.Hash(), Sample().Hash());
  EXPECT_EQ(ParseJson(m.CanonicalJsonText())->at("random"), "philox4x32-10/tuneward-1");
}

TEST(ManifestTest, HoldsMethodAndBetaOfDpoAlone) {
  EXPECT_EQ(Sample().CanonicalJsonText().find("method"), std::string::npos);
  Manifest m = Sample();
  m.hyperparameters.method = "dpo";
  m.hyperparameters.beta = 0.3;
  EXPECT_NE(m.Hash(), Sample().Hash());
  const Json json = *ParseJson(m.CanonicalJsonText());
  EXPECT_EQ(json["hyperparameters"]["method"], "dpo");
  EXPECT_EQ(json["hyperparameters"]["beta_ppm"], 300'000);
  EXPECT_EQ(Manifest::Parse(m.CanonicalJsonText())->hyperparameters, m.hyperparameters);
}

TEST(ManifestTest, EveryPartChangesTheHash) {
  std::set<Digest> hashes = {Sample().Hash()};
  Manifest m = Sample();
  m.max_tokens = 512;
  hashes.insert(m.Hash());
  m.on_overlong = OnOverlong::kDrop;
  hashes.insert(m.Hash());
  m.hyperparameters.seed = 8;
  hashes.insert(m.Hash());
  m.plan_sha = std::string(64, 'd');
  hashes.insert(m.Hash());
  m.validation_sha = std::string(64, 'e');
  hashes.insert(m.Hash());
  EXPECT_EQ(hashes.size(), 6u);
  EXPECT_EQ(Manifest::Parse(m.CanonicalJsonText())->validation_sha, m.validation_sha);
  EXPECT_FALSE(ParseJson(Sample().CanonicalJsonText())->contains("validation_file"));
}

TEST(ManifestTest, RefusesWhatItDoesNotKnow) {
  for (auto [key, value] : {std::pair<const char*, Json>{"format", "tuneward.manifest/2"},
                            {"random", "mt19937"},
                            {"plan", "xyz"},
                            {"defences", Json{"lisa"}},
                            {"engine_mode", "fast"},
                            {"validation_file", "xyz"},
                            {"seed", 9},
                            {"on_overlong", "ignore"},
                            {"extra", 1}}) {
    Json json = *ParseJson(Sample().CanonicalJsonText());
    json[key] = value;
    EXPECT_FALSE(Manifest::Parse(CanonicalJson(json)).ok()) << key;
  }
}

}  // namespace
}  // namespace tuneward
