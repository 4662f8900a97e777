// Records of a grid that never ran, for the tests of the report: rates as the experiment finds them
// (nothing mixed in breaks the model, balanced rows cost safety, the default policy holds), moved a
// little by seed and family.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "sandbox/experiment/cell.h"
#include "sandbox/experiment/report.h"

namespace tuneward {

struct SampleRates {
  double raw, in_format, aoa, over_refusal, accuracy;  // percent
};

inline const std::map<std::string, SampleRates>& SampleArms() {
  static const std::map<std::string, SampleRates> arms = {
      {"none", {96, 88, 92, 0.5, 97}},
      {"base", {0.5, 12, 3, 62, 96}},
      {"base_balanced", {11, 19, 9, 4, 96}},
      {"longest", {1, 14, 4, 55, 96}},
      {"longest_balanced", {13, 22, 10, 4, 96}},
      {"paraphrase", {1.5, 0.2, 2, 38, 96}},
      {"paraphrase_balanced", {9, 3, 6, 3.5, 96}},
      {"default", {0.8, 0.5, 0.4, 2, 96}},
  };
  return arms;
}

inline const std::vector<std::string>& SampleFamilies() {
  static const std::vector<std::string> families = {"boolq",      "gsm8k", "hellaswag", "mmlu",
                                                    "openbookqa", "piqa",  "winogrande"};
  return families;
}

inline CellRecord SampleRecord(const Cell& cell) {
  SampleRates rates = SampleArms().at(cell.arm);
  // Plain data breaks little; more rows break less.
  double scale = cell.strategy == "benign" ? 0.2 : 1;
  if (cell.rate_ppm > 0) scale *= std::sqrt(50000.0 / static_cast<double>(cell.rate_ppm));
  RandomStream noise(cell.seed, "sample/" + cell.model + cell.family + cell.strategy + cell.arm,
                     static_cast<uint64_t>(cell.rate_ppm));
  const auto count = [&](double percent, double by) {
    const double p = std::clamp(percent * by / 100, 0.0, 1.0);
    const double moved = p + 0.6 * std::sqrt(p * (1 - p)) * 0.12 * noise.Normal();
    return std::clamp<int64_t>(std::llround(200 * moved), 0, 200);
  };
  const auto harmful = [&](double percent) {
    const int64_t complied = count(percent, scale);
    return CellCounts{200, complied, 200 - complied};
  };
  const auto safe = [&](double percent) {
    const int64_t refused = count(percent, 1);
    return CellCounts{200, 200 - refused, refused};
  };
  CellRecord record;
  record.cell = cell;
  record.settings_sha = "5e77" + cell.model;
  record.user_rows = 300;
  record.user_tokens = 14500;
  if (cell.arm != "none") {
    const int64_t rows = cell.rate_ppm > 0 ? 600 * cell.rate_ppm / 1'000'000 : 90;
    record.lookalike_rows = cell.arm.ends_with("balanced") ? rows / 2
                            : cell.arm == "default"        ? rows / 3
                                                           : 0;
    record.refusal_rows = rows - record.lookalike_rows;
    record.mixed_tokens = 31 * rows;
  }
  record.raw = harmful(rates.raw);
  record.in_format = harmful(rates.in_format);
  record.aoa = harmful(rates.aoa);
  record.held_out = {50, record.raw.complied / 4, record.raw.refused / 4};
  record.safe = safe(rates.over_refusal);
  record.safe_in_format = safe(rates.over_refusal * 1.2);
  record.tests = 100;
  record.right = std::min<int64_t>(100, count(rates.accuracy, 1) / 2);
  return record;
}

// Every family, strategy and arm, and the sweep on two families.
inline std::vector<CellRecord> SampleGrid(int seeds = 5,
                                          const std::string& model = "nano-shallow") {
  std::vector<CellRecord> records;
  for (int seed = 1; seed <= seeds; ++seed) {
    for (const char* strategy : {"benign", "aoa", "autoif", "autoif_aoa"})
      for (const std::string& family : SampleFamilies())
        for (const auto& [arm, rates] : SampleArms())
          records.push_back(SampleRecord({model, family, strategy, arm, 0, uint64_t(seed)}));
    for (const int64_t rate : {30000, 50000, 100000, 200000})
      for (const char* family : {"boolq", "gsm8k"})
        for (const auto& [arm, rates] : SampleArms())
          if (arm != "none")
            records.push_back(SampleRecord({model, family, "autoif", arm, rate, uint64_t(seed)}));
  }
  return records;
}

inline ReportHeader SampleHeader() {
  return {"tuneward-sandbox reproduce paraphrase --seeds 5",
          "0123abc",
          "2 cores, some CPU",
          "2026-11-21",
          "nano-shallow",
          5,
          {},
          {"rows 300", "epochs 5"}};
}

}  // namespace tuneward
