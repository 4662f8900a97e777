#include "sandbox/experiment/verdict_tables.h"

#include <utility>

#include <fmt/format.h>

#include "sandbox/experiment/figure_text.h"
#include "sandbox/experiment/markdown_table.h"

namespace tuneward {
namespace {

using Row = std::vector<std::string>;

std::string Mark(bool yes) { return yes ? "yes" : "no"; }

// What is compared: first minus second.
constexpr std::pair<const char*, const char*> kPairs[] = {
    {"default", "base_balanced"},
    {"default", "paraphrase_balanced"},
    {"paraphrase_balanced", "base_balanced"},
    {"paraphrase", "base"},
    {"longest_balanced", "base_balanced"},
    {"longest", "base"},
    {"paraphrase_balanced", "paraphrase"},
};

constexpr Measure kCompared[] = {Measure::kAsrMax, Measure::kOverRefusalMax, Measure::kAccuracy};

// A pair's differences of one measure, by family.
using Differences = std::vector<PairedTest>;

std::vector<std::optional<double>> Adjusted(const Differences& list) {
  std::vector<std::optional<double>> p;
  for (const PairedTest& test : list) p.push_back(test.p);
  return HolmAdjust(p);
}

void AddTest(Row& row, const PairedTest& test, std::optional<double> holm) {
  row.push_back(DifferenceText(test.difference));
  row.push_back(PText(test.p));
  row.push_back(PText(holm));
}

// The rows of one pair of arms: a family each, then their average.
void AddPair(const GridResults& grid, Setup setup, const char* first, const char* second,
             std::vector<Row>& rows) {
  const auto compare = [&](auto values) {
    std::vector<PairedTest> tests;
    for (const Measure measure : kCompared)
      tests.push_back(ComparePaired(values(first, measure), values(second, measure)));
    return tests;
  };
  std::vector<Row> heads;
  std::vector<Differences> columns(std::size(kCompared));
  for (const std::string& family : grid.Families(setup.model, setup.strategy)) {
    setup.family = family;
    const auto tests = compare([&](const char* arm, Measure measure) {
      setup.arm = arm;
      return grid.Values(setup, measure);
    });
    if (tests.front().difference.n == 0) continue;
    heads.push_back({fmt::format("{} - {}", first, second), family,
                     fmt::format("{}", tests.front().difference.n),
                     PText(tests.front().p_sign_flip)});
    for (size_t m = 0; m < tests.size(); ++m) columns[m].push_back(tests[m]);
  }
  for (size_t i = 0; i < heads.size(); ++i) {
    for (const Differences& column : columns) AddTest(heads[i], column[i], Adjusted(column)[i]);
    rows.push_back(heads[i]);
  }
  if (heads.size() < 2) return;
  const std::vector<std::string> shared = grid.SharedFamilies(setup.model, setup.strategy);
  const auto tests = compare([&](const char* arm, Measure measure) {
    setup.arm = arm;
    return grid.FamilyMeans(setup, shared, measure);
  });
  if (tests.front().difference.n == 0) return;
  Row average = {fmt::format("{} - {}", first, second), "average",
                 fmt::format("{}", tests.front().difference.n), PText(tests.front().p_sign_flip)};
  for (const PairedTest& test : tests) AddTest(average, test, std::nullopt);
  rows.push_back(average);
}

}  // namespace

std::string TargetsTable(const std::vector<Target>& targets, bool provisional) {
  std::vector<Row> rows = {{"target", "figure", "verdict"}};
  for (const Target& target : targets) {
    const bool judged =
        target.verdict == TargetVerdict::kMet || target.verdict == TargetVerdict::kMissed;
    rows.push_back({(target.primary ? "PRIMARY: " : "") + target.what, target.figure,
                    VerdictText(target) + (judged && provisional ? " (provisional)" : "")});
  }
  return MarkdownTable(rows, 3);
}

std::string EndpointTable(const Endpoint& endpoint) {
  std::vector<Row> rows = {{"family", "seeds", "default", "base_balanced", "difference", "p",
                            "Holm p", "sign flip p", "over-refusal", "accuracy loss", "rows",
                            "tokens", "halved", "in bounds", "shown"}};
  const auto versus = [](const SeedMean& ours, const SeedMean& base) {
    return fmt::format("{} : {}", CountText(ours), CountText(base));
  };
  for (const EndpointFamily& f : endpoint.families)
    rows.push_back(
        {f.family, fmt::format("{}", f.asr.difference.n), MeanText(f.with_default),
         MeanText(f.with_base), DifferenceText(f.asr.difference), PText(f.asr.p), PText(f.holm),
         PText(f.asr.p_sign_flip), MeanText(f.over_refusal),
         DifferenceText(f.accuracy_loss.difference), versus(f.default_rows, f.base_rows),
         versus(f.default_tokens, f.base_tokens), f.measured ? Mark(f.halved) : kNoFigure,
         f.measured ? Mark(f.in_bounds) : kNoFigure, f.tested ? Mark(f.shown) : kNoFigure});
  return MarkdownTable(rows);
}

std::string ComparisonsTable(const GridResults& grid, const std::string& model,
                             const std::string& strategy) {
  std::vector<Row> rows = {{"pair", "family", "seeds", "sign flip p", "largest ASR", "p", "Holm p",
                            "over-refusal", "p", "Holm p", "accuracy", "p", "Holm p"}};
  for (const auto& [first, second] : kPairs)
    AddPair(grid, {model, "", strategy, "", 0}, first, second, rows);
  return rows.size() == 1 ? "" : MarkdownTable(rows, 2);
}

}  // namespace tuneward
