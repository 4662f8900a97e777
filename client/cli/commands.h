// The commands of `tuneward`: one file a group, each adds its subcommands to the parser.
// commands.cc is the list.
#pragma once

#include <CLI/CLI.hpp>

#include "client/cli/context.h"

namespace tuneward::cli {

void AddAllCommands(CLI::App& app, Context& context);

void AddLoginCommand(CLI::App& app, Context& context);
void AddFilesCommands(CLI::App& app, Context& context);
void AddJobsCommands(CLI::App& app, Context& context);
void AddModelsCommands(CLI::App& app, Context& context);
void AddChatCommand(CLI::App& app, Context& context);
void AddAdminCommands(CLI::App& app, Context& context);

}  // namespace tuneward::cli
