#include "server/file_uploader.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/data/dataset_profile.h"

namespace tuneward {

struct Upload::State {
  State(UploadRequest r, FileStore& f, IdGenerator& i, BlobWriter w, const DatasetLimits& limits)
      : request(std::move(r)),
        files(f),
        ids(i),
        writer(std::move(w)),
        validator(limits, [this](int64_t, const DataRow& row) { profiler.Add(row); }) {}
  const UploadRequest request;
  FileStore& files;
  IdGenerator& ids;
  BlobWriter writer;
  Sha256 hash;
  DatasetProfiler profiler;
  DatasetValidator validator;
};

namespace {

absl::Status Mismatch(std::string what, std::string expected, std::string got) {
  return MakeError(absl::StatusCode::kInvalidArgument, "CHECKSUM_MISMATCH",
                   absl::StrCat("the file's ", what, " must be ", expected, " as announced, got ",
                                got, "; nothing was stored"),
                   {{"field", std::move(what)}, {"expected", expected}, {"got", got}});
}

}  // namespace

Upload::Upload(std::unique_ptr<State> state) : state_(std::move(state)) {}
Upload::Upload(Upload&&) noexcept = default;
Upload::~Upload() = default;

absl::Status Upload::Write(std::string_view chunk) {
  const int64_t total = state_->writer.bytes() + static_cast<int64_t>(chunk.size());
  if (total > state_->request.expected_bytes) {
    return Mismatch("bytes", absl::StrCat(state_->request.expected_bytes),
                    absl::StrCat("at least ", total));
  }
  TW_RETURN_IF_ERROR(state_->writer.Write(chunk));
  state_->hash.Update(chunk);
  state_->validator.Feed(chunk);
  return absl::OkStatus();
}

absl::StatusOr<FileRecord> Upload::Finish() {
  const UploadRequest& request = state_->request;
  if (state_->writer.bytes() != request.expected_bytes) {
    return Mismatch("bytes", absl::StrCat(request.expected_bytes),
                    absl::StrCat(state_->writer.bytes()));
  }
  const Digest sha256 = state_->hash.Finish();
  if (sha256 != request.expected_sha256)
    return Mismatch("sha256", request.expected_sha256.Hex(), sha256.Hex());

  const FileReport report = state_->validator.Finish();
  TW_ASSIGN_OR_RETURN(const StoredBlob blob, state_->writer.Commit());
  FileRecord file;
  file.id = state_->ids.Make(kFilePrefix);
  file.project_id = request.project_id;
  file.filename = request.filename;
  file.purpose = request.purpose;
  file.sha256 = blob.sha256;
  file.bytes = blob.bytes;
  file.rows = report.rows;
  file.ok = report.ok();
  file.problems = report.ToJson();
  if (file.ok) file.profile = state_->profiler.Finish().ToJson();
  file.profile_version = kProfileVersion;
  TW_ASSIGN_OR_RETURN(Created<FileRecord> created,
                      state_->files.RegisterFile(file, request.idempotency));
  return std::move(created.record);
}

absl::StatusOr<Upload> FileUploader::Begin(const UploadRequest& request) {
  if (request.expected_bytes > limits_.max_bytes) {
    return MakeError(absl::StatusCode::kInvalidArgument, "LIMIT_EXCEEDED",
                     absl::StrCat("a file has at most ", limits_.max_bytes, " bytes, got ",
                                  request.expected_bytes),
                     {{"field", "metadata.expected_bytes"},
                      {"limit", absl::StrCat(limits_.max_bytes)},
                      {"got", absl::StrCat(request.expected_bytes)}});
  }
  TW_ASSIGN_OR_RETURN(BlobWriter writer, blobs_.NewWriter());
  return Upload(std::make_unique<Upload::State>(request, files_, ids_, std::move(writer), limits_));
}

}  // namespace tuneward
