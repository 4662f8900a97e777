#include "client/upload.h"

#include <filesystem>
#include <fstream>
#include <vector>

#include <fmt/format.h>

#include "core/base/sha256.h"

namespace tuneward::client {
namespace {

constexpr size_t kChunkBytes = 256 << 10;

// Hands the file to `take` in chunks until it returns false.
absl::Status ReadChunks(const std::string& path,
                        const std::function<bool(std::string_view)>& take) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return absl::NotFoundError(fmt::format("cannot open {}", path));
  std::vector<char> buffer(kChunkBytes);
  while (in) {
    in.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    if (in.gcount() > 0 && !take({buffer.data(), static_cast<size_t>(in.gcount())}))
      return absl::OkStatus();
  }
  return in.bad() ? absl::DataLossError(fmt::format("cannot read {}", path)) : absl::OkStatus();
}

absl::StatusOr<v1::UploadFileRequest> MakeMetadata(Client& client, const UploadRequest& request) {
  std::error_code error;
  if (!std::filesystem::exists(request.path, error))
    return absl::NotFoundError(fmt::format("no such file: {}", request.path));
  if (!std::filesystem::is_regular_file(request.path, error)) {
    return absl::InvalidArgumentError(fmt::format("{} must be a regular file", request.path));
  }
  Sha256 hash;
  int64_t bytes = 0;
  TW_RETURN_IF_ERROR(ReadChunks(request.path, [&](std::string_view chunk) {
    hash.Update(chunk);
    bytes += static_cast<int64_t>(chunk.size());
    return true;
  }));
  v1::UploadFileRequest first;
  auto& metadata = *first.mutable_metadata();
  metadata.set_parent(request.parent);
  metadata.set_filename(request.filename.empty()
                            ? std::filesystem::path(request.path).filename().string()
                            : request.filename);
  metadata.set_purpose(v1::FILE_PURPOSE_FINE_TUNE);
  metadata.set_expected_bytes(bytes);
  metadata.set_expected_sha256(hash.Finish().Raw());
  metadata.set_request_id(client.NewRequestId());
  return first;
}

absl::StatusOr<v1::File> StreamOnce(Client& client, const std::string& path,
                                    const v1::UploadFileRequest& first,
                                    const UploadProgress& progress) {
  grpc::ClientContext context;
  client.PreparePublic(context);
  v1::File file;
  auto stream = client.files().UploadFile(&context, &file);
  absl::Status read = absl::OkStatus();
  if (stream->Write(first)) {
    int64_t sent = 0;
    read = ReadChunks(path, [&](std::string_view chunk) {
      v1::UploadFileRequest message;
      message.set_chunk(chunk.data(), chunk.size());
      if (!stream->Write(message)) return false;  // the server has answered: Finish says what
      sent += static_cast<int64_t>(chunk.size());
      if (progress) progress(sent, first.metadata().expected_bytes());
      return true;
    });
  }
  if (!read.ok()) {
    context.TryCancel();
    stream->Finish().error_code();
    return read;
  }
  stream->WritesDone();
  TW_RETURN_IF_ERROR(FromGrpcStatus(stream->Finish(), context));
  return file;
}

}  // namespace

absl::StatusOr<v1::File> UploadFile(Client& client, const UploadRequest& request,
                                    const UploadProgress& progress) {
  TW_ASSIGN_OR_RETURN(const v1::UploadFileRequest first, MakeMetadata(client, request));
  v1::File file;
  TW_RETURN_IF_ERROR(
      CallWithRetry(client.options().retry, client.options().sleep, [&]() -> absl::Status {
        TW_ASSIGN_OR_RETURN(file, StreamOnce(client, request.path, first, progress));
        return absl::OkStatus();
      }));
  return file;
}

}  // namespace tuneward::client
