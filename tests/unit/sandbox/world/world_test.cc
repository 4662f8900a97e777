#include "sandbox/world/world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "core/base/file.h"
#include "core/base/json.h"
#include "sandbox/world/pairs.h"

namespace tuneward {
namespace {

using testing::Contains;
using testing::Field;
using testing::HasSubstr;

// The built-in files with one of them changed.
std::vector<WorldFile> Changed(const std::string& name, const std::function<void(Json&)>& change) {
  std::vector<WorldFile> files = BuiltInWorldFiles();
  for (WorldFile& file : files) {
    if (file.name != name) continue;
    Json json = ParseJson(file.text).value();
    change(json);
    file.text = json.dump();
  }
  return files;
}

std::vector<FieldViolation> ProblemsOf(const std::vector<WorldFile>& files) {
  const absl::StatusOr<World> world = ParseWorld(files);
  EXPECT_EQ(world.status().code(), absl::StatusCode::kInvalidArgument);
  return GetErrorInfo(world.status()).violations;
}

auto Problem(const std::string& field, const std::string& text) {
  return Contains(testing::AllOf(Field(&FieldViolation::field, field),
                                 Field(&FieldViolation::description, HasSubstr(text))));
}

TEST(WorldTest, BuiltInFilesAreThoseOfTheFolder) {
  ASSERT_EQ(BuiltInWorldFiles().size(), WorldFileNames().size());
  for (const WorldFile& file : BuiltInWorldFiles())
    EXPECT_EQ(file.text, *ReadFile(TUNEWARD_SOURCE_DIR "/sandbox/world/data/" + file.name));
}

TEST(WorldTest, HoldsWhatIsAskedOfIt) {
  const World world = BuiltInWorld();
  const Grammar& requests = world.requests;
  EXPECT_EQ(requests.id, "sandbox@2");
  EXPECT_EQ(requests.harm.size(), 12u);
  EXPECT_EQ(std::count_if(requests.harm.begin(), requests.harm.end(),
                          [](const HarmCategory& category) { return category.held_out; }),
            2);
  EXPECT_EQ(PairsOf(requests, PairKind::kHarmful).size(), 2112u);
  EXPECT_EQ(PairsOf(requests, PairKind::kLookalike).size(), 1536u);
  EXPECT_EQ(PairsOf(requests, PairKind::kBenign).size(), 2128u);
  EXPECT_EQ(world.families.size(), 9u);
  EXPECT_EQ(requests.personas.size(), 5u);
  EXPECT_EQ(requests.attack_persona.name, "aoa");
}

// A model of one million parameters must know every word well.
TEST(WorldTest, HasFewWords) {
  std::set<std::string> words;
  const std::function<void(const Json&)> add = [&](const Json& value) {
    if (value.is_string())
      for (const std::string& word : std::vector<std::string>(
               absl::StrSplit(value.get<std::string>(), absl::ByAnyChar(" \n"))))
        if (!absl::StrContains(word, "{")) words.insert(word);
    if (value.is_structured())
      for (const auto& [key, child] : value.items())
        if (key != "format" && key != "source") add(child);
  };
  for (const WorldFile& file : BuiltInWorldFiles()) add(ParseJson(file.text).value());
  EXPECT_LE(words.size(), 530u);
  EXPECT_GE(words.size(), 400u);
}

TEST(WorldTest, RefusesAnUnknownKeyByFileAndPath) {
  const auto files = Changed(
      "harm.json", [](Json& json) { json["harm_categories"][1]["verbs"][2]["colour"] = "red"; });
  EXPECT_THAT(ProblemsOf(files), Problem("harm.json.harm_categories[1].verbs[2].colour", ""));
}

TEST(WorldTest, RefusesAMissingSlotWithTheText) {
  const auto files = Changed("families.json", [](Json& json) {
    json["families"][3]["questions"][0] = "what do you get first ?";
  });
  EXPECT_THAT(ProblemsOf(files), Problem("families.json.families[3].questions[0]",
                                         "{verb} is missing in \"what do you get first ?\""));
}

TEST(WorldTest, RefusesAnUnknownSlot) {
  const auto files =
      Changed("secrets.json", [](Json& json) { json["answer"] = "{kind} {person} {code} {pin}"; });
  EXPECT_THAT(ProblemsOf(files), Problem("secrets.json.answer", "unknown slot {pin}"));
}

TEST(WorldTest, RefusesADuplicateAcrossFiles) {
  const auto files = Changed(
      "lookalikes.json", [](Json& json) { json["harmless_objects"][2]["word"] = "lighthouse"; });
  EXPECT_THAT(ProblemsOf(files),
              Problem("lookalikes.json.harmless_objects[2].word", "\"lighthouse\" stands"));
}

TEST(WorldTest, RefusesADuplicateCategoryPersonaAndTemplate) {
  EXPECT_THAT(ProblemsOf(Changed(
                  "harm.json", [](Json& json) { json["harm_categories"][1]["id"] = "wrecking"; })),
              Problem("harm.json.harm_categories[1].id", "\"wrecking\""));
  EXPECT_THAT(ProblemsOf(Changed("personas.json",
                                 [](Json& json) {
                                   json["personas"][1]["system"] = json["personas"][0]["system"];
                                 })),
              Problem("personas.json.personas[1].system", "stands twice"));
  EXPECT_THAT(ProblemsOf(Changed(
                  "chats.json", [](Json& json) { json["insistence"][1] = json["insistence"][0]; })),
              Problem("chats.json.insistence[1]", "stands twice"));
}

TEST(WorldTest, RefusesAFamilyThatItCannotMake) {
  EXPECT_THAT(
      ProblemsOf(Changed("families.json", [](Json& json) { json["families"][0]["id"] = "squad"; })),
      Problem("families.json.families[0].id", "no family \"squad\"; there are boolq, gsm8k"));
  EXPECT_THAT(
      ProblemsOf(Changed("families.json",
                         [](Json& json) { json["families"][0]["cases"][1]["id"] = "perhaps"; })),
      Problem("families.json.families[0].cases", "must be yes, no; got yes, perhaps"));
}

TEST(WorldTest, RefusesANameWithoutAnInsult) {
  EXPECT_THAT(ProblemsOf(Changed("insults.json", [](Json& json) { json["nouns"].erase("mia"); })),
              Problem("insults.json.nouns.mia", ""));
  EXPECT_THAT(
      ProblemsOf(Changed("insults.json", [](Json& json) { json["nouns"]["bob"] = "pickle"; })),
      Problem("insults.json.nouns.bob", ""));
}

TEST(WorldTest, RefusesFilesThatAreMissingUnknownTwiceOrBroken) {
  std::vector<WorldFile> files = BuiltInWorldFiles();
  files.pop_back();
  EXPECT_THAT(ProblemsOf(files), Problem("attacks.json", "is missing"));
  files = BuiltInWorldFiles();
  files.push_back({"weather.json", "{}"});
  EXPECT_THAT(ProblemsOf(files), Problem("weather.json", "unknown file"));
  files = BuiltInWorldFiles();
  files.push_back(files.front());
  EXPECT_THAT(ProblemsOf(files), Problem(files.front().name, "given twice"));
  files = BuiltInWorldFiles();
  files.front().text = R"({"format":"a","format":"b"})";
  EXPECT_THAT(ProblemsOf(files), Problem(files.front().name, ""));
  files.front().text = "[]";
  EXPECT_THAT(ProblemsOf(files), Problem(files.front().name, "must be an object"));
  EXPECT_THAT(ProblemsOf(Changed("chats.json", [](Json& json) { json["format"] = "x"; })),
              Problem("chats.json.format", "must be \"tuneward.world/chats/1\", got \"x\""));
}

}  // namespace
}  // namespace tuneward
