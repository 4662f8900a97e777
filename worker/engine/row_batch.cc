#include "worker/engine/row_batch.h"

#include <algorithm>
#include <utility>

#include "worker/engine/generation_rows.h"
#include "worker/engine/guarded.h"
#include "worker/engine/row_decoding.h"

namespace tuneward {
namespace {

class RowBatchImpl final : public RowBatch {
 public:
  RowBatchImpl(const Decoder& decoder, int threads, PrefixCache* prefixes, OnToken on_token,
               OnEnd on_end)
      : config_(decoder.config()),
        threads_(threads),
        decoding_(decoder, std::move(on_token), std::move(on_end), prefixes) {}

  absl::Status Add(size_t id, GenerationRow row) override {
    TW_RETURN_IF_ERROR(CheckGenerationRows({row}, config_));
    waiting_.emplace_back(id, std::move(row));
    return absl::OkStatus();
  }

  bool HasRoomFor(const GenerationRow& row) const override {
    int64_t places = RowDecoding::PlacesOf(row, config_);
    for (const auto& [id, other] : waiting_)
      places = std::max(places, RowDecoding::PlacesOf(other, config_));
    return decoding_.HasRoomFor(waiting_.size() + 1, places);
  }

  PromptCounts prompts() const override { return decoding_.prompts(); }

  size_t rows() const override { return decoding_.rows() + waiting_.size(); }

  absl::Status Step() override {
    at::set_num_threads(threads_);
    return Guarded("generation", [&] {
      const at::NoGradGuard no_grad;
      // Those who were there first: a prompt that comes to its end does not wait for its
      // neighbours.
      decoding_.Step();
      const auto joining = std::exchange(waiting_, {});
      std::vector<RowDecoding::Joining> rows;
      for (const auto& [id, row] : joining) rows.push_back({id, &row});
      if (!rows.empty()) decoding_.Join(rows);
      return absl::OkStatus();
    });
  }

 private:
  const ModelConfig& config_;
  const int threads_;
  std::vector<std::pair<size_t, GenerationRow>> waiting_;
  RowDecoding decoding_;
};

}  // namespace

std::unique_ptr<RowBatch> MakeRowBatch(const Decoder& decoder, int threads, PrefixCache* prefixes,
                                       OnToken on_token, OnEnd on_end) {
  return std::make_unique<RowBatchImpl>(decoder, threads, prefixes, std::move(on_token),
                                        std::move(on_end));
}

}  // namespace tuneward
