// What is fuzzed: each target takes any bytes, runs the reader that meets strangers' bytes and
// checks what must hold of every answer (TW_CHECK ends the process). libFuzzer drives them with
// clang (preset `fuzz`); corpus_test.cc replays the kept inputs in every build. Any thread.
#pragma once

#include <string_view>
#include <vector>

namespace tuneward::fuzz {

// DatasetValidator: the verdict does not depend on how the file was cut into chunks, agrees with
// ReadRow line by line, and survives being stored; good rows can be profiled.
void Jsonl(std::string_view bytes);

// ParseSafetensors: spans tile the data area of the input; what was read can be written and read.
void Safetensors(std::string_view bytes);

// ParseJson, JobSpec and PolicyDocument: what passes the checks survives being stored, and can be
// resolved; canonical JSON is a fixed point.
void JobSpec(std::string_view bytes);

// ParseTokenizerJson: what it takes encodes any bytes, gives no control symbol for text, and gives
// text back.
void TokenizerJson(std::string_view bytes);

struct Target {
  std::string_view name;  // of its corpus folder
  void (*run)(std::string_view bytes);
};
const std::vector<Target>& Targets();

}  // namespace tuneward::fuzz
