#include "sandbox/experiment/label_places.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

namespace tuneward {
namespace {

constexpr int kDirections = 24;
constexpr double kDistances[] = {9, 16, 26, 38, 52, 68, 86};
constexpr double kLeaderFrom = 20;

// The label's box whose edge or corner nearest to the point lies `distance` away in `direction`.
Box BoxAt(const Point& point, double width, double distance, double direction) {
  const double dx = std::cos(direction), dy = std::sin(direction);
  const double x = point.x + dx * distance + (dx - 1) * width / 2;
  const double y = point.y + dy * distance + (dy - 1) * kTextHeight / 2;
  return {x, y, x + width, y + kTextHeight};
}

double Outside(const Box& box, const Box& inside) {
  return std::max(0.0, inside.left - box.left) + std::max(0.0, box.right - inside.right) +
         std::max(0.0, inside.top - box.top) + std::max(0.0, box.bottom - inside.bottom);
}

// Small boxes along the line from a point to its label.
std::vector<Box> LeaderOf(const Point& point, const Box& box) {
  constexpr int kParts = 12;
  const double x = std::clamp(point.x, box.left, box.right);
  const double y = std::clamp(point.y, box.top, box.bottom);
  std::vector<Box> parts;
  for (int i = 0; i < kParts; ++i) {
    const double at_x = point.x + (x - point.x) * i / kParts;
    const double at_y = point.y + (y - point.y) * i / kParts;
    parts.push_back({at_x - 1, at_y - 1, at_x + 1, at_y + 1});
  }
  return parts;
}

double Overlap(const std::vector<Box>& some, const std::vector<Box>& others) {
  double area = 0;
  for (const Box& one : some)
    for (const Box& other : others) area += OverlapArea(one, other);
  return area;
}

}  // namespace

double OverlapArea(const Box& a, const Box& b) {
  const double width = std::min(a.right, b.right) - std::max(a.left, b.left);
  const double height = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
  return std::max(0.0, width) * std::max(0.0, height);
}

double TextWidth(const std::string& text) { return 8.1 * static_cast<double>(text.size()); }

std::vector<LabelPlace> PlaceBesidePoints(const std::vector<Point>& points,
                                          const std::vector<std::string>& labels,
                                          const std::vector<Box>& taken, const Box& inside) {
  std::vector<LabelPlace> places;
  std::vector<Box> texts, leaders;  // of the labels that have their place
  for (size_t i = 0; i < points.size(); ++i) {
    LabelPlace best;
    double least = std::numeric_limits<double>::infinity();
    for (const double distance : kDistances)
      for (int d = 0; d < kDirections; ++d) {
        const Box box = BoxAt(points[i], TextWidth(labels[i]), distance,
                              2 * std::numbers::pi * d / kDirections);
        const bool leader = distance > kLeaderFrom;
        double cost = distance + 1000 * Outside(box, inside) + 2 * Overlap({box}, taken) +
                      100 * Overlap({box}, texts) + 100 * Overlap({box}, leaders);
        if (leader) cost += 100 * Overlap(LeaderOf(points[i], box), texts);
        if (cost < least - 1e-6) least = cost, best = {box, leader};
      }
    places.push_back(best);
    texts.push_back(best.box);
    if (best.leader)
      for (const Box& part : LeaderOf(points[i], best.box)) leaders.push_back(part);
  }
  return places;
}

std::vector<double> SpreadHeights(const std::vector<double>& wanted, double step, double top,
                                  double bottom) {
  std::vector<size_t> order(wanted.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return wanted[a] < wanted[b]; });
  std::vector<double> heights = wanted;
  double next = top;
  for (const size_t i : order) {
    heights[i] = std::max(heights[i], next);
    next = heights[i] + step;
  }
  double last = bottom;
  for (auto i = order.rbegin(); i != order.rend(); ++i) {
    heights[*i] = std::min(heights[*i], last);
    last = heights[*i] - step;
  }
  return heights;
}

}  // namespace tuneward
