#include "server/rpc/call_guard.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/log.h"

namespace tuneward {
namespace {

constexpr std::string_view kBearer = "Bearer ";

absl::Status InvalidKey(std::string message) {
  return MakeError(absl::StatusCode::kUnauthenticated, "INVALID_KEY", std::move(message));
}

absl::StatusOr<std::string> BearerToken(const grpc::ServerContextBase& context) {
  const auto& metadata = context.client_metadata();
  if (metadata.count("authorization") != 1) {
    return InvalidKey("send one API key as metadata 'authorization: Bearer <key>'");
  }
  const grpc::string_ref value = metadata.find("authorization")->second;
  const std::string_view text(value.data(), value.size());
  if (text.substr(0, kBearer.size()) != kBearer)
    return InvalidKey("metadata 'authorization' must be 'Bearer <key>'");
  return std::string(text.substr(kBearer.size()));
}

}  // namespace

const std::vector<std::string>& ProjectScopes() {
  static const std::vector<std::string> kScopes = {kScopeFilesRead,  kScopeFilesWrite,
                                                   kScopeJobsRead,   kScopeJobsWrite,
                                                   kScopeModelsRead, kScopeChat};
  return kScopes;
}

absl::Status NotFound(std::string_view resource) {
  return MakeError(absl::StatusCode::kNotFound, "NOT_FOUND",
                   absl::StrCat(std::string(resource), " does not exist"),
                   {{"resource", std::string(resource)}});
}

absl::Status CheckProject(const Caller& caller, std::string_view project,
                          std::string_view resource) {
  return caller.project_id == project ? absl::OkStatus() : NotFound(resource);
}

absl::StatusOr<Caller> CallGuard::Authorise(const grpc::ServerContextBase& context,
                                            std::string_view scope) {
  TW_ASSIGN_OR_RETURN(const std::string token, BearerToken(context));
  TW_ASSIGN_OR_RETURN(const ApiKeyKind kind, ParseApiKey(token));
  if (kind != kind_) {
    return InvalidKey(kind_ == ApiKeyKind::kOperator ? "this port takes operators' keys only"
                                                     : "this port takes projects' keys only");
  }
  TW_ASSIGN_OR_RETURN(const ApiKeyRecord key, keys_.FindKey(ApiKeyHash(token)));
  if (key.project_id.empty() != (kind_ == ApiKeyKind::kOperator))
    return InvalidKey("the key is not known");
  if (!key.scopes.empty() &&
      std::find(key.scopes.begin(), key.scopes.end(), scope) == key.scopes.end()) {
    return MakeError(absl::StatusCode::kPermissionDenied, "KEY_SCOPE",
                     absl::StrCat("the key lacks the scope ", std::string(scope)),
                     {{"scope", std::string(scope)}});
  }
  return Caller{key.id, key.project_id, ""};
}

grpc::Status CallGuard::Finish(std::string_view scope, const absl::Status& status) {
  const absl::Status told = HideInternals(status);
  const LogFields fields{{"scope", std::string(scope)}, {"error", status.ToString()}};
  if (told.code() == absl::StatusCode::kInternal || told.code() == absl::StatusCode::kUnknown) {
    LogError("a call failed", fields);
  } else if (told != status) {
    LogWarning("a call failed", fields);
  }
  return ToGrpcStatus(told);
}

}  // namespace tuneward
