#include "core/store/pg/model_store.h"

#include "absl/strings/str_cat.h"
#include "core/store/pg/conversions.h"
#include "core/store/pg/job_rows.h"
#include "core/store/pg/requests.h"
#include "core/store/pg/transaction.h"

namespace tuneward {

absl::StatusOr<ModelRecord> ModelStore::Get(const std::string& project_id, const std::string& id) {
  return InTransaction(pool_, [&](pqxx::work& tx) -> absl::StatusOr<ModelRecord> {
    const pqxx::result rows = tx.exec_prepared("model_get", id, project_id);
    if (rows.empty()) return NotFound("model", id);
    return ReadModel(rows[0]);
  });
}

absl::StatusOr<ModelRecord> ModelStore::GetByJob(const std::string& job_id) {
  return InTransaction(pool_, [&](pqxx::work& tx) -> absl::StatusOr<ModelRecord> {
    const pqxx::result rows = tx.exec_prepared("model_get_by_job", job_id);
    if (rows.empty()) return NotFound("model of job", job_id);
    return ReadModel(rows[0]);
  });
}

absl::StatusOr<Page<ModelRecord>> ModelStore::List(const std::string& project_id,
                                                   const PageRequest& page) {
  return InTransaction(pool_, [&](pqxx::work& tx) -> absl::StatusOr<Page<ModelRecord>> {
    const pqxx::result rows = tx.exec_prepared("model_list", project_id, page.token, page.size + 1);
    return PageOf<ModelRecord>(rows, page.size, ReadModel,
                               [](const ModelRecord& model) { return model.id; });
  });
}

absl::StatusOr<std::vector<ReleaseDecisionRecord>> ModelStore::Decisions(
    const std::string& model_id) {
  return InTransaction(
      pool_, [&](pqxx::work& tx) -> absl::StatusOr<std::vector<ReleaseDecisionRecord>> {
        std::vector<ReleaseDecisionRecord> list;
        for (const auto& row : tx.exec_prepared("decision_list", model_id)) {
          list.push_back({row[0].as<int64_t>(), Known(ParseRelease(row[1].c_str())),
                          StringsOf(row[2]), row[3].c_str(), row[4].as<int64_t>(), row[5].c_str(),
                          TimeOf(row[6])});
        }
        return list;
      });
}

absl::StatusOr<ModelRecord> ModelStore::Decide(const std::string& project_id, const std::string& id,
                                               Release verdict, const std::string& reason,
                                               const std::string& actor) {
  if (verdict != Release::kReleased && verdict != Release::kBlocked) {
    return absl::InvalidArgumentError(absl::StrCat(
        "an operator's verdict is RELEASED or BLOCKED, got ", std::string(Name(verdict))));
  }
  if (reason.empty()) return absl::InvalidArgumentError("a decision on a release needs a reason");
  return InTransaction(pool_, [&](pqxx::work& tx) -> absl::StatusOr<ModelRecord> {
    const pqxx::result found = tx.exec_prepared("model_get", id, project_id);
    if (found.empty()) return NotFound("model", id);
    TW_RETURN_IF_ERROR(
        LockJob(tx, found[0][2].c_str()).status());  // job before model, as everybody locks
    const pqxx::result rows = tx.exec_prepared("model_lock", id, project_id);
    if (rows.empty()) return NotFound("model", id);
    ModelRecord model = ReadModel(rows[0]);
    const std::string before(Name(model.release));
    TW_RETURN_IF_ERROR(
        TakeReleaseStep(tx, model, {verdict, {reason}, actor, ReleaseActor::kOperator, 0, ""}));
    NotifyJob(tx, model.job_id);
    AppendAuditLog(tx, actor, "DecideRelease", id,
                   {{"from", before}, {"to", std::string(Name(verdict))}, {"reason", reason}});
    model.release = verdict;
    return model;
  });
}

absl::StatusOr<AuditRecord> ModelStore::GetAudit(const std::string& job_id) {
  return InTransaction(pool_, [&](pqxx::work& tx) -> absl::StatusOr<AuditRecord> {
    const pqxx::result rows = tx.exec_prepared("audit_get", job_id);
    if (rows.empty()) return NotFound("audit of job", job_id);
    const auto& row = rows[0];
    return AuditRecord{row[0].c_str(),       row[1].c_str(),       row[2].c_str(),
                       row[3].c_str(),       DigestOf(row[4]),     row[5].c_str(),
                       row[6].c_str(),       row[7].as<int64_t>(), row[8].c_str(),
                       row[9].as<int64_t>(), TimeOf(row[10]),      OptionalDigestOf(row[11])};
  });
}

absl::StatusOr<std::optional<Digest>> ModelStore::GetBaseAudit(const Digest& key) {
  return InTransaction(pool_, [&](pqxx::work& tx) -> absl::StatusOr<std::optional<Digest>> {
    const pqxx::result rows = tx.exec_prepared("base_audit_get", Bytea(key));
    if (rows.empty()) return std::optional<Digest>();
    return std::optional(DigestOf(rows[0][0]));
  });
}

absl::Status ModelStore::PutBaseAudit(const Digest& key, const BlobRef& report) {
  return RunTransaction(pool_, [&](pqxx::work& tx) {
    PutBlobs(tx, {report});
    tx.exec_prepared("base_audit_put", Bytea(key), Bytea(report.sha256));
    return absl::OkStatus();
  });
}

}  // namespace tuneward
