#include "net/rpc_observer.h"

#include <chrono>
#include <string_view>

#include "core/base/log.h"
#include "core/base/trace_id.h"
#include "net/rpc_metrics.h"

namespace tuneward {
namespace {

namespace gx = grpc::experimental;
using ReceivedMetadata = std::multimap<grpc::string_ref, grpc::string_ref>;

constexpr char kTraceparentMetadata[] = "traceparent";
constexpr char kProjectMetadata[] = "x-project";

// "" unless the client sent exactly one value.
std::string_view OnlyValue(const ReceivedMetadata& metadata, const char* key) {
  if (metadata.count(key) != 1) return "";
  const grpc::string_ref value = metadata.find(key)->second;
  return {value.data(), value.size()};
}

std::string ClientsTraceId(const ReceivedMetadata& metadata) {
  std::string id = TraceIdOfTraceparent(OnlyValue(metadata, kTraceparentMetadata));
  return id.empty() ? TraceIdOfRequestId(OnlyValue(metadata, kRequestIdMetadata)) : id;
}

const char* TypeName(gx::ServerRpcInfo::Type type) {
  switch (type) {
    case gx::ServerRpcInfo::Type::UNARY:
      return "unary";
    case gx::ServerRpcInfo::Type::CLIENT_STREAMING:
      return "client_stream";
    case gx::ServerRpcInfo::Type::SERVER_STREAMING:
      return "server_stream";
    case gx::ServerRpcInfo::Type::BIDI_STREAMING:
      return "bidi_stream";
  }
  return "unary";
}

class RpcObserver final : public gx::Interceptor {
 public:
  RpcObserver(RpcMetrics& metrics, EntropySource& entropy, RpcMetrics::Labels labels)
      : metrics_(metrics), labels_(std::move(labels)), trace_id_(NewTraceId(entropy)) {
    metrics_.Started(labels_);
  }
  // A call that the client cancelled may send no status.
  ~RpcObserver() override {
    if (!ended_) End(grpc::StatusCode::CANCELLED, "");
  }

  void Intercept(gx::InterceptorBatchMethods* methods) override {
    using Point = gx::InterceptionHookPoints;
    if (methods->QueryInterceptionHookPoint(Point::POST_RECV_INITIAL_METADATA)) {
      Received(*methods->GetRecvInitialMetadata());
    }
    if (methods->QueryInterceptionHookPoint(Point::PRE_SEND_INITIAL_METADATA)) {
      methods->GetSendInitialMetadata()->emplace(kTraceIdMetadata, trace_id_);
    }
    if (methods->QueryInterceptionHookPoint(Point::PRE_SEND_STATUS)) {
      const auto& trailing = *methods->GetSendTrailingMetadata();
      const auto project = trailing.find(kProjectMetadata);
      End(methods->GetSendStatus().error_code(), project == trailing.end() ? "" : project->second);
    }
    methods->Proceed();
  }

 private:
  // Handlers find the trace id where they find what the client sent; a client cannot set it by that
  // name.
  void Received(ReceivedMetadata& metadata) {
    if (std::string id = ClientsTraceId(metadata); !id.empty()) trace_id_ = std::move(id);
    metadata.erase(kTraceIdMetadata);
    metadata.emplace(grpc::string_ref(kTraceIdMetadata), grpc::string_ref(trace_id_));
  }

  void End(grpc::StatusCode code, const std::string& project) {
    ended_ = true;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start_;
    metrics_.Ended(labels_, code, took.count());
    const std::string& service = labels_.at("grpc_service");
    const LogScope scope{{"method", service + "/" + labels_.at("grpc_method")},
                         {"code", RpcCodeName(code)},
                         {"duration_ms", std::to_string(took.count() * 1000)},
                         {"trace_id", trace_id_},
                         {"project", project}};
    // Probes come every few seconds and say nothing.
    if (service.rfind("grpc.", 0) == 0) {
      LogDebug("rpc");
    } else {
      LogInfo("rpc");
    }
  }

  RpcMetrics& metrics_;
  const RpcMetrics::Labels labels_;
  std::string trace_id_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  bool ended_ = false;
};

class RpcObserverFactory final : public gx::ServerInterceptorFactoryInterface {
 public:
  RpcObserverFactory(prometheus::Registry& registry, EntropySource& entropy)
      : metrics_(registry), entropy_(entropy) {}
  gx::Interceptor* CreateServerInterceptor(gx::ServerRpcInfo* info) override {
    const std::string_view method =
        info->method() == nullptr ? "" : info->method();  // "/package.Service/Method"
    const size_t slash = method.rfind('/');
    if (slash == std::string_view::npos || slash == 0) return nullptr;
    return new RpcObserver(metrics_, entropy_,
                           {{"grpc_type", TypeName(info->type())},
                            {"grpc_service", std::string(method.substr(1, slash - 1))},
                            {"grpc_method", std::string(method.substr(slash + 1))}});
  }

 private:
  RpcMetrics metrics_;
  EntropySource& entropy_;
};

}  // namespace

std::vector<std::unique_ptr<gx::ServerInterceptorFactoryInterface>> MakeRpcObservers(
    prometheus::Registry& registry, EntropySource& entropy) {
  std::vector<std::unique_ptr<gx::ServerInterceptorFactoryInterface>> factories;
  factories.push_back(std::make_unique<RpcObserverFactory>(registry, entropy));
  return factories;
}

std::string TraceIdOfCall(const grpc::ServerContextBase& context) {
  return std::string(OnlyValue(context.client_metadata(), kTraceIdMetadata));
}

void SetProjectOfCall(grpc::ServerContextBase& context, const std::string& project) {
  if (!project.empty()) context.AddTrailingMetadata(kProjectMetadata, project);
}

}  // namespace tuneward
