// The one place where messages become our structs and back. Requests are checked for what only the
// wire can get wrong (names, enums, page sizes); what a job may say is core/job/job_spec's
// business. Pure; FromRecord functions of stored JSON answer DATA_LOSS or INTERNAL when a row
// cannot be read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"
#include "core/data/chat.h"
#include "core/job/job_spec.h"
#include "core/store/records.h"
#include "server/chat_completer.h"
#include "server/file_uploader.h"
#include "server/registrar.h"
#include "tuneward/admin/v1/api_keys.pb.h"
#include "tuneward/admin/v1/base_models.pb.h"
#include "tuneward/admin/v1/policies.pb.h"
#include "tuneward/admin/v1/projects.pb.h"
#include "tuneward/admin/v1/workers.pb.h"
#include "tuneward/v1/files.pb.h"
#include "tuneward/v1/fine_tuning.pb.h"
#include "tuneward/v1/inference.pb.h"
#include "tuneward/v1/models.pb.h"

namespace tuneward {

google::protobuf::Timestamp ToTimestamp(WallTime time);

// `page_size` 0: `fallback`; above `max`: max. INVALID_FIELD when negative, or when the token does
// not begin as ids of this listing do.
absl::StatusOr<PageRequest> ToPage(int page_size, const std::string& page_token, int fallback,
                                   int max, std::string_view id_prefix);

// The body's hash covers every field but request_id. INVALID_FIELD for a request_id of another
// form.
absl::StatusOr<Idempotency> ToIdempotency(std::string scope, std::string method,
                                          const google::protobuf::Message& request);

// files.proto
absl::StatusOr<UploadRequest> ToUploadRequest(const v1::UploadFileMetadata& metadata,
                                              std::string* project_id);
absl::StatusOr<v1::File> ToProto(const FileRecord& file);

// fine_tuning.proto
absl::StatusOr<JobSpec> ToJobSpec(const v1::Job& job, const std::string& project_id);
// `policy`: the version that governs the job.
absl::StatusOr<v1::Job> ToProto(const JobRecord& job, const PolicyDocument& policy);
void AddEstimate(WallTime now, v1::Job& job);  // progress.estimated_finish_time, while it trains
v1::JobEvent ToProto(const EventRecord& event, const std::string& project_id);
absl::StatusOr<v1::JobPlan> ToPlanProto(const JobRecord& job, const PlanRecord& plan,
                                        std::string document);
absl::StatusOr<v1::AuditReport> ToReportProto(const AuditRecord& audit,
                                              const std::vector<ReleaseDecisionRecord>& decisions,
                                              std::string document);

// models.proto, inference.proto
v1::Model ToProto(const ModelRecord& model, const std::vector<ReleaseDecisionRecord>& decisions,
                  int64_t context);
v1::Model ToModelProto(const BaseModelRecord& base);
v1::Release ToProto(Release release);
absl::StatusOr<ChatCall> ToChatCall(const v1::ChatCompleteRequest& request);
v1::ChatCompleteResponse ToProto(const ChatAnswer& answer, const std::string& model);
// The last message of a stream.
v1::StreamChatCompleteResponse ToStreamEnd(const ChatAnswer& answer);

// admin
absl::StatusOr<ProjectRecord> ToProjectRecord(const admin::v1::CreateProjectRequest& request);
admin::v1::Project ToProto(const ProjectRecord& project);
absl::StatusOr<ApiKeyRecord> ToApiKeyRecord(const admin::v1::CreateApiKeyRequest& request);
admin::v1::ApiKey ToProto(const ApiKeyRecord& key);
RegisterRequest ToRegisterRequest(const admin::v1::RegisterBaseModelRequest& request);
admin::v1::BaseModel ToProto(const BaseModelRecord& base);
admin::v1::Policy ToProto(const PolicyRecord& policy);
admin::v1::Worker ToProto(const WorkerRecord& worker, bool gone);

}  // namespace tuneward
