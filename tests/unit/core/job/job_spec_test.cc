#include "core/job/job_spec.h"

#include <cmath>
#include <functional>

#include <gtest/gtest.h>

namespace tuneward {
namespace {

JobSpec Good() {
  JobSpec spec;
  spec.base_model = "nano-shallow";
  spec.training_file = "file-01hk153x000000000000000000";
  spec.seed = 7;
  return spec;
}

JobSpec Full() {
  JobSpec spec = Good();
  spec.validation_file = "file-01hk153x000000000000000001";
  spec.suffix = "my-model";
  spec.hyperparameters = {.epochs = 3,
                          .batch_size = 8,
                          .learning_rate_multiplier = 0.5,
                          .warmup_steps = 10,
                          .schedule = "constant",
                          .max_tokens = 512,
                          .lora_rank = 8,
                          .lora_alpha = 12.5,
                          .lora_dropout = 0.05,
                          .lora_targets = {"v_proj", "q_proj"}};
  spec.safety = {.mix_method = "base",
                 .refusals_ppm = 200'000,
                 .lookalikes_ppm = 150'000,
                 .benign_ppm = 0,
                 .audit_profile = "standard"};
  spec.metadata = {{"team", "a"}};
  return spec;
}

TEST(JobSpecTest, AcceptsGoodSpecs) {
  EXPECT_TRUE(ValidateJobSpec(Good()).ok());
  EXPECT_TRUE(ValidateJobSpec(Full()).ok());
  EXPECT_TRUE(CheckAgainstPolicy(Full(), DefaultPolicy()).ok());
}

TEST(JobSpecTest, NamesFieldValueAndRangeOfEachViolation) {
  struct Case {
    const char* field;
    std::function<void(JobSpec&)> edit;
    const char* part;
  };
  const Case cases[] = {
      {"base_model", [](JobSpec& s) { s.base_model = "../x"; }, "../x"},
      {"training_file", [](JobSpec& s) { s.training_file = ""; }, "got \"\""},
      {"training_file", [](JobSpec& s) { s.training_file = "file-../x"; }, "file-../x"},
      {"validation_file", [](JobSpec& s) { s.validation_file = "nope"; }, "nope"},
      {"suffix", [](JobSpec& s) { s.suffix = "Bad/Name"; }, "Bad/Name"},
      {"suffix", [](JobSpec& s) { s.suffix = std::string(65, 'a'); }, "at most 64"},
      {"seed", [](JobSpec& s) { s.seed = -1; }, "[0, 2147483647], got -1"},
      {"hyperparameters.epochs", [](JobSpec& s) { s.hyperparameters.epochs = 0; },
       "[1, 50], got 0"},
      {"hyperparameters.batch_size", [](JobSpec& s) { s.hyperparameters.batch_size = 257; },
       "[1, 256], got 257"},
      {"hyperparameters.learning_rate_multiplier",
       [](JobSpec& s) { s.hyperparameters.learning_rate_multiplier = 0; }, "got 0"},
      {"hyperparameters.learning_rate_multiplier",
       [](JobSpec& s) { s.hyperparameters.learning_rate_multiplier = std::nan(""); }, "got nan"},
      {"hyperparameters.warmup_steps", [](JobSpec& s) { s.hyperparameters.warmup_steps = -5; },
       "got -5"},
      {"hyperparameters.schedule", [](JobSpec& s) { s.hyperparameters.schedule = "step"; },
       "cosine, constant or linear, got \"step\""},
      {"hyperparameters.warmup_ratio", [](JobSpec& s) { s.hyperparameters.warmup_ratio = 1; },
       "got 1"},
      {"hyperparameters.warmup_ratio",
       [](JobSpec& s) {
         s.hyperparameters.warmup_ratio = 0.1;
         s.hyperparameters.warmup_steps = 5;
       },
       "not both, got 5 and 0.1"},
      {"hyperparameters.eval_every", [](JobSpec& s) { s.hyperparameters.eval_every = 5; },
       "needs a validation_file, got 5 and none"},
      {"hyperparameters.patience", [](JobSpec& s) { s.hyperparameters.patience = 2; },
       "needs a validation_file, got 2 and none"},
      {"hyperparameters.eval_every",
       [](JobSpec& s) {
         s.validation_file = "file-01hk153x000000000000000001";
         s.hyperparameters.eval_every = 0;
       },
       "[1, 100000], got 0"},
      {"hyperparameters.patience",
       [](JobSpec& s) {
         s.validation_file = "file-01hk153x000000000000000001";
         s.hyperparameters.patience = 1001;
       },
       "[1, 1000], got 1001"},
      {"hyperparameters.max_tokens", [](JobSpec& s) { s.hyperparameters.max_tokens = 3; }, "got 3"},
      {"hyperparameters.lora_rank", [](JobSpec& s) { s.hyperparameters.lora_rank = 0; },
       "[1, 256], got 0"},
      {"hyperparameters.lora_alpha", [](JobSpec& s) { s.hyperparameters.lora_alpha = -1; },
       "got -1"},
      {"hyperparameters.lora_dropout", [](JobSpec& s) { s.hyperparameters.lora_dropout = 1; },
       "got 1"},
      {"hyperparameters.lora_targets[0]",
       [](JobSpec& s) { s.hyperparameters.lora_targets = {"lm_head"}; }, "lm_head"},
      {"hyperparameters.lora_targets[1]",
       [](JobSpec& s) {
         s.hyperparameters.lora_targets = {"q_proj", "q_proj"};
       },
       "given twice"},
      {"method", [](JobSpec& s) { s.method = "ppo"; }, "supervised or dpo, got \"ppo\""},
      {"hyperparameters.beta", [](JobSpec& s) { s.hyperparameters.beta = 0.1; },
       "is of method dpo, and the job's method is supervised, got 0.1"},
      {"hyperparameters.beta",
       [](JobSpec& s) {
         s.method = "dpo";
         s.hyperparameters.beta = 0;
       },
       "[1e-06, 2], got 0"},
      {"hyperparameters.beta",
       [](JobSpec& s) {
         s.method = "dpo";
         s.hyperparameters.beta = 2.5;
       },
       "got 2.5"},
      {"safety.refusals_ppm", [](JobSpec& s) { s.safety.refusals_ppm = -1; }, "got -1"},
      {"metadata",
       [](JobSpec& s) {
         for (int i = 0; i < 17; ++i) s.metadata[std::to_string(i)] = "";
       },
       "at most 16 pairs, got 17"},
      {"metadata.k", [](JobSpec& s) { s.metadata["k"] = std::string(513, 'v'); },
       "at most 512 bytes, got 513"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.field);
    JobSpec spec = Good();
    c.edit(spec);
    const absl::Status status = ValidateJobSpec(spec);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    const ErrorInfo info = GetErrorInfo(status);
    ASSERT_EQ(info.violations.size(), 1u) << status;
    EXPECT_EQ(info.violations[0].field, c.field);
    EXPECT_NE(info.violations[0].description.find(c.part), std::string::npos)
        << info.violations[0].description;
  }
}

TEST(JobSpecTest, QuotesTextInWholeCharacters) {
  std::string accents = "x";
  for (int i = 0; i < 100; ++i) accents += "\xC3\xA9";
  JobSpec spec = Good();
  spec.training_file = spec.validation_file = spec.suffix = accents;
  spec.metadata[accents] = "v";
  const absl::Status status = ValidateJobSpec(spec);
  EXPECT_NO_THROW(Json(std::string(status.message())).dump()) << "must be UTF-8";
  EXPECT_EQ(status.message().find("\xEF\xBF\xBD"), std::string::npos);
  for (const FieldViolation& violation : GetErrorInfo(status).violations) {
    EXPECT_EQ(violation.description.find("\xEF\xBF\xBD"), std::string::npos) << violation.field;
    EXPECT_EQ(violation.field.find("\xEF\xBF\xBD"), std::string::npos) << violation.field;
  }
}

TEST(JobSpecTest, ReportsAllViolationsAtOnce) {
  JobSpec spec = Good();
  spec.training_file = "x";
  spec.hyperparameters.epochs = 0;
  spec.hyperparameters.lora_rank = 999;
  EXPECT_EQ(GetErrorInfo(ValidateJobSpec(spec)).violations.size(), 3u);
}

TEST(JobSpecTest, PolicyForbidsMethodsRatesAndProfiles) {
  JobSpec spec = Good();
  spec.safety = {.mix_method = "none", .refusals_ppm = 0, .audit_profile = "full"};
  const absl::Status status = CheckAgainstPolicy(spec, DefaultPolicy());
  const ErrorInfo info = GetErrorInfo(status);
  EXPECT_EQ(info.reason, "POLICY_FORBIDS");
  ASSERT_EQ(info.violations.size(), 3u);
  EXPECT_EQ(info.metadata.at("policy"), "default@1");
  EXPECT_EQ(info.metadata.at("field"), "safety.mix_method");
  spec.safety = {.mix_method = "none"};
  EXPECT_TRUE(CheckAgainstPolicy(spec, OpenPolicy()).ok());
}

JobSpec Dpo() {
  JobSpec spec = Full();
  spec.hyperparameters.schedule = "linear";
  spec.hyperparameters.warmup_steps = std::nullopt;
  spec.hyperparameters.warmup_ratio = 0.05;
  spec.hyperparameters.eval_every = 40;
  spec.hyperparameters.patience = 3;
  spec.method = "dpo";
  spec.hyperparameters.beta = 0.25;
  return spec;
}

// What was stored and hashed before there was another method.
TEST(JobSpecTest, ASupervisedJobSaysNothingOfItsMethod) {
  EXPECT_EQ(CanonicalJson(Good().ToJson()),
            R"({"base_model":"nano-shallow","hyperparameters":{},"metadata":{},"safety":{},)"
            R"("seed":7,"training_file":"file-01hk153x000000000000000000"})");
  EXPECT_EQ(Resolve(Good(), 300, {})->ToJson().size(), 11u);
  EXPECT_EQ(JobSpec::FromJson(Good().ToJson())->method, "supervised");
}

TEST(ResolveTest, AValidationFileIsEvaluatedAboutOnceAnEpoch) {
  EXPECT_EQ(Resolve(Good(), 300, {})->eval_every, 0);
  JobSpec spec = Good();
  spec.validation_file = "file-01hk153x000000000000000001";
  const auto resolved = Resolve(spec, 300, {});
  EXPECT_EQ(resolved->eval_every, 50);  // 300 rows, 6 a step
  EXPECT_EQ(resolved->patience, 0);
  EXPECT_FALSE(resolved->ToJson().contains("patience"));
  const auto chosen = Resolve(Dpo(), 300, {});
  EXPECT_EQ(chosen->eval_every, 40);
  EXPECT_EQ(chosen->patience, 3);
  EXPECT_DOUBLE_EQ(chosen->warmup_ratio, 0.05);
  EXPECT_EQ(chosen->warmup_steps, 0);
}

TEST(ResolveTest, BetaIsOfDpoAlone) {
  EXPECT_EQ(Resolve(Good(), 300, {})->beta, 0);
  JobSpec spec = Dpo();
  EXPECT_TRUE(ValidateJobSpec(spec).ok());
  EXPECT_DOUBLE_EQ(Resolve(spec, 300, {})->beta, 0.25);
  spec.hyperparameters.beta = std::nullopt;
  const auto resolved = Resolve(spec, 300, {});
  EXPECT_EQ(resolved->method, "dpo");
  EXPECT_DOUBLE_EQ(resolved->beta, 0.1);
  const auto back = ResolvedHyperparameters::FromJson(resolved->ToJson());
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(*back, *resolved);
  Json json = resolved->ToJson();
  json.erase("beta_ppm");
  EXPECT_FALSE(ResolvedHyperparameters::FromJson(json).ok());
  json["method"] = "ppo";
  EXPECT_FALSE(ResolvedHyperparameters::FromJson(json).ok());
}

TEST(JobSpecTest, ReadsBackFromItsJson) {
  for (const JobSpec& spec : {Good(), Full(), Dpo()}) {
    auto back = JobSpec::FromJson(*ParseJson(CanonicalJson(spec.ToJson())));
    ASSERT_TRUE(back.ok()) << back.status();
    EXPECT_EQ(*back, spec);
    EXPECT_EQ(back->Hash(), spec.Hash());
  }
  EXPECT_NE(Good().Hash(), Full().Hash());
  EXPECT_NE(Dpo().Hash(), Full().Hash());
  Json json = Good().ToJson();
  json["hyperparameters"]["lora_rnak"] = 8;
  EXPECT_EQ(GetErrorInfo(JobSpec::FromJson(json).status()).violations[0].field,
            "hyperparameters.lora_rnak");
}

TEST(ResolveTest, AutoFollowsTheNumberOfRows) {
  struct Case {
    int64_t rows, epochs, batch;
  };
  for (const Case& c : {Case{10, 10, 4},
                        {150, 10, 4},
                        {300, 5, 6},
                        {1000, 2, 20},
                        {1500, 1, 30},
                        {100000, 1, 64}}) {
    auto r = Resolve(Good(), c.rows, {.lora_lr = 2e-3, .context = 1024});
    ASSERT_TRUE(r.ok());
    EXPECT_EQ(r->epochs, c.epochs) << c.rows;
    EXPECT_EQ(r->batch_size, c.batch) << c.rows;
    EXPECT_DOUBLE_EQ(r->learning_rate, 2e-3);
    EXPECT_EQ(r->max_tokens, 1024);
    EXPECT_EQ(r->lora_rank, 16);
    EXPECT_EQ(r->lora_targets, AllLoraTargets());
    EXPECT_EQ(r->seed, 7u);
  }
}

TEST(ResolveTest, ExplicitValuesWinAndReadBack) {
  auto r = Resolve(Full(), 300, {.lora_lr = 2e-3, .context = 1024});
  ASSERT_TRUE(r.ok());
  EXPECT_EQ(r->epochs, 3);
  EXPECT_DOUBLE_EQ(r->learning_rate, 1e-3);
  EXPECT_DOUBLE_EQ(r->lora_alpha, 12.5);
  EXPECT_EQ(r->lora_targets, (std::vector<std::string>{"q_proj", "v_proj"}));
  auto back = ResolvedHyperparameters::FromJson(*ParseJson(CanonicalJson(r->ToJson())));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(*back, *r);
}

TEST(ResolveTest, RefusesMoreTokensThanTheContext) {
  JobSpec spec = Good();
  spec.hyperparameters.max_tokens = 2048;
  const ErrorInfo info =
      GetErrorInfo(Resolve(spec, 300, {.lora_lr = 1e-3, .context = 1024}).status());
  ASSERT_EQ(info.violations.size(), 1u);
  EXPECT_EQ(info.violations[0].field, "hyperparameters.max_tokens");
}

TEST(ResolveTest, ARankFitsTheSmallerSideOfEveryTarget) {
  const Json dims = {
      {"hidden", 16}, {"heads", 2}, {"kv_heads", 1}, {"head_dim", 8}, {"intermediate", 24}};
  const BaseDefaults base = ParseBaseDefaults(Json::object(), 1024, dims).value();
  JobSpec spec;
  spec.seed = 1;
  EXPECT_EQ(Resolve(spec, 100, base)->lora_rank, 8) << "auto: k and v have 8 rows";
  spec.hyperparameters.lora_rank = 9;
  const absl::Status refused = Resolve(spec, 100, base).status();
  ASSERT_EQ(GetErrorInfo(refused).violations.size(), 1u) << refused;
  EXPECT_EQ(GetErrorInfo(refused).violations[0].field, "hyperparameters.lora_rank");
  EXPECT_NE(GetErrorInfo(refused).violations[0].description.find("[1, 8]"), std::string::npos);
  spec.hyperparameters.lora_targets = {"q_proj", "down_proj"};
  EXPECT_EQ(Resolve(spec, 100, base)->lora_rank, 9);
  spec.hyperparameters.lora_rank = 17;
  EXPECT_FALSE(Resolve(spec, 100, base).ok());
  EXPECT_EQ(Resolve(spec, 100, BaseDefaults{})->lora_rank, 17) << "sides are not known";
}

TEST(BaseDefaultsTest, ReadsTheRecordsRate) {
  EXPECT_DOUBLE_EQ(ParseBaseDefaults({{"lora_lr", 0.002}}, 1024)->lora_lr, 0.002);
  EXPECT_FALSE(ParseBaseDefaults({{"lora_lr", "fast"}}, 1024).ok());
}

TEST(EffectiveTest, ChoicesReplaceThePolicysDefaults) {
  const PolicyDocument policy = DefaultPolicy();
  EXPECT_EQ(EffectiveMethod({}, policy), "paraphrase");
  EXPECT_EQ(EffectiveMethod(Full().safety, policy), "base");
  EXPECT_EQ(EffectiveRates({}, policy), policy.rates);
  EXPECT_EQ(EffectiveRates(Full().safety, policy).refusals.ppm, 200'000);
  EXPECT_EQ(EffectiveRates(Full().safety, policy).refusals.min_rows,
            policy.rates.refusals.min_rows);
  EXPECT_EQ(EffectiveAuditProfile({}, policy), "quick");
}

TEST(JobSpecTest, AChoiceThatHardlyDiffersIsTheSameTry) {
  const PolicyDocument policy = DefaultPolicy();
  const SafetyChoice plain;
  EXPECT_TRUE(IsSameTry(plain, plain, policy));
  EXPECT_TRUE(IsSameTry(plain, {.refusals_ppm = 200'001}, policy));
  EXPECT_TRUE(IsSameTry(plain, {.benign_ppm = 300'000}, policy));
  EXPECT_TRUE(IsSameTry(plain, {.audit_profile = "standard"}, policy));
  EXPECT_TRUE(IsSameTry(plain, {.mix_method = "paraphrase"}, policy));  // the default by its name
  EXPECT_TRUE(IsSameTry({.refusals_ppm = 300'000}, plain, policy));     // less is no new try
}

TEST(JobSpecTest, MoreSafetyRowsOrAnotherMethodAreANewTry) {
  const PolicyDocument policy = DefaultPolicy();
  const SafetyChoice plain;
  EXPECT_FALSE(IsSameTry(plain, {.refusals_ppm = 250'000}, policy));
  EXPECT_FALSE(IsSameTry(plain, {.lookalikes_ppm = 150'000}, policy));
  EXPECT_FALSE(IsSameTry(plain, {.mix_method = "base"}, policy));
}

}  // namespace
}  // namespace tuneward
