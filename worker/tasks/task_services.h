// What every task handler works with: stores, blobs, models in memory. Borrowed by the handlers,
// owned by the app. Handlers use it on the models' thread only.
#pragma once

#include <string>

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/store/blob/blob_store.h"
#include "core/store/pg/base_model_store.h"
#include "core/store/pg/file_store.h"
#include "core/store/pg/job_store.h"
#include "core/store/pg/model_store.h"
#include "core/store/pg/policy_store.h"
#include "core/store/pg/transition_store.h"
#include "worker/runner/worker_metrics.h"
#include "worker/serving/decode_queue.h"
#include "worker/serving/model_cache.h"

namespace tuneward {

struct TaskSettings {
  std::string cache_root;       // trees by hash, and the folders of running tasks
  int checkpoint_every = 25;    // optimiser steps
  int64_t audit_prompts = 400;  // a cell
  int train_together = 4;       // jobs in shared mode on one base, step by step; 1: never
  std::string TreeFolder() const { return cache_root + "/trees"; }
  std::string WorkFolder(const std::string& name) const { return cache_root + "/tasks/" + name; }
};

struct TaskServices {
  const Clock& clock;
  IdGenerator& ids;
  BlobStore& blobs;
  ModelCache& model_cache;
  DecodeQueue& decode;
  WorkerMetrics& metrics;
  BaseModelStore& bases;
  FileStore& files;
  JobStore& jobs;
  ModelStore& models;
  PolicyStore& policies;
  TransitionStore& transitions;
  TaskSettings settings;
};

}  // namespace tuneward
