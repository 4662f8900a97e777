#include "server/sweeper.h"

#include <string>
#include <utility>

#include "core/base/log.h"
#include "core/store/orphan_sweep.h"

namespace tuneward {
namespace {
constexpr std::chrono::hours kBlobEvery{1};
}  // namespace

Sweeper::Sweeper(TaskStore& tasks, FileStore& files, BlobStore& blobs, const LeaseSettings& lease,
                 std::function<void(const SweptTask&)> on_swept)
    : leases_(lease.sweep,
              [&tasks, ttl = lease.ttl, on_swept = std::move(on_swept)] {
                const auto swept = tasks.Sweep(ttl);
                if (!swept.ok()) {
                  LogWarning("cannot sweep leases", {{"error", swept.status().ToString()}});
                  return false;
                }
                for (const SweptTask& task : *swept) {
                  LogWarning("a lease has expired", {{"task", task.task_id},
                                                     {"job", task.job_id},
                                                     {"project", task.project_id},
                                                     {"trace_id", task.trace_id},
                                                     {"state", std::string(Name(task.state))},
                                                     {"deaths", std::to_string(task.deaths)}});
                  on_swept(task);
                }
                return !swept->empty();
              }),
      blobs_(kBlobEvery, [&files, &blobs] {
        const auto deleted = SweepOrphans(files, blobs);
        if (!deleted.ok())
          LogWarning("cannot sweep blobs", {{"error", deleted.status().ToString()}});
        if (deleted.ok() && *deleted > 0)
          LogInfo("swept blobs", {{"deleted", std::to_string(*deleted)}});
        return false;
      }) {}

}  // namespace tuneward
