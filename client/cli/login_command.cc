// `tuneward login`: tries the key, then writes endpoint, project and key to config.json (0600).
#include <termios.h>
#include <unistd.h>

#include <memory>

#include <fmt/format.h>

#include "absl/strings/ascii.h"
#include "client/cli/commands.h"
#include "core/base/json.h"

namespace tuneward::cli {
namespace {

// A line from the terminal that is not shown while it is typed.
std::string ReadHidden(Terminal& terminal) {
  termios shown{};
  const bool hide = terminal.in_is_terminal && tcgetattr(STDIN_FILENO, &shown) == 0;
  if (hide) {
    termios hidden = shown;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(STDIN_FILENO, TCSANOW, &hidden);
  }
  std::string line;
  std::getline(terminal.in, line);
  if (hide) {
    tcsetattr(STDIN_FILENO, TCSANOW, &shown);
    terminal.err << '\n';
  }
  return std::string(absl::StripAsciiWhitespace(line));
}

absl::StatusOr<ExitCode> Login(Context& context) {
  TW_ASSIGN_OR_RETURN(const std::string project, context.Project());
  if (!context.flags.contains("api_key_file")) {
    if (context.terminal.in_is_terminal)
      context.err() << "API key of " << project << ": " << std::flush;
    const std::string key = ReadHidden(context.terminal);
    if (key.empty())
      return absl::InvalidArgumentError("no key: type it, pipe it in, or give --api-key-file");
    context.flags["api_key"] = key;
  }
  Context fresh(context.terminal);  // the settings with the new key
  fresh.flags = context.flags;
  fresh.config_path = context.config_path;
  TW_ASSIGN_OR_RETURN(const client::ClientConfig* config, fresh.Config());
  TW_ASSIGN_OR_RETURN(client::Client * client, fresh.Client());
  v1::ListModelsRequest probe;
  probe.set_parent(project);
  probe.set_page_size(1);
  TW_RETURN_IF_ERROR(
      client->Call(client->models(), &v1::ModelService::StubInterface::ListModels, probe).status());

  client::ConfigLayer saved = {
      {"endpoint", config->endpoint}, {"project", config->project}, {"api_key", config->api_key}};
  if (context.flags.contains("admin_endpoint")) saved["admin_endpoint"] = config->admin_endpoint;
  if (context.flags.contains("admin_key_file")) saved["admin_key"] = config->admin_key;
  if (context.flags.contains("ca_file")) saved["ca_file"] = config->ca_file;
  if (context.flags.contains("insecure")) saved["insecure"] = "true";
  const std::string path = context.config_path.empty()
                               ? client::DefaultConfigPath(context.terminal.env)
                               : context.config_path;
  TW_RETURN_IF_ERROR(client::UpdateConfigFile(path, saved));
  if (context.json) {
    context.out() << Json{{"config", path},
                          {"endpoint", config->endpoint},
                          {"project", config->project}}
                         .dump()
                  << '\n';
  } else {
    context.out() << fmt::format("logged in to {} as {}; saved in {}\n", config->endpoint, project,
                                 path);
  }
  return ExitCode::kOk;
}

}  // namespace

void AddLoginCommand(CLI::App& app, Context& context) {
  CLI::App* login = app.add_subcommand(
      "login", "check a key and save it with endpoint and project in config.json");
  login->callback([&context] { context.action = [&context] { return Login(context); }; });
}

}  // namespace tuneward::cli
