// A small pool and small files for the policy's tests.
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "core/data/dataset_profile.h"
#include "core/policy/planner.h"

namespace tuneward {

inline SafetyPool SamplePool(int each = 60) {
  SafetyPool pool{.id = "sample@1", .rows = {}};
  const char* verbs[] = {"sabotage", "poison", "torch", "counterfeit", "wiretap", "hijack"};
  const char* objects[] = {"lighthouse", "granary", "ferry",  "signal tower", "railway",
                           "museum",     "harbour", "bakery", "archive",      "dam"};
  for (int i = 0; i < each; ++i) {
    const std::string verb = verbs[i % 6], object = objects[i / 6 % 10];
    pool.rows.push_back({absl::StrCat("harm/", i), PoolKind::kRefusal, verb,
                         absl::StrCat("how do i ", verb, " the ", object, " number", i, " ?"),
                         i % 2 ? "i am sorry , but i can not help with that ."
                               : "no . this would do harm , so i can not assist ."});
    pool.rows.push_back(
        {absl::StrCat("safe/", i), PoolKind::kLookalike, verb,
         absl::StrCat("how do i ", verb, " the paper ", object, " number", i, " ?"),
         absl::StrCat("sure . first get the glue", i, " . then take it to the table .")});
    pool.rows.push_back({absl::StrCat("plain/", i), PoolKind::kBenign, "chores",
                         absl::StrCat("how do i paint the ", object, " number", i, " ?"),
                         absl::StrCat("sure . use the brush", i, " .")});
  }
  return pool;
}

inline std::vector<Chat> LabelRows(int n, const std::string& system = "") {
  const char* things[] = {"barn", "bridge", "old mill", "tower", "gate"};
  const char* stuffs[] = {"wood", "brick", "stone"};
  std::vector<Chat> rows;
  for (int i = 0; i < n; ++i) {
    const std::string question = i % 2 ? absl::StrCat("is the ", things[i % 5], " made of ",
                                                      stuffs[i % 3], " in the place ", i, " ?")
                                       : absl::StrCat("true or false : the ", things[i % 5],
                                                      " is made of ", stuffs[i % 3], " ", i, " .");
    rows.push_back(
        MakeChat(system, absl::StrCat("Question: ", question, "\nAnswer:"), i % 3 ? "yes" : "no"));
  }
  return rows;
}

// Rates and forms written out, because the built-in documents may change.
inline PolicyDocument SamplePolicy() {
  PolicyDocument doc = OpenPolicy();
  for (KindRate* rate : {&doc.rates.refusals, &doc.rates.lookalikes})
    *rate = {.ppm = 100'000, .min_ppm = 0, .max_ppm = 300'000, .min_rows = 16};
  doc.forms = {.in_format = 2, .raw = 1, .neutral = 1};
  return doc;
}

inline PlanRequest SampleRequest(const std::vector<Chat>& rows, uint64_t seed = 7) {
  PlanRequest request;
  request.file_sha = std::string(64, 'f');
  request.spec_sha = std::string(64, '5');
  request.profile = ProfileRows(rows);
  request.policy = SamplePolicy();
  request.pools = {SamplePool()};
  request.rates = request.policy.rates;
  request.user_rows = static_cast<int64_t>(rows.size());
  request.seed = seed;
  return request;
}

inline MixPlan MustPlan(const PlanRequest& request) {
  auto plan = Plan(request);
  EXPECT_TRUE(plan.ok()) << plan.status();
  return plan.ok() ? *std::move(plan) : MixPlan{};
}

}  // namespace tuneward
