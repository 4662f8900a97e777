#include "server/submitter.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/data/dataset_profile.h"
#include "core/data/dataset_validator.h"
#include "core/policy/planner.h"
#include "core/policy/policies.h"
#include "server/draw_seed.h"

namespace tuneward {
namespace {

// A file that a job may use; its report's own error otherwise.
absl::StatusOr<FileRecord> UsableFile(FileStore& files, const std::string& project_id,
                                      const std::string& file_id, std::string_view param) {
  TW_ASSIGN_OR_RETURN(FileRecord file, files.GetFile(project_id, file_id));
  if (file.ok) return file;
  TW_ASSIGN_OR_RETURN(const FileReport report, FileReport::FromJson(file.problems));
  TW_RETURN_IF_ERROR(report.ToStatus(param));
  return absl::DataLossError(absl::StrCat("file ", file_id, " is in error without a problem"));
}

// The method learns from rows of one format, and a file's rows may be of the other.
void CheckFormat(const JobSpec& spec, const FileRecord& file, const char* field,
                 Violations& problems) {
  const DataFormat wanted = FormatOf(spec.method), found = DataFormatOf(file.profile);
  if (found == wanted) return;
  problems.Add(field, absl::StrCat("must hold ", std::string(DataFormatName(wanted)),
                                   " rows for method ", spec.method, ", and ", file.id, " holds ",
                                   std::string(DataFormatName(found)), " rows"));
}

}  // namespace

absl::StatusOr<JobRecord> Submitter::CreateJob(const std::string& project_id, JobSpec spec,
                                               const Idempotency& idempotency,
                                               const std::string& trace_id) {
  TW_RETURN_IF_ERROR(ValidateJobSpec(spec));
  TW_ASSIGN_OR_RETURN(const ProjectRecord project, stores_.projects.GetProject(project_id));
  TW_ASSIGN_OR_RETURN(const PolicyRecord policy_row, stores_.policies.Head(project.policy_id));
  TW_ASSIGN_OR_RETURN(
      const PolicyDocument policy,
      PolicyFromJson(policy_row.document, policy_row.id, static_cast<int>(policy_row.version)));
  TW_ASSIGN_OR_RETURN(const BaseModelRecord base, stores_.bases.Get(spec.base_model));
  TW_ASSIGN_OR_RETURN(const FileRecord file,
                      UsableFile(stores_.files, project_id, spec.training_file, "training_file"));
  Violations formats;
  CheckFormat(spec, file, "training_file", formats);
  if (!spec.validation_file.empty()) {
    TW_ASSIGN_OR_RETURN(
        const FileRecord held_out,
        UsableFile(stores_.files, project_id, spec.validation_file, "validation_file"));
    CheckFormat(spec, held_out, "validation_file", formats);
  }
  TW_RETURN_IF_ERROR(formats.ToStatus());
  TW_RETURN_IF_ERROR(CheckAgainstPolicy(spec, policy));
  if (const MixMethod* method = FindMixMethod(EffectiveMethod(spec.safety, policy));
      method != nullptr && method->adds_rows()) {
    TW_RETURN_IF_ERROR(CheckPlanSize(EffectiveRates(spec.safety, policy), file.rows));
  }
  if (!spec.seed.has_value()) spec.seed = DrawSeed(entropy_);
  TW_ASSIGN_OR_RETURN(const BaseDefaults defaults,
                      ParseBaseDefaults(base.defaults, base.context, base.dims));
  TW_ASSIGN_OR_RETURN(const ResolvedHyperparameters resolved, Resolve(spec, file.rows, defaults));

  JobRecord job;
  job.id = ids_.Make(kJobPrefix);
  job.project_id = project_id;
  job.spec = spec.ToJson();
  job.resolved = resolved.ToJson();
  job.base_model_id = base.id;
  job.policy_id = policy_row.id;
  job.policy_version = policy_row.version;
  job.seed = *spec.seed;
  if (!spec.engine_mode.empty()) job.engine_mode = spec.engine_mode;
  job.trace_id = trace_id;
  for (const auto& [key, value] : spec.metadata) job.metadata[key] = value;
  TW_ASSIGN_OR_RETURN(
      Created<JobRecord> created,
      stores_.jobs.CreateJob(job, ids_.Make(kTaskPrefix), Json::object(), idempotency));
  return std::move(created.record);
}

}  // namespace tuneward
