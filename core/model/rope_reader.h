// The keys of a config.json that say how positions turn queries and keys: rope_theta and
// rope_scaling in old files, rope_parameters in new ones. No torch.
#pragma once

#include <utility>

#include "core/model/config_reader.h"
#include "core/model/rope_config.h"

namespace tuneward {

using TwoRopes = std::pair<RopeConfig, RopeConfig>;  // of full and of sliding layers

// One rope for all layers.
TwoRopes ReadRope(ConfigReader& reader, int64_t context);
// Gemma 3: rope_parameters holds one for each kind of layer; in old files rope_theta with
// rope_scaling is that of full layers, rope_local_base_freq that of sliding ones.
TwoRopes ReadTwoRopes(ConfigReader& reader, int64_t context);

}  // namespace tuneward
