// Figures of the whole installation, read from the database when /metrics is asked: how many jobs,
// open tasks, models and live workers there are. One transaction. Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "core/store/pg/pool.h"
#include "core/store/records.h"

namespace tuneward {

struct Gauges {
  std::map<JobState, int64_t> jobs;  // a state without any is not there; likewise below
  std::map<std::pair<TaskKind, TaskState>, int64_t> open_tasks;  // queued and running ones
  double oldest_ready_seconds = 0;  // age of the oldest task that could be claimed; 0: none
  std::map<Release, int64_t> models;
  std::map<std::string, int64_t> workers;  // by state: ready, draining
  int64_t blob_bytes = 0;                  // of all blobs that rows name
};

class GaugeStore {
 public:
  explicit GaugeStore(PgPool& pool) : pool_(pool) {}
  absl::StatusOr<Gauges> Read();

 private:
  PgPool& pool_;
};

}  // namespace tuneward
