// A small SVG writer: shapes and text in classes of one style sheet that has a light and a dark
// side. No script, no font and nothing else from outside, so that a picture shows wherever an image
// does. Lengths are pixels, y grows downwards.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tuneward {

struct Point {
  double x = 0, y = 0;
};

enum class Anchor { kStart, kMiddle, kEnd };

class Svg {
 public:
  // `title` and `description` are what a screen reader says.
  Svg(double width, double height, std::string_view title, std::string_view description);

  // `classes` are names of the style sheet, separated by spaces: text (with small, title, quiet),
  // grid, axis, region, and `fill-HUE`, `line-HUE`, `band-HUE`. Hues are those of Okabe and Ito
  // ("Color Universal Design", 2008), which colour-blind readers tell apart: orange, purple, blue,
  // green, vermillion, sky; and ink, the colour of text.
  void Line(Point from, Point to, std::string_view classes);
  void Path(const std::vector<Point>& points, std::string_view classes);
  void Polygon(const std::vector<Point>& corners, std::string_view classes);
  void Box(Point corner, double width, double height, std::string_view classes);
  void Circle(Point centre, double radius, std::string_view classes);
  void Text(Point at, std::string_view text, std::string_view classes,
            Anchor anchor = Anchor::kStart);
  // Turned by a quarter, reading upwards.
  void UprightText(Point at, std::string_view text, std::string_view classes);

  std::string Finish() const;

 private:
  void Add(std::string_view element);
  std::string head_, body_;
};

}  // namespace tuneward
