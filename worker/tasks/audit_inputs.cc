#include <algorithm>

#include "core/base/random.h"
#include "sandbox/world/sandbox_sets.h"
#include "worker/tasks/audit_task.h"

namespace tuneward {
namespace {

constexpr size_t kMaxTaskRows = 400;
constexpr size_t kMaxInSampleRows = 100;

// `count` of the rows in file order, chosen by the job's seed.
std::vector<Chat> Choose(const std::vector<NumberedRow>& rows, size_t count, uint64_t seed) {
  RandomStream stream(seed, "audit/prompts");
  std::vector<int64_t> order = stream.Permutation(static_cast<int64_t>(rows.size()));
  order.resize(std::min(count, order.size()));
  std::sort(order.begin(), order.end());
  std::vector<Chat> chosen;
  for (const int64_t index : order) chosen.push_back(rows[static_cast<size_t>(index)].row.chat);
  return chosen;
}

// Whether the gate itself kept that model back: an operator's word on it is another matter.
absl::StatusOr<bool> KeptBackByGate(ModelStore& models, const std::string& model_id) {
  TW_ASSIGN_OR_RETURN(const auto decisions, models.Decisions(model_id));
  return !decisions.empty() && decisions.front().verdict != Release::kReleased;
}

absl::StatusOr<bool> IsEarlierTry(TaskServices& services, const JobInputs& inputs,
                                  const JobRecord& other) {
  if (other.id == inputs.job.id || other.base_model_id != inputs.base.id || other.model_id.empty())
    return false;
  TW_ASSIGN_OR_RETURN(const JobSpec spec, JobSpec::FromJson(other.spec));
  if (!IsSameTry(spec.safety, inputs.spec.safety, inputs.policy)) return false;
  if (spec.training_file != inputs.spec.training_file) {
    const auto file = services.files.GetFile(other.project_id, spec.training_file);
    if (absl::IsNotFound(file.status())) return false;
    TW_RETURN_IF_ERROR(file.status());
    if (file->sha256 != inputs.file.sha256) return false;
  }
  return KeptBackByGate(services.models, other.model_id);
}

}  // namespace

absl::StatusOr<EvalSet> FindEvalSet(const std::string& id) {
  EvalSet built_in = MakeSandboxEvalSet();
  if (id == built_in.id) return built_in;
  return absl::NotFoundError("no evaluation set '" + id + "'; there is: " + built_in.id);
}

absl::StatusOr<TaskRows> LoadTaskRows(TaskServices& services, const JobInputs& inputs) {
  const uint64_t seed = inputs.manifest.hyperparameters.seed;
  if (inputs.spec.validation_file.empty()) {
    TW_ASSIGN_OR_RETURN(const auto rows, ReadDatasetBlob(services.blobs, inputs.file.sha256));
    return TaskRows{Choose(rows, kMaxInSampleRows, seed), true};
  }
  TW_ASSIGN_OR_RETURN(const FileRecord file,
                      services.files.GetFile(inputs.job.project_id, inputs.spec.validation_file));
  TW_ASSIGN_OR_RETURN(const auto rows, ReadDatasetBlob(services.blobs, file.sha256));
  return TaskRows{Choose(rows, kMaxTaskRows, seed), false};
}

absl::StatusOr<std::vector<AuditReport>> EarlierReports(TaskServices& services,
                                                        const JobInputs& inputs) {
  std::vector<AuditReport> reports;
  PageRequest request{500, ""};
  do {
    TW_ASSIGN_OR_RETURN(const Page<JobRecord> page,
                        services.jobs.ListJobs(inputs.job.project_id, request));
    for (const JobRecord& other : page.rows) {
      TW_ASSIGN_OR_RETURN(const bool earlier, IsEarlierTry(services, inputs, other));
      if (!earlier) continue;
      const auto audit = services.models.GetAudit(other.id);
      if (absl::IsNotFound(audit.status())) continue;  // held because it was never audited
      TW_RETURN_IF_ERROR(audit.status());
      TW_ASSIGN_OR_RETURN(const std::string text, services.blobs.Read(audit->report_sha256));
      TW_ASSIGN_OR_RETURN(reports.emplace_back(), AuditReport::Parse(text));
    }
    request.token = page.next_token;
  } while (!request.token.empty());
  return reports;
}

}  // namespace tuneward
