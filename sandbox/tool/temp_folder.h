// A folder of the system's temporary ones that goes with its owner.
#pragma once

#include <memory>
#include <string>

#include "core/base/status.h"

namespace tuneward {

class TempFolder {
 public:
  static absl::StatusOr<std::unique_ptr<TempFolder>> Make();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  explicit TempFolder(std::string path) : path_(std::move(path)) {}
  const std::string path_;
};

}  // namespace tuneward
