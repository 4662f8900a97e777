// A channel to one port of a server and the key that goes with it. Clear text is for this machine
// (or a trusted network, when the caller says so); anything else is TLS. Channels are thread-safe
// and reconnect by themselves.
#pragma once

#include <memory>
#include <string>

#include <grpcpp/channel.h>

#include "core/base/status.h"

namespace tuneward::client {

struct Connection {
  std::shared_ptr<grpc::Channel> channel;
  std::string key;  // sent as `authorization: Bearer <key>`; "": none
};

struct ConnectOptions {
  std::string endpoint;  // host:port (clear text), or https://host:port
  std::string key;
  std::string ca_file;  // PEM; set: TLS with these roots
  bool insecure = false;
};

// Does not dial yet. INVALID_ARGUMENT: a malformed endpoint, or a key that would go in clear text
// to another machine.
absl::StatusOr<Connection> Connect(const ConnectOptions& options);

// 127.0.0.0/8, [::1], localhost, unix sockets.
bool IsLoopback(const std::string& endpoint);

}  // namespace tuneward::client
