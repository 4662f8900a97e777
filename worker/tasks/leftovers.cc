#include "worker/tasks/leftovers.h"

#include <filesystem>

namespace tuneward {

namespace fs = std::filesystem;

void RemoveLeftovers(const std::string& work_folder, std::chrono::hours older_than) {
  std::error_code error, ignored;
  const fs::file_time_type before = fs::file_time_type::clock::now() - older_than;
  for (fs::directory_iterator it(work_folder, error), end; !error && it != end;
       it.increment(error)) {
    std::error_code unknown;
    const fs::file_time_type written = it->last_write_time(unknown);
    if (!unknown && written < before) fs::remove_all(it->path(), ignored);
  }
}

}  // namespace tuneward
