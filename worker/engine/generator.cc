#include "worker/engine/generator.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "worker/engine/generation_rows.h"
#include "worker/engine/row_decoding.h"

namespace tuneward {
namespace {

// Which rows are decoded together: those that need similar room.
std::vector<std::vector<size_t>> GroupsOf(const std::vector<GenerationRow>& rows,
                                          const Decoder& decoder) {
  std::vector<size_t> order(rows.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return RowDecoding::PlacesOf(rows[a], decoder.config()) >
           RowDecoding::PlacesOf(rows[b], decoder.config());
  });
  std::vector<std::vector<size_t>> groups;
  for (size_t begin = 0; begin < order.size();) {
    const int64_t places = RowDecoding::PlacesOf(rows[order[begin]], decoder.config());
    const size_t count = static_cast<size_t>(RowDecoding::MostRows(decoder, places));
    const size_t end = std::min(order.size(), begin + count);
    groups.emplace_back(order.begin() + static_cast<int64_t>(begin),
                        order.begin() + static_cast<int64_t>(end));
    begin = end;
  }
  return groups;
}

// Adapters in the order of their first row; beside each other what begins alike.
void SortForSharing(std::vector<size_t>& group, const std::vector<GenerationRow>& rows) {
  std::map<const Adapter*, size_t> rank;
  for (const size_t i : group) rank.try_emplace(rows[i].adapter, rank.size());
  std::stable_sort(group.begin(), group.end(), [&](size_t a, size_t b) {
    const size_t rank_a = rank.at(rows[a].adapter), rank_b = rank.at(rows[b].adapter);
    return rank_a != rank_b ? rank_a < rank_b : rows[a].prompt < rows[b].prompt;
  });
}

}  // namespace

absl::StatusOr<std::vector<Generation>> RunGeneration(const Decoder& decoder,
                                                      const std::vector<GenerationRow>& rows,
                                                      const OnToken& on_token,
                                                      const OnEnd& on_end) {
  TW_RETURN_IF_ERROR(CheckGenerationRows(rows, decoder.config()));
  const at::NoGradGuard no_grad;
  std::vector<Generation> results(rows.size());
  const OnEnd end = [&](size_t row, const Generation& generation) {
    results[row] = generation;
    if (on_end) on_end(row, generation);
  };
  for (std::vector<size_t>& group : GroupsOf(rows, decoder)) {
    SortForSharing(group, rows);
    std::vector<RowDecoding::Joining> joining;
    for (const size_t i : group) joining.push_back({i, &rows[i]});
    RowDecoding decoding(decoder, on_token, end);
    decoding.Join(joining);
    while (decoding.rows() > 0) decoding.Step();
  }
  return results;
}

}  // namespace tuneward
