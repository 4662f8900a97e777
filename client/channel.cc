#include "client/channel.h"

#include <arpa/inet.h>

#include <fmt/format.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "core/base/file.h"

namespace tuneward::client {
namespace {

constexpr int kMaxAnswerBytes = 64 << 20;  // a plan names every mixed row
constexpr char kTlsScheme[] = "https://";

absl::Status CheckAddress(const std::string& address) {
  if (address.rfind("unix:", 0) == 0) return absl::OkStatus();
  const size_t colon = address.rfind(':');
  int port = 0;
  if (colon == std::string::npos || colon == 0 ||
      !absl::SimpleAtoi(address.substr(colon + 1), &port) || port < 1 || port > 65535) {
    return absl::InvalidArgumentError(
        fmt::format("endpoint must be host:port or https://host:port, got '{}'", address));
  }
  return absl::OkStatus();
}

}  // namespace

bool IsLoopback(const std::string& endpoint) {
  if (endpoint.rfind("unix:", 0) == 0) return true;
  const std::string host = endpoint.substr(0, endpoint.rfind(':'));
  if (host == "localhost" || host == "[::1]") return true;
  in_addr address{};  // only a literal address: a name such as 127.evil.example is somebody else's
  return inet_pton(AF_INET, host.c_str(), &address) == 1 && (ntohl(address.s_addr) >> 24) == 127;
}

absl::StatusOr<Connection> Connect(const ConnectOptions& options) {
  std::string address = options.endpoint;
  const bool https = address.rfind(kTlsScheme, 0) == 0;
  if (https) address = address.substr(sizeof(kTlsScheme) - 1);
  TW_RETURN_IF_ERROR(CheckAddress(address));
  const bool tls = https || !options.ca_file.empty();
  if (!tls && !options.key.empty() && !options.insecure && !IsLoopback(address)) {
    return absl::InvalidArgumentError(
        fmt::format("refusing to send a key in clear text to {}: use https://{} or ca_file (or "
                    "--insecure on a trusted network)",
                    address, address));
  }
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
  if (tls) {
    grpc::SslCredentialsOptions ssl;
    if (!options.ca_file.empty()) {
      TW_ASSIGN_OR_RETURN(ssl.pem_root_certs, ReadFile(options.ca_file, 1 << 20));
    }
    credentials = grpc::SslCredentials(ssl);
  }
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxAnswerBytes);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 200);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 3000);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY,
                   0);  // the endpoint is named: no detour by environment variables
  return Connection{grpc::CreateCustomChannel(address, credentials, arguments), options.key};
}

}  // namespace tuneward::client
