#include "worker/engine/checkpoint.h"

#include <cstdlib>
#include <filesystem>
#include <map>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/base/file.h"
#include "core/base/random.h"

namespace tuneward {
namespace {

namespace fs = std::filesystem;

constexpr char kFormat[] = "tuneward.checkpoint/1";
constexpr char kPrefix[] = "checkpoint-";
constexpr char kAdapterFile[] = "/adapter_model.safetensors";
constexpr char kWholeFile[] = "/weights.safetensors";
constexpr char kBestFile[] = "/best.safetensors";
constexpr size_t kKept = 2;

// Doubles bit for bit, as text: canonical JSON has none.
std::string Exact(double value) { return absl::StrFormat("%a", value); }
double FromExact(const std::string& text) { return std::strtod(text.c_str(), nullptr); }

Json ProgressJson(const CheckpointState& state) {
  return {{"first_loss", Exact(state.first_loss)},
          {"micro_batch_tokens", state.micro_batch_tokens},
          {"best_step", state.stop.best_step},
          {"best_loss", Exact(state.stop.best_loss)},
          {"worse", state.stop.worse}};
}

void ReadProgress(const Json& json, CheckpointState& state, Violations& problems) {
  ObjectReader reader(json, "state.json.progress", problems);
  state.first_loss = FromExact(reader.String("first_loss"));
  state.micro_batch_tokens = reader.Int("micro_batch_tokens", 1, INT64_MAX);
  state.stop.best_step = reader.Int("best_step", 0, INT64_MAX);
  state.stop.best_loss = FromExact(reader.String("best_loss"));
  state.stop.worse = reader.Int("worse", 0, INT64_MAX);
  reader.Finish();
}

absl::Status FsStatus(const std::error_code& error, const std::string& what) {
  return error ? ErrnoStatus(error.value(), what) : absl::OkStatus();
}

absl::Status RemoveOld(const std::string& work_folder) {
  std::map<int64_t, fs::path> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(work_folder, error)) {
    const std::string name = entry.path().filename();
    int64_t step = 0;
    if (name.starts_with(kPrefix) && absl::SimpleAtoi(name.substr(sizeof(kPrefix) - 1), &step))
      found[step] = entry.path();
  }
  TW_RETURN_IF_ERROR(FsStatus(error, work_folder));
  while (found.size() > kKept) {
    fs::remove_all(found.begin()->second, error);
    TW_RETURN_IF_ERROR(FsStatus(error, found.begin()->second));
    found.erase(found.begin());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> WriteCheckpoint(const std::string& work_folder,
                                            const Checkpoint& checkpoint) {
  const CheckpointState& state = checkpoint.state;
  const std::string folder = absl::StrCat(work_folder, "/", kPrefix, state.step);
  const std::string temp = absl::StrCat(work_folder, "/tmp-", kPrefix, state.step);
  std::error_code error;
  fs::remove_all(temp, error);
  TW_RETURN_IF_ERROR(MakeFolders(temp));
  TW_RETURN_IF_ERROR(
      SaveTensors(temp + (checkpoint.whole ? kWholeFile : kAdapterFile), checkpoint.weights));
  TW_RETURN_IF_ERROR(SaveTensors(temp + "/optimizer.safetensors", checkpoint.optimizer));
  if (!checkpoint.best.empty()) TW_RETURN_IF_ERROR(SaveTensors(temp + kBestFile, checkpoint.best));
  const Json json = {{"format", kFormat},
                     {"step", state.step},
                     {"tokens", state.tokens},
                     {"manifest_sha", state.manifest_sha},
                     {"fingerprint", state.fingerprint},
                     {"random", kRandomScheme},
                     {"progress", ProgressJson(state)},
                     {"defence", {{"id", state.defence}, {"state", state.defence_state.dump()}}}};
  TW_RETURN_IF_ERROR(WriteFileAtomic(temp + "/state.json", CanonicalJson(json)));
  fs::remove_all(folder, error);
  fs::rename(temp, folder, error);
  TW_RETURN_IF_ERROR(FsStatus(error, folder));
  TW_RETURN_IF_ERROR(FsyncFolder(work_folder));
  TW_RETURN_IF_ERROR(RemoveOld(work_folder));
  return folder;
}

absl::StatusOr<Checkpoint> ReadCheckpoint(const std::string& folder,
                                          const std::string& manifest_sha,
                                          std::string_view defence) {
  TW_ASSIGN_OR_RETURN(const std::string text, ReadFile(folder + "/state.json", 16 << 20));
  TW_ASSIGN_OR_RETURN(const Json json, ParseJson(text));
  Violations problems;
  ObjectReader reader(json, "state.json", problems);
  Checkpoint checkpoint;
  CheckpointState& state = checkpoint.state;
  const std::string format = reader.String("format");
  state.step = reader.Int("step", 1, INT64_MAX);
  state.tokens = reader.Int("tokens", 0, INT64_MAX);
  state.manifest_sha = reader.String("manifest_sha");
  state.fingerprint = reader.String("fingerprint");
  const std::string random = reader.String("random");
  if (const Json* progress = reader.Object("progress", /*required=*/false))
    ReadProgress(*progress, state, problems);
  std::string defence_state = "{}";
  if (const Json* object = reader.Object("defence")) {
    ObjectReader inner(*object, "state.json.defence", problems);
    state.defence = inner.String("id");
    defence_state = inner.String("state");
    inner.Finish();
  }
  reader.Finish();
  TW_RETURN_IF_ERROR(problems.ToStatus());
  if (format != kFormat || random != kRandomScheme)
    return absl::FailedPreconditionError(absl::StrCat(folder, ": format must be ", kFormat,
                                                      " with ", kRandomScheme, ", got ", format,
                                                      " with ", random));
  if (state.manifest_sha != manifest_sha || state.defence != defence)
    return absl::FailedPreconditionError(absl::StrCat(
        folder, ": the checkpoint is of manifest ", state.manifest_sha, " and defence ",
        state.defence, ", the job has ", manifest_sha, " and ", std::string(defence)));
  TW_ASSIGN_OR_RETURN(state.defence_state, ParseJson(defence_state));
  checkpoint.whole = std::filesystem::exists(folder + kWholeFile);
  TW_ASSIGN_OR_RETURN(checkpoint.weights,
                      LoadTensors(folder + (checkpoint.whole ? kWholeFile : kAdapterFile)));
  if (state.stop.best_step > 0) {
    TW_ASSIGN_OR_RETURN(checkpoint.best, LoadTensors(folder + kBestFile));
  }
  TW_ASSIGN_OR_RETURN(checkpoint.optimizer, LoadTensors(folder + "/optimizer.safetensors"));
  return checkpoint;
}

}  // namespace tuneward
