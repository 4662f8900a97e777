// Where figures come from, as docs/results names it: commit, machine, day. Reads the machine.
#pragma once

#include <string>

namespace tuneward {

std::string CommitHere();   // of the repository of the current folder; "unknown" outside of one
std::string MachineHere();  // "2 cores, AMD EPYC"
std::string Today();        // UTC, "2026-11-21"

}  // namespace tuneward
