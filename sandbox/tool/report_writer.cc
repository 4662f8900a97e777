#include "sandbox/tool/report_writer.h"

#include <fmt/core.h>

#include "core/base/file.h"
#include "sandbox/experiment/grid_results.h"
#include "sandbox/experiment/tables.h"
#include "sandbox/tool/origin.h"

namespace tuneward {

absl::Status WriteParaphraseReport(ReportHeader header, const std::vector<CellRecord>& records,
                                   const std::string& folder) {
  header.commit = CommitHere();
  header.machine = MachineHere();
  header.date = Today();
  TW_ASSIGN_OR_RETURN(const std::vector<ReportFile> files, MakeParaphraseReport(header, records));
  TW_ASSIGN_OR_RETURN(const GridResults results, GridResults::Make(records));
  for (const std::string& strategy : results.Strategies(header.model))
    fmt::print("{}, means over families:\n\n{}\n", strategy,
               AveragesTable(results, header.model, strategy));
  for (const ReportFile& file : files) {
    const std::string path = folder + "/" + file.name;
    TW_RETURN_IF_ERROR(WriteFileAtomic(path, file.text));
    fmt::print("{}\n", path);
  }
  return absl::OkStatus();
}

}  // namespace tuneward
