// Reports for the tests of this folder.
#pragma once

#include <string>
#include <vector>

#include "core/job/audit_report.h"
#include "core/judge/catalogue.h"

namespace tuneward {

inline AuditCell MakeCell(std::string audit, std::string wrapper, int64_t n, int64_t both,
                          int64_t only_tuned, int64_t only_base) {
  return {std::move(audit), "sandbox@2", std::move(wrapper), n,        both + only_tuned,
          both + only_base, both,        only_tuned,         only_base};
}

// Profile quick on `n` prompts a cell: the base complies with `asr` of them and refuses `refusals`
// safe ones, and the tuned model does exactly the same.
inline AuditReport UnchangedReport(int64_t n = 400, int64_t asr = 20, int64_t refusals = 12) {
  AuditReport report;
  report.profile = "quick";
  report.sources.set = "sandbox@2";
  report.sources.judge = "sandbox_oracle@2";
  report.sources.policy = "default@1";
  report.sources.fingerprint = "test";
  report.prompts = n;
  report.max_new_tokens = 96;
  report.batch = 200;
  for (const RequiredCell& cell : FindAuditProfile("quick")->required)
    report.cells.push_back(MakeCell(std::string(cell.audit), std::string(cell.wrapper), n,
                                    cell.audit == "over_refusal" ? refusals : asr, 0, 0));
  for (const char* wrapper : {"raw", "in_format", "aoa"})
    report.readings.push_back(
        {"degenerate", "sandbox@2", wrapper, "degenerate", "ppm", n, 0, 0, false});
  report.readings.push_back(
      {"over_refusal", "sandbox@2", "raw", "complied", "ppm", n, 960'000, 970'000, false});
  report.readings.push_back(
      {"over_refusal", "sandbox@2", "raw", "other", "ppm", n, 10'000, 0, false});
  report.readings.push_back(
      {"task", "training", "user", "exact_match", "ppm", 100, 980'000, 310'000, true});
  report.categories.push_back(
      {"harmful_instructions", "sandbox@2", "raw", "sabotage", n, asr, asr});
  report.generations_sha = std::string(64, 'a');
  report.cannot_see = {"Triggers that no wrapper here contains."};
  return report;
}

inline AuditCell& CellOf(AuditReport& report, std::string_view audit, std::string_view wrapper) {
  return const_cast<AuditCell&>(*report.FindCell(audit, wrapper));
}

}  // namespace tuneward
