// The order in which a job's rows are trained (contracts.md A6): per epoch the user's rows in a
// fresh permutation, the mixed rows spread evenly through it, never in a block. Pure.
#pragma once

#include <cstdint>
#include <vector>

namespace tuneward {

// Indexes 0..n_user-1 are user rows, n_user..n_user+n_mixed-1 mixed rows. Mixed row j of m stands
// at position floor((2j+1)N/(2m)) of the epoch's N = n_user + n_mixed rows; user rows fill the
// rest, permuted by stream `order/<epoch>`.
std::vector<int64_t> EpochOrder(int64_t n_user, int64_t n_mixed, uint64_t seed, int epoch);

}  // namespace tuneward
