#include "client/config.h"

#include <sys/stat.h>

#include <array>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

#include "absl/strings/ascii.h"
#include "core/base/file.h"
#include "core/base/json.h"

namespace tuneward::client {
namespace {

struct Setting {
  const char* name;
  const char* variable;
};
constexpr std::array<Setting, 9> kSettings = {{{"endpoint", "TUNEWARD_ENDPOINT"},
                                               {"admin_endpoint", "TUNEWARD_ADMIN_ENDPOINT"},
                                               {"project", "TUNEWARD_PROJECT"},
                                               {"api_key", "TUNEWARD_API_KEY"},
                                               {"admin_key", "TUNEWARD_ADMIN_KEY"},
                                               {"api_key_file", "TUNEWARD_API_KEY_FILE"},
                                               {"admin_key_file", "TUNEWARD_ADMIN_KEY_FILE"},
                                               {"ca_file", "TUNEWARD_CA_FILE"},
                                               {"insecure", "TUNEWARD_INSECURE"}}};

absl::StatusOr<std::string> ReadKeyFile(const std::string& path) {
  TW_ASSIGN_OR_RETURN(std::string content, ReadFile(path, 4096));
  std::string key(absl::StripAsciiWhitespace(content));
  if (key.empty()) return absl::InvalidArgumentError(fmt::format("key file {} is empty", path));
  return key;
}

// The first layer that has `name` or `name_file` decides.
absl::StatusOr<std::string> ResolveKey(const std::array<const ConfigLayer*, 3>& layers,
                                       const std::string& name) {
  for (const ConfigLayer* layer : layers) {
    if (auto it = layer->find(name); it != layer->end())
      return std::string(absl::StripAsciiWhitespace(it->second));
    if (auto it = layer->find(name + "_file"); it != layer->end()) return ReadKeyFile(it->second);
  }
  return std::string();
}

}  // namespace

Environment ProcessEnvironment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
}

std::string DefaultConfigPath(const Environment& env) {
  if (auto xdg = env("XDG_CONFIG_HOME"); xdg && !xdg->empty())
    return *xdg + "/tuneward/config.json";
  if (auto home = env("HOME"); home && !home->empty())
    return *home + "/.config/tuneward/config.json";
  return "";
}

ConfigLayer EnvironmentLayer(const Environment& env) {
  ConfigLayer layer;
  for (const Setting& setting : kSettings) {
    if (auto value = env(setting.variable); value && !value->empty()) layer[setting.name] = *value;
  }
  return layer;
}

absl::StatusOr<ConfigLayer> ReadConfigFile(const std::string& path) {
  ConfigLayer layer;
  struct stat info {};
  if (path.empty() || stat(path.c_str(), &info) != 0) return layer;
  TW_ASSIGN_OR_RETURN(const std::string content, ReadFile(path, 65536));
  absl::StatusOr<Json> json = ParseJson(content);
  if (!json.ok() || !json->is_object()) {
    return absl::InvalidArgumentError(
        fmt::format("{} must hold one JSON object{}{}", path, json.ok() ? "" : ": ",
                    json.ok() ? "" : std::string(json.status().message())));
  }
  Violations problems;
  ObjectReader reader(*json, path, problems);
  for (const Setting& setting : kSettings) {
    if (reader.Has(setting.name)) layer[setting.name] = reader.String(setting.name);
  }
  reader.Finish();
  TW_RETURN_IF_ERROR(problems.ToStatus());
  const bool has_key = layer.contains("api_key") || layer.contains("admin_key");
  if (has_key && (info.st_mode & 077) != 0) {
    return absl::PermissionDeniedError(
        fmt::format("{} holds a key and has mode {:04o}, so others may read it: chmod 0600 it",
                    path, info.st_mode & 07777));
  }
  return layer;
}

absl::Status UpdateConfigFile(const std::string& path, const ConfigLayer& layer) {
  if (path.empty())
    return absl::InvalidArgumentError("no place for config.json: set HOME or XDG_CONFIG_HOME");
  TW_ASSIGN_OR_RETURN(ConfigLayer merged, ReadConfigFile(path));
  for (const auto& [name, value] : layer) merged[name] = value;
  Json json = Json::object();
  for (const auto& [name, value] : merged) json[name] = value;
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  const bool existed = std::filesystem::exists(folder);
  TW_RETURN_IF_ERROR(MakeFolders(folder.string()));
  if (!existed) chmod(folder.c_str(), 0700);
  return WriteFileAtomic(path, json.dump(2) + "\n", 0600);
}

absl::StatusOr<ClientConfig> ResolveConfig(const ConfigLayer& flags, const ConfigLayer& environment,
                                           const ConfigLayer& file) {
  const std::array<const ConfigLayer*, 3> layers = {&flags, &environment, &file};
  ClientConfig config;
  const auto take = [&](const char* name, std::string& value) {
    for (const ConfigLayer* layer : layers) {
      if (auto it = layer->find(name); it != layer->end()) {
        value = it->second;
        return;
      }
    }
  };
  take("endpoint", config.endpoint);
  take("admin_endpoint", config.admin_endpoint);
  take("project", config.project);
  take("ca_file", config.ca_file);
  std::string insecure = "false";
  take("insecure", insecure);
  if (insecure != "true" && insecure != "false") {
    return absl::InvalidArgumentError(
        fmt::format("insecure must be true or false, got '{}'", insecure));
  }
  config.insecure = insecure == "true";
  TW_ASSIGN_OR_RETURN(config.api_key, ResolveKey(layers, "api_key"));
  TW_ASSIGN_OR_RETURN(config.admin_key, ResolveKey(layers, "admin_key"));
  return config;
}

}  // namespace tuneward::client
