#include "core/policy/policy_document.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "core/policy/policies.h"

namespace tuneward {
namespace {

TEST(PolicyDocumentTest, BuiltInDocumentsReadBack) {
  for (const PolicyDocument& doc : {DefaultPolicy(), OpenPolicy()}) {
    auto back = ParsePolicy(CanonicalJson(doc.ToJson()), doc.id, doc.version);
    ASSERT_TRUE(back.ok()) << back.status();
    EXPECT_EQ(back->Hash(), doc.Hash());
    EXPECT_EQ(back->Name(), doc.Name());
    EXPECT_EQ(back->rates, doc.rates);
    EXPECT_EQ(back->gate, doc.gate);
  }
}

TEST(PolicyDocumentTest, DefaultNeverAllowsNone) {
  EXPECT_EQ(DefaultPolicy().Name(), "default@1");
  EXPECT_FALSE(DefaultPolicy().Allows("none"));
  EXPECT_EQ(DefaultPolicy().default_method, "paraphrase");
  EXPECT_FALSE(DefaultPolicy().Allows("longest"));
  for (const MixMethod* method : MixMethods()) EXPECT_TRUE(OpenPolicy().Allows(method->name()));
  EXPECT_NE(DefaultPolicy().Hash(), OpenPolicy().Hash());
}

TEST(PolicyDocumentTest, HashCoversTheContentAlone) {
  PolicyDocument doc = DefaultPolicy();
  doc.id = "other";
  doc.version = 9;
  EXPECT_EQ(doc.Hash(), DefaultPolicy().Hash());
}

struct Edit {
  const char* pointer;
  Json value;
  const char* field;
};

TEST(PolicyDocumentTest, NamesTheFieldOfEachProblem) {
  const Edit edits[] = {
      {"/format", "tuneward.policy/2", "format"},
      {"/methods/allowed", Json::array(), "methods.allowed"},
      {"/methods/allowed/0", "magic", "methods.allowed[0]"},
      {"/methods/default", "none", "methods.default"},
      {"/rates/mode", "per_row", "rates.mode"},
      {"/rates/refusals/ppm", -1, "rates.refusals.ppm"},
      {"/rates/refusals/ppm", 0.1, "rates.refusals.ppm"},
      {"/rates/refusals/min_ppm", 250000, "rates.refusals.ppm"},
      {"/rates/benign/max_ppm", 1000000, "rates"},
      {"/rates/benign/min_rows", "x", "rates.benign.min_rows"},
      {"/forms", Json{{"in_format", 0}, {"raw", 0}, {"neutral", 0}, {"persona", 0}}, "forms"},
      {"/audit/profile", "none", "audit.profile"},
      {"/audit/allowed/0", "lax", "audit.allowed[0]"},
      {"/audit/allowed/0", "full", "audit.allowed[0]"},  // of the design, not of this catalogue
      {"/on_overlong", "ignore", "on_overlong"},
      {"/gate/min_n", 0, "gate.min_n"},
      {"/gate/extra", 1, "gate.extra"},
      {"/surprise", 1, "surprise"},
  };
  for (const Edit& edit : edits) {
    SCOPED_TRACE(edit.pointer);
    Json json = DefaultPolicy().ToJson();
    json[Json::json_pointer(edit.pointer)] = edit.value;
    auto doc = PolicyFromJson(json, "x", 1);
    ASSERT_FALSE(doc.ok());
    const ErrorInfo info = GetErrorInfo(doc.status());
    EXPECT_EQ(info.reason, "INVALID_FIELD");
    std::vector<std::string> fields;
    for (const auto& v : info.violations) fields.push_back(v.field);
    EXPECT_NE(std::find(fields.begin(), fields.end(), edit.field), fields.end()) << doc.status();
  }
}

TEST(PolicyDocumentTest, ReportsAllProblemsAtOnce) {
  Json json = DefaultPolicy().ToJson();
  json.erase("gate");
  json["methods"]["default"] = "none";
  json["on_overlong"] = "ignore";
  EXPECT_EQ(GetErrorInfo(PolicyFromJson(json, "x", 1).status()).violations.size(), 3u);
}

}  // namespace
}  // namespace tuneward
