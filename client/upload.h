// Uploads a file: reads it once for its SHA-256, then streams it in chunks. A stream that breaks is
// sent again with the same request_id, so that the server registers the file once.
#pragma once

#include <functional>
#include <string>

#include "client/client.h"

namespace tuneward::client {

struct UploadRequest {
  std::string parent;    // `projects/{p}`
  std::string path;      // a regular file
  std::string filename;  // what the server shows; "": the last part of `path`
};

// Called after each chunk from the calling thread.
using UploadProgress = std::function<void(int64_t sent, int64_t total)>;

// The server's File; one with bad lines comes back in FILE_STATE_ERROR. NOT_FOUND, INVALID_ARGUMENT
// for the local file.
absl::StatusOr<v1::File> UploadFile(Client& client, const UploadRequest& request,
                                    const UploadProgress& progress = {});

}  // namespace tuneward::client
