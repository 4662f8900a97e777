#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "client/cli/app.h"

namespace {

int TerminalColumns() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // `tuneward ... | head` ends by a failed write, not by a signal
  setenv("GRPC_VERBOSITY", "NONE",
         0);  // gRPC's own log lines; every error reaches the user as a status
  tuneward::cli::Terminal terminal{.in = std::cin, .out = std::cout, .err = std::cerr};
  terminal.in_is_terminal = isatty(STDIN_FILENO) == 1;
  terminal.err_is_terminal = isatty(STDERR_FILENO) == 1;
  terminal.columns = TerminalColumns();
  const int rc = tuneward::cli::RunCli(std::vector<std::string>(argv + 1, argv + argc), terminal);
  std::cout.flush();
  return rc;
}
