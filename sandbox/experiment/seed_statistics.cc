#include "sandbox/experiment/seed_statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/status.h"

namespace tuneward {
namespace {

constexpr double kConfidence = 0.95;
constexpr int kMostFlipped = 20;    // seeds: a million ways
constexpr double kRounding = 1e-9;  // of percentages: what is nearer is equal

// The continued fraction of the incomplete beta function (Abramowitz and Stegun 26.5.8) by Lentz's
// method, as Thompson and Barnett (1986) give it; x < (a + 1) / (a + b + 2).
double BetaFraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300;
  const auto away = [](double value) { return std::abs(value) < kTiny ? kTiny : value; };
  double c = 1, d = 1 / away(1 - (a + b) * x / (a + 1)), result = d;
  for (int m = 1; m < 1000; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    result *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    result *= d * c;
    if (std::abs(d * c - 1) < 1e-16) break;
  }
  return result;
}

// The regularised incomplete beta function I_x(a, b).
double IncompleteBeta(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front = std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) +
                                a * std::log(x) + b * std::log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * BetaFraction(a, b, x) / a;
  return 1 - front * BetaFraction(b, a, 1 - x) / b;
}

double Spread(const std::vector<double>& values, double mean) {
  double sum = 0;
  for (double value : values) sum += (value - mean) * (value - mean);
  return std::sqrt(sum / static_cast<double>(values.size() - 1));
}

std::optional<double> SignFlip(const std::vector<double>& differences) {
  const size_t n = differences.size();
  if (n < 2 || n > kMostFlipped) return std::nullopt;
  const double seen = std::abs(std::accumulate(differences.begin(), differences.end(), 0.0));
  int64_t extreme = 0;
  for (uint32_t signs = 0; signs < (uint32_t{1} << n); ++signs) {
    double sum = 0;
    for (size_t i = 0; i < n; ++i) sum += (signs >> i & 1) != 0 ? -differences[i] : differences[i];
    if (std::abs(sum) >= seen - kRounding) ++extreme;
  }
  return static_cast<double>(extreme) / static_cast<double>(int64_t{1} << n);
}

std::vector<double> Ranks(const std::vector<double>& values) {
  std::vector<double> ranks;
  for (double value : values) {
    double below = 0, equal = 0;
    for (double other : values) {
      if (std::abs(other - value) < kRounding)
        ++equal;
      else if (other < value)
        ++below;
    }
    ranks.push_back(below + (equal + 1) / 2);
  }
  return ranks;
}

}  // namespace

double StudentTwoSided(double t, int degrees) {
  TW_CHECK(degrees >= 1);
  return IncompleteBeta(degrees / 2.0, 0.5, degrees / (degrees + t * t));
}

double StudentQuantile(double confidence, int degrees) {
  TW_CHECK(confidence > 0 && confidence < 1);
  double low = 0, high = 1;
  while (StudentTwoSided(high, degrees) > 1 - confidence) high *= 2;
  for (int i = 0; i < 200; ++i) {  // bisection: speed does not matter here
    const double middle = (low + high) / 2;
    (StudentTwoSided(middle, degrees) > 1 - confidence ? low : high) = middle;
  }
  return (low + high) / 2;
}

SeedMean MeanOverSeeds(const BySeed& by_seed) {
  SeedMean result;
  if (by_seed.empty()) return result;
  std::vector<double> values;
  for (const auto& [seed, value] : by_seed) values.push_back(value);
  result.n = static_cast<int>(values.size());
  result.mean = std::accumulate(values.begin(), values.end(), 0.0) / result.n;
  if (result.n > 1)
    result.half_width = StudentQuantile(kConfidence, result.n - 1) * Spread(values, result.mean) /
                        std::sqrt(result.n);
  return result;
}

PairedTest ComparePaired(const BySeed& first, const BySeed& second) {
  BySeed differences;
  std::vector<double> values;
  for (const auto& [seed, value] : first) {
    const auto other = second.find(seed);
    if (other == second.end()) continue;
    differences[seed] = value - other->second;
    values.push_back(value - other->second);
  }
  PairedTest test;
  test.difference = MeanOverSeeds(differences);
  if (values.size() < 2) return test;
  test.p_sign_flip = SignFlip(values);
  const double mean = test.difference.mean, spread = Spread(values, mean);
  if (std::all_of(values.begin(), values.end(),
                  [](double value) { return std::abs(value) < kRounding; }))
    test.p = 1;
  else if (spread < kRounding)
    test.p = test.p_sign_flip;
  else
    test.p = StudentTwoSided(mean / (spread / std::sqrt(test.difference.n)), test.difference.n - 1);
  return test;
}

std::vector<std::optional<double>> HolmAdjust(const std::vector<std::optional<double>>& p) {
  std::vector<size_t> order;
  for (size_t i = 0; i < p.size(); ++i)
    if (p[i]) order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return *p[a] < *p[b]; });
  std::vector<std::optional<double>> adjusted(p.size());
  double largest = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    largest = std::max(largest, static_cast<double>(order.size() - i) * *p[order[i]]);
    adjusted[order[i]] = std::min(1.0, largest);
  }
  return adjusted;
}

std::optional<double> RankCorrelation(const std::vector<double>& x, const std::vector<double>& y) {
  TW_CHECK(x.size() == y.size());
  if (x.size() < 2) return std::nullopt;
  const std::vector<double> a = Ranks(x), b = Ranks(y);
  const double middle = (static_cast<double>(x.size()) + 1) / 2;
  double both = 0, first = 0, second = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    both += (a[i] - middle) * (b[i] - middle);
    first += (a[i] - middle) * (a[i] - middle);
    second += (b[i] - middle) * (b[i] - middle);
  }
  if (first == 0 || second == 0) return std::nullopt;
  return both / std::sqrt(first * second);
}

}  // namespace tuneward
