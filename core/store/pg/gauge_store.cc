#include "core/store/pg/gauge_store.h"

#include "core/store/pg/conversions.h"
#include "core/store/pg/transaction.h"
#include "core/store/pg/worker_store.h"

namespace tuneward {

absl::StatusOr<Gauges> GaugeStore::Read() {
  return InTransaction(pool_, [](pqxx::work& tx) -> absl::StatusOr<Gauges> {
    Gauges gauges;
    for (const auto& row : tx.exec_prepared("gauge_jobs")) {
      gauges.jobs[Known(ParseJobState(row[0].c_str()))] = row[1].as<int64_t>();
    }
    for (const auto& row : tx.exec_prepared("gauge_open_tasks")) {
      gauges.open_tasks[{Known(ParseTaskKind(row[0].c_str())),
                         Known(ParseTaskState(row[1].c_str()))}] = row[2].as<int64_t>();
    }
    gauges.oldest_ready_seconds = tx.exec_prepared("gauge_oldest_ready")[0][0].as<double>();
    for (const auto& row : tx.exec_prepared("gauge_models")) {
      gauges.models[Known(ParseRelease(row[0].c_str()))] = row[1].as<int64_t>();
    }
    for (const auto& row : tx.exec_prepared("gauge_workers", Seconds(kWorkerGoneAfter))) {
      gauges.workers[row[0].c_str()] = row[1].as<int64_t>();
    }
    gauges.blob_bytes = tx.exec_prepared("gauge_blob_bytes")[0][0].as<int64_t>();
    return gauges;
  });
}

}  // namespace tuneward
