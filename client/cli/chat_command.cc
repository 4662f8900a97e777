// `tuneward chat MODEL [message]`: one answer, or a conversation when no message is given.
#include <memory>

#include <fmt/format.h>

#include "absl/strings/str_join.h"
#include "client/chat.h"
#include "client/cli/commands.h"
#include "client/cli/output.h"
#include "client/cli/table.h"

namespace tuneward::cli {
namespace {

struct ChatOptions {
  v1::ChatCompleteRequest request;
  std::string model, system;
  std::vector<std::string> words;
};

void AddMessage(v1::ChatCompleteRequest& request, const std::string& role,
                const std::string& content) {
  v1::ChatMessage& message = *request.add_messages();
  message.set_role(role);
  message.set_content(content);
}

// On a terminal the answer appears as it is made; --json prints the whole response.
absl::Status Answer(Context& context, v1::ChatCompleteRequest& request) {
  TW_ASSIGN_OR_RETURN(client::Client * client, context.Client());
  if (context.json) {
    TW_ASSIGN_OR_RETURN(const v1::ChatCompleteResponse response,
                        client->Call(client->inference(),
                                     &v1::InferenceService::StubInterface::ChatComplete, request));
    AddMessage(request, "assistant", response.message().content());
    context.out() << JsonText(response) << std::flush;
    return absl::OkStatus();
  }
  bool begun = false;
  const absl::StatusOr<client::StreamedAnswer> answer =
      client::StreamChat(*client, request, [&](const std::string& text) {
        context.out() << TerminalSafe(text, /*keep_newlines=*/true) << std::flush;
        begun = true;
      });
  if (!answer.ok() && begun) context.out() << '\n' << std::flush;
  TW_RETURN_IF_ERROR(answer.status());
  AddMessage(request, "assistant", answer->text);
  context.out() << (answer->end.finish_reason() == v1::FINISH_REASON_LENGTH ? " [cut]" : "") << '\n'
                << std::flush;
  return absl::OkStatus();
}

absl::StatusOr<ExitCode> Chat(Context& context, ChatOptions& options) {
  v1::ChatCompleteRequest& request = options.request;
  TW_ASSIGN_OR_RETURN(*request.mutable_parent(), context.Project());
  TW_ASSIGN_OR_RETURN(*request.mutable_model(), context.ModelName(options.model));
  if (!options.system.empty()) AddMessage(request, "system", options.system);
  if (!options.words.empty()) {
    AddMessage(request, "user", absl::StrJoin(options.words, " "));
    TW_RETURN_IF_ERROR(Answer(context, request));
    return ExitCode::kOk;
  }
  const bool prompt = context.terminal.in_is_terminal;
  if (prompt) context.err() << "one message a line; Ctrl-D ends\n";
  std::string line;
  while ((!prompt || context.err() << "> " << std::flush) &&
         std::getline(context.terminal.in, line)) {
    if (line.empty()) continue;
    AddMessage(request, "user", line);
    TW_RETURN_IF_ERROR(Answer(context, request));
  }
  if (prompt) context.err() << '\n';
  return ExitCode::kOk;
}

}  // namespace

void AddChatCommand(CLI::App& app, Context& context) {
  auto options = std::make_shared<ChatOptions>();
  v1::ChatCompleteRequest& request = options->request;
  CLI::App* chat = app.add_subcommand("chat", "talk to a base model or to a released tuned one");
  chat->add_option("model", options->model, "ft:... or a base model's id")->required();
  chat->add_option("message", options->words, "one question; none: a conversation on the terminal");
  chat->add_option("--system", options->system, "system prompt");
  chat->add_option_function<int32_t>(
      "--max-tokens", [&request](int32_t n) { request.set_max_tokens(n); }, "longest answer [256]");
  chat->add_option_function<double>(
      "--temperature", [&request](double t) { request.set_temperature(t); },
      "0: the likeliest answer [0]");
  chat->add_option_function<double>(
      "--top-p", [&request](double p) { request.set_top_p(p); }, "[1]");
  chat->add_option_function<int64_t>(
      "--seed", [&request](int64_t seed) { request.set_seed(seed); }, "of sampling [drawn]");
  chat->callback([&context, options] {
    context.action = [&context, options] { return Chat(context, *options); };
  });
}

}  // namespace tuneward::cli
