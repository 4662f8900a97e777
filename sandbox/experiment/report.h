// The second half of a mixing experiment: from the records of a grid to its tables, rows of figures
// and pictures. Pure: what is written, and where, is the caller's. The same records in any order
// give the same bytes.
#pragma once

#include <string>
#include <vector>

#include "core/base/status.h"
#include "sandbox/experiment/cell.h"

namespace tuneward {

struct ReportHeader {
  std::string command, commit, machine;
  std::string date;                   // 2026-11-21
  std::string model;                  // that the targets are about; records of others: transfer
  int seeds_planned = 0;              // of each cell
  std::vector<std::string> missing;   // keys (Cell::Key) of planned cells without a record
  std::vector<std::string> settings;  // lines, "rows 300"
  // Of an operator's grid: what stands in place of the sandbox's world. With it no target is
  // judged, since all of them are the sandbox's.
  std::vector<std::string> material = {};
};

struct ReportFile {
  std::string name;  // without a folder, "paraphrase.md"
  std::string text;
};

// paraphrase.md, paraphrase.json (rows as `make figures` reads them), paraphrase_frontier.svg and
// paraphrase_rate.svg; a picture for which there are no records is left out. INVALID_ARGUMENT for
// no records, none of the header's model, an unknown arm (with the known ones), two records of one
// cell (with its key) and two settings of one model.
absl::StatusOr<std::vector<ReportFile>> MakeParaphraseReport(
    const ReportHeader& header, const std::vector<CellRecord>& records);

}  // namespace tuneward
