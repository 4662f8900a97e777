#include "tests/fuzz/targets.h"

namespace tuneward::fuzz {

const std::vector<Target>& Targets() {
  static const std::vector<Target> targets = {{"jsonl", Jsonl},
                                              {"safetensors", Safetensors},
                                              {"job_spec", JobSpec},
                                              {"tokenizer_json", TokenizerJson}};
  return targets;
}

}  // namespace tuneward::fuzz
