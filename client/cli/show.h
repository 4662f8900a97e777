// What several commands show to people: a job, a model, a plan, an audit. Text for a terminal;
// every string that somebody else chose goes through TerminalSafe.
#pragma once

#include <ostream>

#include "client/cli/progress.h"
#include "core/base/status.h"
#include "tuneward/v1/fine_tuning.pb.h"
#include "tuneward/v1/models.pb.h"

namespace tuneward::cli {

void ShowJob(std::ostream& out, const v1::Job& job);
void ShowModel(std::ostream& out, const v1::Model& model);

// Counts, rates and `rows` of the mixed rows, the kinds by turns. INTERNAL when the document is not
// a plan.
absl::Status ShowPlan(std::ostream& out, const v1::JobPlan& plan, int64_t rows);

// The table of core/job/audit_table and the gate's reasons. INTERNAL when the document is not a
// report.
absl::Status ShowAudit(std::ostream& out, const v1::AuditReport& report);

// `now_seconds`: since the epoch, for the time that is left.
ProgressView ViewOf(const v1::Job& job, int64_t now_seconds);

}  // namespace tuneward::cli
