// Reads families.json: for each of the nine families which slots its texts need and may have, and
// which outcomes it has, stands in one table. Not thread-safe.
#pragma once

#include <vector>

#include "sandbox/world/wording_reader.h"
#include "sandbox/world/world.h"

namespace tuneward {

std::vector<WorldFamily> ReadFamilies(ObjectReader& file, WordingReader& wording);

}  // namespace tuneward
