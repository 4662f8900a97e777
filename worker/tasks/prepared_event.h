// Tells a job's watchers what its training rows came to: rows, tokens, and what was cut, left out
// or cannot be written by the tokenizer. Pure.
#pragma once

#include "core/data/materialize.h"
#include "core/job/job_event.h"

namespace tuneward {

// A `message` event, a warning when something of the user's rows was lost. data:
// {"user","mixed"}, each {"rows","tokens","targets","truncated","dropped","unknown"}.
JobEvent PreparedEvent(const MaterializedRows& rows);

}  // namespace tuneward
