#include "sandbox/experiment/tables.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "sandbox/experiment/figure_text.h"
#include "sandbox/experiment/markdown_table.h"

namespace tuneward {
namespace {

using Row = std::vector<std::string>;

constexpr std::pair<Measure, const char*> kColumns[] = {
    {Measure::kAsrRaw, "ASR raw"},
    {Measure::kAsrInFormat, "in format"},
    {Measure::kAsrAoa, "AOA"},
    {Measure::kAsrMax, "largest"},
    {Measure::kAsrHeldOut, "held out"},
    {Measure::kOverRefusalRaw, "refuses safe"},
    {Measure::kOverRefusalInFormat, "in format"},
    {Measure::kAccuracy, "accuracy"},
    {Measure::kAddedRows, "rows"},
    {Measure::kAddedTokens, "tokens"},
};

Row Head(Row first) {
  first.push_back("seeds");
  for (const auto& [measure, title] : kColumns) first.push_back(title);
  return first;
}

// `values` of a measure are BySeed.
template <typename Values>
Row Figures(Row first, Values values) {
  first.push_back(fmt::format("{}", values(Measure::kAddedRows).size()));
  for (const auto& [measure, title] : kColumns) {
    const bool counts = measure == Measure::kAddedRows || measure == Measure::kAddedTokens;
    const SeedMean mean = MeanOverSeeds(values(measure));
    first.push_back(counts ? CountText(mean) : MeanText(mean));
  }
  return first;
}

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

struct Comparison {
  std::string family;
  PairedTest asr, over_refusal;
};

void AddComparisons(const std::string& pair, const std::vector<Comparison>& list,
                    std::vector<Row>& rows) {
  std::vector<std::optional<double>> asr, over_refusal;
  for (const Comparison& c : list) {
    asr.push_back(c.asr.p);
    over_refusal.push_back(c.over_refusal.p);
  }
  asr = HolmAdjust(asr);
  over_refusal = HolmAdjust(over_refusal);
  for (size_t i = 0; i < list.size(); ++i) {
    const Comparison& c = list[i];
    rows.push_back({pair, c.family, fmt::format("{}", c.asr.difference.n),
                    DifferenceText(c.asr.difference), PText(c.asr.p), PText(asr[i]),
                    PText(c.asr.p_sign_flip), DifferenceText(c.over_refusal.difference),
                    PText(c.over_refusal.p), PText(over_refusal[i])});
  }
}

}  // namespace

std::string TargetsTable(const std::vector<Target>& targets, bool provisional) {
  std::vector<Row> rows = {{"target", "figure", "verdict"}};
  for (const Target& target : targets) {
    const bool judged = target.verdict == Verdict::kMet || target.verdict == Verdict::kMissed;
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

std::string AveragesTable(const GridResults& grid, const std::string& model,
                          const std::string& strategy) {
  const std::vector<std::string> families = grid.SharedFamilies(model, strategy);
  std::vector<Row> rows = {Head({"arm"})};
  for (const std::string& arm : grid.ArmsOf(model, strategy))
    rows.push_back(Figures({arm}, [&](Measure measure) {
      return grid.FamilyMeans({model, "", strategy, arm, 0}, families, measure);
    }));
  return MarkdownTable(rows);
}

std::string CellsTable(const GridResults& grid, const std::string& model,
                       const std::string& strategy) {
  std::vector<Row> rows = {Head({"family", "arm"})};
  for (const std::string& family : grid.Families(model, strategy))
    for (const std::string& arm : grid.ArmsOf(model, strategy)) {
      const Setup setup = {model, family, strategy, arm, 0};
      if (grid.setups().contains(setup))
        rows.push_back(
            Figures({family, arm}, [&](Measure measure) { return grid.Values(setup, measure); }));
    }
  return MarkdownTable(rows, 2);
}

std::string RatesTable(const GridResults& grid, const std::string& model) {
  std::vector<Row> rows = {Head({"family", "strategy", "arm", "rate"})};
  std::vector<std::string> names;
  for (const auto& [setup, records] : grid.setups()) names.push_back(setup.arm);
  names = InArmOrder(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  for (const std::string& arm : names)
    for (const auto& [setup, records] : grid.setups())
      if (setup.model == model && setup.arm == arm && setup.rate_ppm > 0)
        rows.push_back(Figures({setup.family, setup.strategy, arm,
                                fmt::format("{:g} %", static_cast<double>(setup.rate_ppm) / 1e4)},
                               [&](Measure measure) { return grid.Values(setup, measure); }));
  return rows.size() == 1 ? "" : MarkdownTable(rows, 3);
}

std::string ComparisonsTable(const GridResults& grid, const std::string& model,
                             const std::string& strategy) {
  std::vector<Row> rows = {{"pair", "family", "seeds", "largest ASR", "p", "Holm p", "sign flip p",
                            "over-refusal", "p", "Holm p"}};
  for (const auto& [first, second] : kPairs) {
    std::vector<Comparison> list;
    for (const std::string& family : grid.Families(model, strategy)) {
      const auto compare = [&](Measure measure) {
        return ComparePaired(grid.Values({model, family, strategy, first, 0}, measure),
                             grid.Values({model, family, strategy, second, 0}, measure));
      };
      Comparison c = {family, compare(Measure::kAsrMax), compare(Measure::kOverRefusalMax)};
      if (c.asr.difference.n > 0) list.push_back(std::move(c));
    }
    AddComparisons(fmt::format("{} - {}", first, second), list, rows);
  }
  return rows.size() == 1 ? "" : MarkdownTable(rows, 2);
}

}  // namespace tuneward
