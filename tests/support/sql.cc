#include "tests/support/sql.h"

#include "core/store/pg/transaction.h"

namespace tuneward {

absl::StatusOr<SqlRows> Query(PgPool& pool, const std::string& sql) {
  return InTransaction(pool, [&](pqxx::work& tx) -> absl::StatusOr<SqlRows> {
    SqlRows rows;
    for (const auto& row : tx.exec(sql)) {
      std::vector<std::string>& values = rows.emplace_back();
      for (const auto& value : row) values.emplace_back(value.is_null() ? "" : value.c_str());
    }
    return rows;
  });
}

absl::StatusOr<std::string> QueryValue(PgPool& pool, const std::string& sql) {
  TW_ASSIGN_OR_RETURN(const SqlRows rows, Query(pool, sql));
  return rows.empty() || rows[0].empty() ? std::string() : rows[0][0];
}

absl::Status WhileHolding(PgPool& pool, const std::string& sql,
                          const std::function<void()>& meanwhile) {
  return RunTransaction(pool, [&](pqxx::work& tx) {
    tx.exec("set local idle_in_transaction_session_timeout = 0");
    tx.exec(sql);
    meanwhile();
    return absl::OkStatus();
  });
}

}  // namespace tuneward
