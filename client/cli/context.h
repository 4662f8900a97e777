// What one run of `tuneward` works with: streams, environment, options that every command shares,
// and the client, which is made on first use. Commands add themselves to the parser and leave an
// Action; app.cc runs it. One thread.
#pragma once

#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "client/cli/exit_code.h"
#include "client/client.h"
#include "client/config.h"

namespace tuneward::cli {

struct Terminal {
  std::istream& in;
  std::ostream& out;  // results
  std::ostream& err;  // progress and errors
  bool in_is_terminal = false;
  bool err_is_terminal = false;
  int columns = 80;
  client::Environment env = client::ProcessEnvironment();
  client::ClientOptions client_options;
};

using Action = std::function<absl::StatusOr<ExitCode>()>;

class Context {
 public:
  explicit Context(Terminal& terminal) : terminal(terminal) {}

  Terminal& terminal;
  bool json = false;
  bool verbose = false;       // errors with the call's trace id, whatever they are
  client::ConfigLayer flags;  // what the command line says
  std::string config_path;    // "": the default one
  Action action;              // of the chosen command

  // Settings from flags, environment and file; read once.
  absl::StatusOr<const client::ClientConfig*> Config();
  absl::StatusOr<client::Client*> Client();
  // `projects/{p}` of the settings; INVALID_ARGUMENT that says how to choose one.
  absl::StatusOr<std::string> Project();

  // Full names from what people type: an id alone is of the chosen project, a full name stays.
  absl::StatusOr<std::string> FileName(const std::string& id);
  absl::StatusOr<std::string> JobName(const std::string& id);
  absl::StatusOr<std::string> ModelName(
      const std::string& id);  // `ft:...` is tuned, anything else a base model

  std::ostream& out() { return terminal.out; }
  std::ostream& err() { return terminal.err; }

 private:
  absl::StatusOr<std::string> InProject(const std::string& id, const std::string& collection);
  std::optional<client::ClientConfig> config_;
  std::unique_ptr<client::Client> client_;
};

// The last part of a resource name.
std::string ShortName(const std::string& name);

}  // namespace tuneward::cli
