// What must hold once everything has ended, whatever died on the way: nothing that was acknowledged
// is missing, every effect is there once, no row points to nothing, no blob is damaged. Reads the
// database and the blob store of a stack; changes only what the sweep of orphans deletes.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/chaos/work_load.h"

namespace tuneward {

struct Findings {
  int files_lost = 0, jobs_lost = 0;  // acknowledged, and not there or not ended
  int duplicates = 0;                 // jobs, adapters, reports, verdicts, events, steps, models
  int orphan_rows = 0;
  int damaged_blobs = 0;                // missing, or other bytes
  int stopped_jobs = 0;                 // after three lost workers, as promised
  int unequal_adapters = 0;             // of jobs with equal recipes
  std::vector<std::string> complaints;  // one sentence for each of the above but stopped jobs
};

// `adapters`: the hash of the adapter that an undisturbed run of each recipe gave; empty: unknown.
Findings CheckEverything(Stack& stack, const WorkLoad& load,
                         const std::map<size_t, std::string>& adapters);

// One job's: the hash of adapter_model.safetensors in the model's tree; empty: no model.
std::string AdapterSha(Stack& stack, const std::string& job_id);
std::string JobId(const std::string& name);  // of `projects/{p}/jobs/{j}`

}  // namespace tuneward
