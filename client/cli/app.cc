#include "client/cli/app.h"

#include <algorithm>

#include "client/cli/commands.h"
#include "client/cli/output.h"

namespace tuneward::cli {
namespace {

// A flag that is one setting of the configuration.
void AddSetting(CLI::App& app, Context& context, const std::string& flag,
                const std::string& setting, const std::string& help) {
  app.add_option_function<std::string>(
         flag, [&context, setting](const std::string& value) { context.flags[setting] = value; },
         help)
      ->group("Connection");
}

void AddGlobalOptions(CLI::App& app, Context& context) {
  app.add_flag("--json", context.json, "results as JSON on stdout, errors as JSON on stderr")
      ->group("Output");
  app.add_flag("--verbose", context.verbose,
               "errors with the trace id that the server's log knows the call by")
      ->group("Output");
  AddSetting(app, context, "--endpoint", "endpoint",
             "host:port, or https://host:port [TUNEWARD_ENDPOINT]");
  AddSetting(app, context, "--admin-endpoint", "admin_endpoint",
             "the operators' port [TUNEWARD_ADMIN_ENDPOINT]");
  AddSetting(app, context, "--project", "project", "project id [TUNEWARD_PROJECT]");
  AddSetting(app, context, "--api-key-file", "api_key_file",
             "file with the project's key [TUNEWARD_API_KEY_FILE, TUNEWARD_API_KEY]");
  AddSetting(app, context, "--admin-key-file", "admin_key_file",
             "file with an operator's key [TUNEWARD_ADMIN_KEY_FILE, TUNEWARD_ADMIN_KEY]");
  AddSetting(app, context, "--ca-file", "ca_file", "TLS with these roots, PEM [TUNEWARD_CA_FILE]");
  app.add_flag_function(
         "--insecure", [&context](int64_t) { context.flags["insecure"] = "true"; },
         "allow a key in clear text to another machine [TUNEWARD_INSECURE]")
      ->group("Connection");
  app.add_option("--config", context.config_path, "settings [~/.config/tuneward/config.json]")
      ->group("Connection");
}

}  // namespace

int RunCli(const std::vector<std::string>& arguments, Terminal& terminal) {
  Context context(terminal);
  CLI::App app("tuneward: fine-tuning with a safety policy and an audit of every model",
               "tuneward");
  app.fallthrough();  // before the commands, which inherit it: `tuneward jobs list --json` is
                      // `tuneward --json jobs list`
  app.require_subcommand(1);
  app.footer(std::string("Settings come from flags, then the environment, then config.json.\n\n") +
             ExitCodeHelp());
  app.set_version_flag("--version", std::string("tuneward " TUNEWARD_VERSION));
  AddGlobalOptions(app, context);
  AddAllCommands(app, context);
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    const bool asked_for_help = error.get_exit_code() == 0;
    app.exit(error, terminal.out, terminal.err);
    return static_cast<int>(asked_for_help ? ExitCode::kOk : ExitCode::kUsage);
  }
  const absl::StatusOr<ExitCode> result = context.action();
  if (!result.ok()) {
    PrintError(terminal.err, result.status(), {context.json, context.verbose});
    return static_cast<int>(ExitCodeOf(result.status()));
  }
  return static_cast<int>(*result);
}

}  // namespace tuneward::cli
