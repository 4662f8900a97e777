#include "sandbox/tool/temp_folder.h"

#include <stdlib.h>

#include <cerrno>
#include <filesystem>

#include "core/base/file.h"

namespace tuneward {

absl::StatusOr<std::unique_ptr<TempFolder>> TempFolder::Make() {
  std::string path = (std::filesystem::temp_directory_path() / "tuneward-sandbox-XXXXXX").string();
  if (mkdtemp(path.data()) == nullptr) return ErrnoStatus(errno, path);
  return std::unique_ptr<TempFolder>(new TempFolder(std::move(path)));
}

TempFolder::~TempFolder() {
  std::error_code ignored;  // a temporary folder that stays is no failure of the experiment
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace tuneward
