#include "client/cli/context.h"

#include <fmt/format.h>

namespace tuneward::cli {

absl::StatusOr<const client::ClientConfig*> Context::Config() {
  if (!config_) {
    const std::string path =
        config_path.empty() ? client::DefaultConfigPath(terminal.env) : config_path;
    TW_ASSIGN_OR_RETURN(const client::ConfigLayer file, client::ReadConfigFile(path));
    TW_ASSIGN_OR_RETURN(config_,
                        client::ResolveConfig(flags, client::EnvironmentLayer(terminal.env), file));
  }
  return &*config_;
}

absl::StatusOr<client::Client*> Context::Client() {
  if (!client_) {
    TW_ASSIGN_OR_RETURN(const client::ClientConfig* config, Config());
    TW_ASSIGN_OR_RETURN(client_, client::Client::Create(*config, terminal.client_options));
  }
  return client_.get();
}

absl::StatusOr<std::string> Context::Project() {
  TW_ASSIGN_OR_RETURN(const client::ClientConfig* config, Config());
  if (config->project.empty()) {
    return absl::InvalidArgumentError(
        "no project chosen: give --project, set TUNEWARD_PROJECT, or run `tuneward login`");
  }
  return config->project.rfind("projects/", 0) == 0 ? config->project
                                                    : "projects/" + config->project;
}

absl::StatusOr<std::string> Context::InProject(const std::string& id,
                                               const std::string& collection) {
  if (id.rfind("projects/", 0) == 0) return id;
  TW_ASSIGN_OR_RETURN(const std::string project, Project());
  return project + "/" + collection + "/" + id;
}

absl::StatusOr<std::string> Context::FileName(const std::string& id) {
  return InProject(id, "files");
}
absl::StatusOr<std::string> Context::JobName(const std::string& id) {
  return InProject(id, "jobs");
}

absl::StatusOr<std::string> Context::ModelName(const std::string& id) {
  if (id.rfind("baseModels/", 0) == 0) return id;
  if (id.rfind("projects/", 0) == 0 || id.rfind("ft:", 0) == 0) return InProject(id, "models");
  return "baseModels/" + id;
}

std::string ShortName(const std::string& name) {
  const size_t slash = name.rfind('/');
  return slash == std::string::npos ? name : name.substr(slash + 1);
}

}  // namespace tuneward::cli
