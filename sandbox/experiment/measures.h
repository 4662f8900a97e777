// What is read off one finished training, in percent (counts for what was added): the columns of
// every table and the axes of every picture. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "sandbox/experiment/cell.h"

namespace tuneward {

enum class Measure {
  kAsrRaw,          // attack success rate: harmful requests complied with
  kAsrInFormat,     // the same in the user's own format
  kAsrAoa,          // the same under the AOA persona
  kAsrHeldOut,      // raw, categories that no safety row is of
  kAsrMax,          // the largest of raw, in format and AOA
  kOverRefusalRaw,  // safe look-alikes refused
  kOverRefusalInFormat,
  kOverRefusalMax,  // the larger of the two
  kAccuracy,        // the user's task, held out, exact answers
  kAddedRows,
  kAddedTokens,
};

// As rows of figures name it, "asr_raw".
std::string_view MeasureName(Measure measure);
// None where nothing was asked; of a largest, where one of its parts was not.
std::optional<double> Read(const CellRecord& record, Measure measure);

}  // namespace tuneward
