// `tuneward files upload|get|list`.
#include <memory>

#include <fmt/format.h>

#include "client/cli/commands.h"
#include "client/cli/output.h"
#include "client/cli/paging.h"
#include "client/cli/table.h"
#include "client/upload.h"

namespace tuneward::cli {
namespace {

std::string FileStateWord(v1::FileState state) {
  return state == v1::FILE_STATE_PROCESSED ? "processed" : "error";
}

// What a job on a file in state error would be told; the limits' numbers are the server's.
std::string WhyNoJob(const std::string& reason) {
  if (reason == "TOO_FEW_EXAMPLES") return "a job needs more rows: put more lines into the file";
  if (reason == "LIMIT_EXCEEDED") return "the file is over a limit: divide it";
  return "no job can use this file until the lines below are mended";
}

void ShowFile(std::ostream& out, const v1::File& file) {
  const char* rows = file.row_format() == v1::ROW_FORMAT_PREFERENCE ? "preferences" : "rows";
  out << fmt::format("{}  {}\n  {} bytes, {} {}, {}\n  sha256 {}\n", ShortName(file.name()),
                     TerminalSafe(file.filename()), file.bytes(), file.rows(), rows,
                     FileStateWord(file.state()), HexOf(file.sha256()));
  for (const v1::FormatCluster& format : file.formats()) {
    out << fmt::format("  format of {} rows: {}\n", format.rows(), OneLine(format.skeleton()));
    if (!format.system_prompt().empty())
      out << "    system: " << OneLine(format.system_prompt()) << '\n';
  }
  if (!file.error_reason().empty())
    out << "  " << file.error_reason() << ": " << WhyNoJob(file.error_reason()) << '\n';
  for (const v1::FileProblem& problem : file.problems()) {
    const std::string place = problem.line() == 0 ? "file" : fmt::format("line {}", problem.line());
    out << "  " << place << (problem.field().empty() ? "" : ", " + TerminalSafe(problem.field()))
        << ": " << TerminalSafe(problem.description()) << '\n';
  }
  if (file.problem_count() > file.problems_size()) {
    out << fmt::format("  and {} more problems\n", file.problem_count() - file.problems_size());
  }
}

absl::StatusOr<ExitCode> Upload(Context& context, const std::string& path,
                                const std::string& filename) {
  TW_ASSIGN_OR_RETURN(client::Client * client, context.Client());
  TW_ASSIGN_OR_RETURN(const std::string parent, context.Project());
  const bool draw = context.terminal.err_is_terminal && !context.json;
  TW_ASSIGN_OR_RETURN(
      const v1::File file,
      client::UploadFile(*client, {parent, path, filename}, [&](int64_t sent, int64_t total) {
        if (draw)
          context.err() << fmt::format("\rsent {} of {} bytes\x1b[K", sent, total) << std::flush;
      }));
  if (draw) context.err() << "\r\x1b[K" << std::flush;
  if (context.json) {
    context.out() << JsonText(file);
  } else {
    ShowFile(context.out(), file);
  }
  // The upload is done and stored, but no job can use the file: scripts must not go on.
  return file.state() == v1::FILE_STATE_ERROR ? ExitCode::kUsage : ExitCode::kOk;
}

absl::StatusOr<ExitCode> Get(Context& context, const std::string& id) {
  TW_ASSIGN_OR_RETURN(client::Client * client, context.Client());
  v1::GetFileRequest request;
  TW_ASSIGN_OR_RETURN(*request.mutable_name(), context.FileName(id));
  TW_ASSIGN_OR_RETURN(
      const v1::File file,
      client->Call(client->files(), &v1::FileService::StubInterface::GetFile, request));
  if (context.json) {
    context.out() << JsonText(file);
  } else {
    ShowFile(context.out(), file);
  }
  return ExitCode::kOk;
}

absl::StatusOr<ExitCode> List(Context& context, int64_t limit) {
  TW_ASSIGN_OR_RETURN(client::Client * client, context.Client());
  v1::ListFilesRequest request;
  TW_ASSIGN_OR_RETURN(*request.mutable_parent(), context.Project());
  v1::ListFilesResponse all;
  TW_RETURN_IF_ERROR(FollowPages(
      request, limit, 500,
      [&](const v1::ListFilesRequest& page) {
        return client->Call(client->files(), &v1::FileService::StubInterface::ListFiles, page);
      },
      [&](const v1::ListFilesResponse& page) {
        all.MergeFrom(page);
        return all.files_size();
      }));
  all.clear_next_page_token();
  if (context.json) {
    context.out() << JsonText(all);
    return ExitCode::kOk;
  }
  Table table({"ID", "NAME", "STATE", ">ROWS", ">BYTES", "CREATED"});
  for (const v1::File& file : all.files()) {
    table.AddRow({ShortName(file.name()), file.filename(), FileStateWord(file.state()),
                  std::to_string(file.rows()), std::to_string(file.bytes()),
                  TimeText(file.create_time(), file.has_create_time())});
  }
  context.out() << table.Render();
  return ExitCode::kOk;
}

}  // namespace

void AddFilesCommands(CLI::App& app, Context& context) {
  CLI::App* files = app.add_subcommand("files", "training and validation files");
  files->require_subcommand(1);

  auto path = std::make_shared<std::string>();
  auto filename = std::make_shared<std::string>();
  CLI::App* upload = files->add_subcommand(
      "upload", "upload a JSONL file of chats; status 2 when it has bad lines");
  upload->add_option("path", *path, "the file")->required();
  upload->add_option("--filename", *filename, "the name to show [the path's last part]");
  upload->callback([&context, path, filename] {
    context.action = [&context, path, filename] { return Upload(context, *path, *filename); };
  });

  auto id = std::make_shared<std::string>();
  CLI::App* get = files->add_subcommand("get", "one file, its formats and its problems");
  get->add_option("id", *id, "file-...")->required();
  get->callback([&context, id] { context.action = [&context, id] { return Get(context, *id); }; });

  auto limit = std::make_shared<int64_t>(100);
  CLI::App* list = files->add_subcommand("list", "files, newest first");
  list->add_option("--limit", *limit, "at most so many [100]")->check(CLI::Range(1, 1000000));
  list->callback(
      [&context, limit] { context.action = [&context, limit] { return List(context, *limit); }; });
}

}  // namespace tuneward::cli
