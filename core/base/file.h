// Whole files in and out, with errors that name the path. WriteFileAtomic is temp + fsync + rename
// + fsync of the folder.
#pragma once

#include <string>
#include <string_view>

#include "core/base/status.h"

namespace tuneward {

// NOT_FOUND, PERMISSION_DENIED, RESOURCE_EXHAUSTED (disk full) or INTERNAL, with path and errno's
// text.
absl::Status ErrnoStatus(int error, std::string_view what);

absl::StatusOr<std::string> ReadFile(const std::string& path, size_t max_bytes = size_t{1} << 30);
absl::Status WriteFileAtomic(const std::string& path, std::string_view content, int mode = 0644);
absl::Status MakeFolders(const std::string& path);
absl::Status FsyncFolder(const std::string& path);

}  // namespace tuneward
