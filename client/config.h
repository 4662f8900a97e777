// Where the server is and who the caller is, from flags > environment >
// ~/.config/tuneward/config.json (contracts.md D9). Plain values: the caller owns them. Keys are
// read from files or the environment, never from a flag's value, which every user of the machine
// could see in the process list.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "core/base/status.h"

namespace tuneward::client {

struct ClientConfig {
  std::string endpoint =
      "127.0.0.1:7400";  // host:port, or https://host:port for TLS with the system's roots
  std::string admin_endpoint = "127.0.0.1:7401";  // the operators' port
  std::string project;                            // "" until chosen
  std::string api_key;                            // of the project
  std::string admin_key;                          // of an operator
  std::string ca_file;                            // PEM; set: TLS with these roots
  bool insecure = false;                          // allow a key in clear text to another machine
  bool operator==(const ClientConfig&) const = default;
};

// One source of settings by the names of config.json: endpoint, admin_endpoint, project, api_key,
// admin_key, api_key_file, admin_key_file, ca_file, insecure ("true" or "false").
using ConfigLayer = std::map<std::string, std::string>;
using Environment = std::function<std::optional<std::string>(const std::string&)>;

Environment ProcessEnvironment();

// $XDG_CONFIG_HOME/tuneward/config.json, else $HOME/.config/tuneward/config.json; "" when neither
// is set.
std::string DefaultConfigPath(const Environment& env);

// TUNEWARD_ENDPOINT and so on; a variable that is set but empty counts as not set.
ConfigLayer EnvironmentLayer(const Environment& env);

// Empty when there is no such file. INVALID_ARGUMENT on unknown keys; PERMISSION_DENIED when it
// holds a key and others may read it.
absl::StatusOr<ConfigLayer> ReadConfigFile(const std::string& path);

// Writes `layer` over what the file holds, mode 0600, folder 0700.
absl::Status UpdateConfigFile(const std::string& path, const ConfigLayer& layer);

// A key and a key file are one setting: the higher source wins whichever of the two it gives.
absl::StatusOr<ClientConfig> ResolveConfig(const ConfigLayer& flags, const ConfigLayer& environment,
                                           const ConfigLayer& file);

}  // namespace tuneward::client
