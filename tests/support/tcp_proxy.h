// A proxy on loopback between a process and PostgreSQL that can lose a COMMIT: the request, so that
// nothing was committed, or the reply, so that all of it was; the process sees the same broken
// connection. It knows just enough of the protocol to tell which COMMIT is meant. One thread of its
// own; the methods are thread-safe.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/status.h"

namespace tuneward {

enum class CommitLoss { kRequest, kReply };

class TcpProxy {
 public:
  // Forwards connections to a port of its own to `target_port`, both of 127.0.0.1. Connections must
  // be in clear text (sslmode=disable gssencmode=disable).
  static absl::StatusOr<std::unique_ptr<TcpProxy>> Start(int target_port);
  ~TcpProxy();  // cuts what is open

  int port() const;
  // Loses the next COMMIT of a transaction that runs all of these prepared statements. Several may
  // wait for theirs at once.
  void LoseCommitOf(const std::vector<std::string>& statements, CommitLoss loss);
  int lost() const;     // so far
  int waiting() const;  // losses whose transaction has not come

 private:
  struct Impl;
  explicit TcpProxy(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tuneward
