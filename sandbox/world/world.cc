#include "sandbox/world/world.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace tuneward {

std::vector<WorldObject> World::Objects() const {
  std::vector<WorldObject> objects = requests.sensitive_objects;
  objects.insert(objects.end(), requests.harmless_objects.begin(), requests.harmless_objects.end());
  return objects;
}

const WorldFamily* World::FindFamily(std::string_view id) const {
  const auto found = std::find_if(families.begin(), families.end(),
                                  [&](const WorldFamily& family) { return family.id == id; });
  return found == families.end() ? nullptr : &*found;
}

World BuiltInWorld() {
  absl::StatusOr<World> world = ParseWorld(BuiltInWorldFiles());
  TW_CHECK(world.ok());  // a unit test reads the same texts
  return *std::move(world);
}

Digest WorldHash() {
  std::string all;
  for (const WorldFile& file : BuiltInWorldFiles())
    absl::StrAppend(&all, file.name, "\n", file.text.size(), "\n", file.text);
  return Sha256Of(all);
}

}  // namespace tuneward
