#include "core/store/pg/worker_store.h"

#include "absl/strings/str_cat.h"
#include "core/store/pg/conversions.h"
#include "core/store/pg/transaction.h"

namespace tuneward {
namespace {

constexpr int64_t kRetryAfterMs = 5000;

std::vector<WorkerRecord> ReadWorkers(const pqxx::result& rows) {
  std::vector<WorkerRecord> workers;
  for (const auto& row : rows) {
    workers.push_back({row[0].c_str(), row[1].c_str(), row[2].c_str(), StringsOf(row[3]),
                       StringsOf(row[4]), JsonOf(row[5]), row[6].c_str(), row[7].c_str(),
                       TimeOf(row[8])});
  }
  return workers;
}

}  // namespace

absl::Status WorkerStore::Register(const WorkerRecord& w) {
  return RunTransaction(pool_, [&](pqxx::work& tx) {
    tx.exec_prepared("worker_register", w.id, w.host, w.address, TextArray(w.roles),
                     TextArray(w.bases), TextOf(w.device), w.build, w.state);
    tx.exec_prepared("worker_forget");
    return absl::OkStatus();
  });
}

absl::Status WorkerStore::Touch(const std::string& id, const std::string& state) {
  return RunTransaction(pool_, [&](pqxx::work& tx) {
    return tx.exec_prepared("worker_touch", id, state).empty() ? NotFound("worker", id)
                                                               : absl::OkStatus();
  });
}

absl::Status WorkerStore::Remove(const std::string& id) {
  return RunTransaction(pool_, [&](pqxx::work& tx) {
    tx.exec_prepared("worker_remove", id);
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<WorkerRecord>> WorkerStore::List(std::chrono::seconds within) {
  return InTransaction(pool_, [&](pqxx::work& tx) -> absl::StatusOr<std::vector<WorkerRecord>> {
    return ReadWorkers(tx.exec_prepared("worker_list", Seconds(within)));
  });
}

absl::StatusOr<std::vector<WorkerRecord>> WorkerStore::FindForBase(const std::string& base_model_id,
                                                                   std::chrono::seconds within) {
  return InTransaction(pool_, [&](pqxx::work& tx) -> absl::StatusOr<std::vector<WorkerRecord>> {
    std::vector<WorkerRecord> workers =
        ReadWorkers(tx.exec_prepared("worker_find", base_model_id, Seconds(within)));
    if (!workers.empty()) return workers;
    return MakeError(
        absl::StatusCode::kUnavailable,
        absl::StrCat("no worker that serves \"", base_model_id, "\" is alive"),
        ErrorInfo{"NO_WORKER_FOR_BASE", {{"base_model", base_model_id}}, {}, kRetryAfterMs});
  });
}

}  // namespace tuneward
