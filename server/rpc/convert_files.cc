#include "absl/strings/str_cat.h"
#include "core/data/dataset_profile.h"
#include "server/resource_names.h"
#include "server/rpc/convert.h"

namespace tuneward {
namespace {

constexpr size_t kMaxFilename = 255;
constexpr char kFineTune[] = "fine-tune";  // the one purpose so far, in OpenAI's spelling

std::string SkeletonText(const Skeleton& skeleton) {
  std::string text;
  for (const SkeletonPart& part : skeleton) {
    if (part.slot >= 0) {
      absl::StrAppend(&text, "{", part.slot, "}");
    } else {
      text += part.text;
    }
  }
  return text;
}

}  // namespace

absl::StatusOr<UploadRequest> ToUploadRequest(const v1::UploadFileMetadata& metadata,
                                              std::string* project_id) {
  TW_ASSIGN_OR_RETURN(*project_id, ParseProjectName(metadata.parent(), "metadata.parent"));
  Violations problems;
  UploadRequest request;
  request.project_id = *project_id;
  request.filename = metadata.filename();
  request.purpose = kFineTune;
  request.expected_bytes = metadata.expected_bytes();
  if (request.filename.empty() || request.filename.size() > kMaxFilename) {
    problems.Add("metadata.filename", absl::StrCat("must have 1 to ", kMaxFilename, " bytes, got ",
                                                   request.filename.size()));
  }
  if (request.filename.find('\0') != std::string::npos)
    problems.Add("metadata.filename", "must not hold U+0000");
  if (metadata.purpose() != v1::FILE_PURPOSE_FINE_TUNE) {
    problems.Add("metadata.purpose", absl::StrCat("must be FILE_PURPOSE_FINE_TUNE, got ",
                                                  static_cast<int>(metadata.purpose())));
  }
  if (request.expected_bytes < 0) {
    problems.Add("metadata.expected_bytes",
                 absl::StrCat("must not be negative, got ", request.expected_bytes));
  }
  if (const auto digest = Digest::FromRaw(metadata.expected_sha256()); digest.ok()) {
    request.expected_sha256 = *digest;
  } else {
    problems.Add("metadata.expected_sha256",
                 absl::StrCat("must have 32 bytes, got ", metadata.expected_sha256().size()));
  }
  TW_RETURN_IF_ERROR(problems.ToStatus());
  TW_ASSIGN_OR_RETURN(request.idempotency, ToIdempotency(*project_id, "UploadFile", metadata));
  return request;
}

absl::StatusOr<v1::File> ToProto(const FileRecord& file) {
  v1::File proto;
  proto.set_name(FileName(file.project_id, file.id));
  proto.set_filename(file.filename);
  proto.set_purpose(v1::FILE_PURPOSE_FINE_TUNE);
  proto.set_bytes(file.bytes);
  proto.set_sha256(file.sha256.Raw());
  proto.set_state(file.ok ? v1::FILE_STATE_PROCESSED : v1::FILE_STATE_ERROR);
  proto.set_rows(file.rows);
  *proto.mutable_create_time() = ToTimestamp(file.created_at);
  TW_ASSIGN_OR_RETURN(const FileReport report, FileReport::FromJson(file.problems));
  proto.set_error_reason(report.reason);
  proto.set_problem_count(report.problem_count);
  for (const FileProblem& problem : report.problems) {
    auto* entry = proto.add_problems();
    entry->set_line(problem.line);
    entry->set_field(problem.field);
    entry->set_description(problem.reason);
  }
  if (!file.ok) return proto;
  TW_ASSIGN_OR_RETURN(const DatasetProfile profile, DatasetProfile::FromJson(file.profile));
  proto.set_row_format(profile.data_format == DataFormat::kPreference ? v1::ROW_FORMAT_PREFERENCE
                                                                      : v1::ROW_FORMAT_CHAT);
  for (const FormatCluster& cluster : profile.clusters) {
    auto* format = proto.add_formats();
    format->set_rows(cluster.user_rows);
    format->set_system_prompt(cluster.system);
    format->set_skeleton(SkeletonText(cluster.skeleton));
    format->set_confidence_ppm(static_cast<int>(cluster.confidence_ppm));
  }
  return proto;
}

}  // namespace tuneward
