// The modes of tw-bench-engine. Each returns the process's exit status.
#pragma once

#include <string>

#include "worker/engine/engine.h"

namespace tuneward::bench {

struct Settings {
  std::string config;  // a Hugging Face config.json's text
  EngineOptions engine;
  std::string rows;  // a file of rows.h
  int batch = 8;     // rows a step; prompts a call
  int new_tokens = 64;
  int jobs = 4;  // that train together
};

int Train(const Settings& settings);
int TrainTogether(const Settings& settings);
int Generate(const Settings& settings);
int Matmul(const Settings& settings);

}  // namespace tuneward::bench
