#include "tests/support/tcp_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <list>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "core/base/file.h"

namespace tuneward {
namespace {

using namespace std::string_literals;

constexpr int kPollMillis = 50;  // how long the destructor waits at most
constexpr size_t kChunk = 64 << 10;
// A simple query message: 'Q', its length as a big-endian int32, the text and a zero.
const std::string& CommitMessage() {
  static const std::string& message = *new std::string(
      "Q\0\0\0\x0b"
      "COMMIT\0"s);
  return message;
}

class Socket {
 public:
  explicit Socket(int fd = -1) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&&) = delete;
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  int fd() const { return fd_; }

 private:
  int fd_;
};

struct sockaddr_in Loopback(int port) {
  struct sockaddr_in address {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

void SendAtOnce(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// Empty: the other end is gone.
std::string ReceiveSome(int fd) {
  std::string bytes(kChunk, '\0');
  const ssize_t n = recv(fd, bytes.data(), bytes.size(), 0);
  bytes.resize(n > 0 ? static_cast<size_t>(n) : 0);
  return bytes;
}

bool SendAll(int fd, const std::string& bytes) {
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t n = send(fd, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
    if (n <= 0) return false;
    done += static_cast<size_t>(n);
  }
  return true;
}

struct Connection {
  Socket client, server;
  std::string request;  // what the client has sent since its last COMMIT
};

}  // namespace

struct TcpProxy::Impl {
  Socket listener;
  int port = 0, target_port = 0;
  std::list<Connection> connections;  // the thread's
  std::atomic<bool> stopping{false};
  std::atomic<int> lost{0};
  struct Wanted {
    std::vector<std::string> statements;
    CommitLoss loss;
  };
  std::mutex mutex;
  std::list<Wanted> wanted;  // under mutex
  std::thread thread;

  void Accept();
  void Loop();
  bool ForwardRequest(Connection& connection);
  bool ForwardReply(Connection& connection);
  // Whether the transaction that this connection is about to commit is the one to lose.
  std::optional<CommitLoss> LossOf(const Connection& connection);
};

void TcpProxy::Impl::Accept() {
  Socket client(accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC));
  Socket server(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const struct sockaddr_in address = Loopback(target_port);
  if (client.fd() < 0 || server.fd() < 0 ||
      connect(server.fd(), reinterpret_cast<const struct sockaddr*>(&address), sizeof address) !=
          0) {
    return;  // closes the client: as if nobody listened
  }
  SendAtOnce(client.fd());
  SendAtOnce(server.fd());
  connections.push_back(Connection{std::move(client), std::move(server), ""});
}

std::optional<CommitLoss> TcpProxy::Impl::LossOf(const Connection& connection) {
  std::lock_guard lock(mutex);
  const auto runs = [&connection](const std::string& statement) {
    // In a Bind message the name stands between the zero of the portal's empty name and its own.
    return connection.request.find('\0' + statement + '\0') != std::string::npos;
  };
  for (auto it = wanted.begin(); it != wanted.end(); ++it) {
    if (!std::all_of(it->statements.begin(), it->statements.end(), runs)) continue;
    const CommitLoss loss = it->loss;
    wanted.erase(it);
    return loss;
  }
  return std::nullopt;
}

// False: the connection is to be cut.
bool TcpProxy::Impl::ForwardRequest(Connection& connection) {
  const std::string bytes = ReceiveSome(connection.client.fd());
  if (bytes.empty()) return false;
  connection.request += bytes;
  if (connection.request.find(CommitMessage()) == std::string::npos) {
    return SendAll(connection.server.fd(), bytes);
  }
  const std::optional<CommitLoss> loss = LossOf(connection);
  connection.request.clear();
  if (loss != CommitLoss::kRequest && !SendAll(connection.server.fd(), bytes)) return false;
  if (!loss) return true;
  // The reply says that the commit has happened, before anybody is told that the wire broke.
  if (*loss == CommitLoss::kReply && ReceiveSome(connection.server.fd()).empty()) return false;
  ++lost;
  return false;
}

bool TcpProxy::Impl::ForwardReply(Connection& connection) {
  const std::string bytes = ReceiveSome(connection.server.fd());
  return !bytes.empty() && SendAll(connection.client.fd(), bytes);
}

void TcpProxy::Impl::Loop() {
  while (!stopping) {
    std::vector<struct pollfd> fds = {{listener.fd(), POLLIN, 0}};
    for (const Connection& connection : connections) {
      fds.push_back({connection.client.fd(), POLLIN, 0});
      fds.push_back({connection.server.fd(), POLLIN, 0});
    }
    if (poll(fds.data(), fds.size(), kPollMillis) <= 0) continue;
    size_t at = 1;
    for (auto it = connections.begin(); it != connections.end(); at += 2) {
      bool open = true;
      if (fds[at].revents != 0) open = ForwardRequest(*it);
      if (open && fds[at + 1].revents != 0) open = ForwardReply(*it);
      it = open ? std::next(it) : connections.erase(it);
    }
    if (fds[0].revents != 0) Accept();
  }
}

TcpProxy::TcpProxy(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

TcpProxy::~TcpProxy() {
  impl_->stopping = true;
  impl_->thread.join();
}

absl::StatusOr<std::unique_ptr<TcpProxy>> TcpProxy::Start(int target_port) {
  Socket listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  struct sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  auto* plain = reinterpret_cast<struct sockaddr*>(&address);
  if (listener.fd() < 0 || bind(listener.fd(), plain, size) != 0 ||
      listen(listener.fd(), SOMAXCONN) != 0 || getsockname(listener.fd(), plain, &size) != 0) {
    return ErrnoStatus(errno, "the proxy's port");
  }
  std::unique_ptr<Impl> impl(new Impl{std::move(listener)});
  impl->port = ntohs(address.sin_port);
  impl->target_port = target_port;
  impl->thread = std::thread([impl = impl.get()] { impl->Loop(); });
  return std::unique_ptr<TcpProxy>(new TcpProxy(std::move(impl)));
}

int TcpProxy::port() const { return impl_->port; }
int TcpProxy::lost() const { return impl_->lost; }

void TcpProxy::LoseCommitOf(const std::vector<std::string>& statements, CommitLoss loss) {
  std::lock_guard lock(impl_->mutex);
  impl_->wanted.push_back({statements, loss});
}

int TcpProxy::waiting() const {
  std::lock_guard lock(impl_->mutex);
  return static_cast<int>(impl_->wanted.size());
}

}  // namespace tuneward
