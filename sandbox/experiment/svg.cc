#include "sandbox/experiment/svg.h"

#include <fmt/format.h>

#include "absl/strings/str_replace.h"

#include "sandbox/experiment/figure_text.h"

namespace tuneward {
namespace {

struct Hue {
  const char* name;
  const char* light;
  const char* dark;  // the palette's own, lifted where it is too deep for a dark ground
};
constexpr Hue kHues[] = {
    {"ink", "#1f2328", "#e6edf3"},    {"orange", "#e69f00", "#e69f00"},
    {"purple", "#cc79a7", "#cc79a7"}, {"blue", "#0072b2", "#3d9be0"},
    {"green", "#009e73", "#1fbf92"},  {"vermillion", "#d55e00", "#f0803c"},
    {"sky", "#56b4e9", "#56b4e9"},
};

std::string HueRules(const char* Hue::*side) {
  std::string rules;
  for (const Hue& hue : kHues)
    rules += fmt::format(
        ".fill-{0}{{fill:{1};stroke:{1}}}.line-{0}{{stroke:{1}}}.band-{0}{{fill:{1}}}\n", hue.name,
        hue.*side);
  return rules;
}

std::string StyleSheet() {
  return "text{font-family:system-ui,'Segoe UI',Helvetica,Arial,'DejaVu Sans',sans-serif;"
         "font-size:13px}\n"
         ".small{font-size:12px}.title{font-size:16px;font-weight:600}\n"
         ".ground{fill:#ffffff}.text{fill:#1f2328}.quiet{fill:#59636e}\n"
         ".grid{stroke:#e4e8ec}.axis{stroke:#8c959f}.leader{stroke:#8c959f;stroke-width:.8}\n"
         ".region{fill:#1f8a3b;opacity:.13}.hollow{fill:#ffffff}\n"
         ".mark{stroke-width:2}.bar{stroke-width:1.6}.curve{fill:none;stroke-width:2.2}\n"
         ".faint{opacity:.38}.band{opacity:.14;stroke:none}.dashed{stroke-dasharray:5 4}\n" +
         HueRules(&Hue::light) +
         "@media (prefers-color-scheme:dark){\n"
         ".ground,.hollow{fill:#0d1117}.text{fill:#e6edf3}.quiet{fill:#9198a1}\n"
         ".grid{stroke:#262c36}.axis,.leader{stroke:#6e7681}.region{fill:#3fb950;opacity:.2}\n" +
         HueRules(&Hue::dark) + "}\n";
}

std::string Escaped(std::string_view text) {
  return absl::StrReplaceAll(std::string(text), {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}});
}

// A tenth of a pixel is enough.
std::string N(double value) { return Fixed(value, 1); }

std::string Points(const std::vector<Point>& points) {
  std::string text;
  for (const Point& p : points)
    text += fmt::format("{}{},{}", text.empty() ? "" : " ", N(p.x), N(p.y));
  return text;
}

}  // namespace

Svg::Svg(double width, double height, std::string_view title, std::string_view description) {
  head_ = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} "
      "{1}\" role=\"img\">\n<title>{2}</title>\n<desc>{3}</desc>\n<style>\n{4}</style>\n",
      N(width), N(height), Escaped(title), Escaped(description), StyleSheet());
  Box({0, 0}, width, height, "ground");
}

void Svg::Add(std::string_view element) { body_ += std::string(element) + "\n"; }

void Svg::Line(Point from, Point to, std::string_view classes) {
  Add(fmt::format(R"(<line x1="{}" y1="{}" x2="{}" y2="{}" class="{}"/>)", N(from.x), N(from.y),
                  N(to.x), N(to.y), classes));
}

void Svg::Path(const std::vector<Point>& points, std::string_view classes) {
  Add(fmt::format(R"(<polyline points="{}" class="{}"/>)", Points(points), classes));
}

void Svg::Polygon(const std::vector<Point>& corners, std::string_view classes) {
  Add(fmt::format(R"(<polygon points="{}" class="{}"/>)", Points(corners), classes));
}

void Svg::Box(Point corner, double width, double height, std::string_view classes) {
  Add(fmt::format(R"(<rect x="{}" y="{}" width="{}" height="{}" class="{}"/>)", N(corner.x),
                  N(corner.y), N(width), N(height), classes));
}

void Svg::Circle(Point centre, double radius, std::string_view classes) {
  Add(fmt::format(R"(<circle cx="{}" cy="{}" r="{}" class="{}"/>)", N(centre.x), N(centre.y),
                  N(radius), classes));
}

void Svg::Text(Point at, std::string_view text, std::string_view classes, Anchor anchor) {
  const char* where = anchor == Anchor::kStart    ? "start"
                      : anchor == Anchor::kMiddle ? "middle"
                                                  : "end";
  Add(fmt::format(R"(<text x="{}" y="{}" text-anchor="{}" class="{}">{}</text>)", N(at.x), N(at.y),
                  where, classes, Escaped(text)));
}

void Svg::UprightText(Point at, std::string_view text, std::string_view classes) {
  Add(fmt::format(R"svg(<text transform="translate({},{}) rotate(-90)" text-anchor="middle")svg"
                  R"( class="{}">{}</text>)",
                  N(at.x), N(at.y), classes, Escaped(text)));
}

std::string Svg::Finish() const { return head_ + body_ + "</svg>\n"; }

}  // namespace tuneward
