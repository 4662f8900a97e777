// Plain SQL for tests that look at what stores do not show, or hold a lock while something else
// happens. Values are text; null is "". Thread-safe as its pool is.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/store/pg/pool.h"

namespace tuneward {

using SqlRows = std::vector<std::vector<std::string>>;

// In one transaction of its own.
absl::StatusOr<SqlRows> Query(PgPool& pool, const std::string& sql);
// The first value of the first row; "" when there is none.
absl::StatusOr<std::string> QueryValue(PgPool& pool, const std::string& sql);
// Runs `sql` (a LOCK TABLE), then `meanwhile` before the transaction ends.
absl::Status WhileHolding(PgPool& pool, const std::string& sql,
                          const std::function<void()>& meanwhile);

}  // namespace tuneward
