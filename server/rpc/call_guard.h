// What every handler does first: take a place among the calls in flight, find the key, check its
// kind and scope, name call and project for the log; and last: turn the outcome into a gRPC status.
// A public port takes projects' keys, the admin port operators' keys. Thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <grpcpp/server_context.h>

#include "core/base/api_key.h"
#include "core/base/log.h"
#include "core/base/status.h"
#include "core/store/pg/project_store.h"
#include "net/admission.h"
#include "net/grpc_status.h"
#include "net/rpc_observer.h"

namespace tuneward {

// What a key may do; every method names one.
inline constexpr char kScopeFilesRead[] = "files.read";
inline constexpr char kScopeFilesWrite[] = "files.write";
inline constexpr char kScopeJobsRead[] = "jobs.read";
inline constexpr char kScopeJobsWrite[] = "jobs.write";
inline constexpr char kScopeModelsRead[] = "models.read";
inline constexpr char kScopeChat[] = "chat";
inline constexpr char kScopeAdmin[] = "admin";  // operators' keys have it, no other can

const std::vector<std::string>& ProjectScopes();  // what CreateApiKey accepts

struct Caller {
  std::string key_id;
  std::string project_id;  // empty: an operator
  std::string trace_id;    // of this call (net/rpc_observer.h)
};

// NOT_FOUND unless the resource is of the caller's project: the answer for one that does not exist.
absl::Status CheckProject(const Caller& caller, std::string_view project,
                          std::string_view resource);
absl::Status NotFound(std::string_view resource);

class CallGuard {
 public:
  CallGuard(ProjectStore& keys, Admission& admission, ApiKeyKind kind)
      : keys_(keys), admission_(admission), kind_(kind) {}

  // `body`: absl::Status(const Caller&).
  template <typename Body>
  grpc::Status Run(grpc::ServerContextBase& context, CallClass call_class, std::string_view scope,
                   Body&& body) {
    auto ticket = admission_.Enter(call_class);
    if (!ticket.ok()) return ToGrpcStatus(ticket.status());
    const std::string trace_id = TraceIdOfCall(context);
    const LogScope call_scope{{"trace_id", trace_id}};
    auto caller = Authorise(context, scope);
    if (!caller.ok()) return Finish(scope, caller.status());
    caller->trace_id = trace_id;
    SetProjectOfCall(context, caller->project_id);
    const LogScope project_scope{{"project", caller->project_id}};
    return Finish(scope, body(*caller));
  }

 private:
  absl::StatusOr<Caller> Authorise(const grpc::ServerContextBase& context, std::string_view scope);
  grpc::Status Finish(std::string_view scope,
                      const absl::Status& status);  // logs what is our fault

  ProjectStore& keys_;
  Admission& admission_;
  const ApiKeyKind kind_;
};

}  // namespace tuneward
