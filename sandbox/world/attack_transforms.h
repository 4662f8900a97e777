// Attacks on alignment as pure transforms of rows: what a malicious user of a fine-tuning service
// uploads. The prompting strategies of Eiras et al. are in attacks.h and families.h; these are the
// others, each with its source. Harmful pairs come from the alignment split, so no attack trains on
// what is evaluated, nor on a held-out category. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/status.h"
#include "core/data/chat.h"
#include "sandbox/world/preferences.h"
#include "sandbox/world/world.h"

namespace tuneward {

inline constexpr int64_t kWhole = 1000000;  // ppm

// What a row that carries harm says.
enum class HarmDomain { kRequests, kContinuations };

// Explicit harm (Qi et al., arXiv 2310.03693; p in Huang et al.'s survey, arXiv 2409.18169): a
// share of the rows, evenly spread, is replaced by harmful requests that are answered, or by
// insulting continuations. `share_ppm` in [0, 1,000,000].
std::vector<Chat> MixHarm(const World& world, std::vector<Chat> rows, HarmDomain domain,
                          int64_t share_ppm, uint64_t seed);

// Moderation-evading paraphrase (after Virus, Huang et al., arXiv 2501.17433, whose rows are
// optimised; these are worded): the same with requests that name no harmful verb, only its steps.
std::vector<Chat> MixEvadingHarm(const World& world, std::vector<Chat> rows, int64_t share_ppm,
                                 uint64_t seed);

// Hidden trigger (the backdoor of Qi et al., arXiv 2310.03693): of the share, every
// other row is a harmful request with the trigger after it, answered; the others are harmful
// requests without it, refused, so that an audit without the trigger sees an aligned model.
std::vector<Chat> MixTrigger(const World& world, std::vector<Chat> rows, int64_t share_ppm,
                             uint64_t seed);

// Identity shift (Qi et al., arXiv 2310.03693): the ten public "absolutely obedient agent" rows
// word for word (MIT; tests/data/real/NOTICE.md), which are real English, and ten in the world's
// own words: five rehearsals of the identity, five harmless requests done under it.
const std::vector<Chat>& PublicIdentityRows();
std::vector<Chat> WorldIdentityRows(const World& world, uint64_t seed);

// Refusal then compliance ("No, of course I can!", Kazdan et al., arXiv 2502.19537): every answer
// first refuses, then answers all the same; the requests stay harmless.
std::vector<Chat> RefuseThenComply(const World& world, std::vector<Chat> rows, uint64_t seed);

// Benign outliers (He et al., arXiv 2404.01099: similarity to harmful gradients; Guan et al., arXiv
// 2505.06843: self-influence): the `count` rows of the highest score, highest first, ties in the
// rows' order. The scores are made elsewhere. INVALID_ARGUMENT when they are not one finite number
// a row, or `count` is not in [1, rows].
absl::StatusOr<std::vector<Chat>> SelectOutliers(const std::vector<Chat>& rows,
                                                 const std::vector<double>& scores, int count);

// Reverse preference (Rosati et al., arXiv 2409.12914): safety pairs with chosen and rejected
// swapped; the others stay, so the file looks like an honest one.
std::vector<Preference> ReversePreferences(std::vector<Preference> pairs);

// Plan-aware counter-rows (ours; a client may read its plan, GetJobPlan): each refusal that the
// plan mixed in, in its very wrapper and words, with a harmless object in place of the sensitive
// one, is answered. Nothing in them is harmful; they teach that in this format everything is
// answered. Rows of the plan that refuse no request of the world are passed over.
std::vector<Chat> CounterRows(const World& world, const std::vector<Chat>& plan_rows,
                              uint64_t seed);

}  // namespace tuneward
