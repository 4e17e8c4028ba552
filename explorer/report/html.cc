// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/report/html.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "explorer/recipe/outcome.h"

namespace moonpool {
namespace {

// The picture, in its own units.
constexpr double kWidth = 640;
constexpr double kHeight = 220;
constexpr double kLeft = 52;
constexpr double kRight = 92;  // for the names of the lines
constexpr double kTop = 18;
constexpr double kBottom = 34;

std::string Clean(absl::string_view text) {
  const bool is_cut = text.size() > kMaxTextBytes;
  if (is_cut) {
    size_t end = kMaxTextBytes;
    // Not within a character.
    while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xC0) == 0x80) --end;
    text = text.substr(0, end);
  }
  std::string clean;
  for (const char c : ToValidUtf8(text)) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) {
      absl::StrAppend(&clean, "\\x",
                      absl::Hex(static_cast<uint8_t>(c), absl::kZeroPad2));
    } else {
      clean += c;
    }
  }
  return is_cut ? clean + "…" : clean;
}

// The largest of 1, 2, 5 times a power of ten that fits count times at least.
double TickStep(double span, int count) {
  if (span <= 0) return 1;
  double step = std::pow(10, std::floor(std::log10(span / count)));
  for (const double factor : {2.0, 2.5, 2.0}) {
    if (span / (step * factor) < count) break;
    step *= factor;
  }
  return step;
}

// The coordinates of the picture, with one decimal.
std::string At(double value) { return absl::StrFormat("%.1f", value); }

class Drawing {
 public:
  explicit Drawing(const Chart& chart) : chart_(chart) {
    for (const Chart::Line& line : chart.lines) {
      for (const auto& [x, y] : line.points) Cover(x, y);
    }
    for (const auto& [x, y] : chart.bars) Cover(x + chart.bar_width, y);
  }

  std::string Svg() {
    absl::StrAppend(&svg_, "<svg viewBox=\"0 0 ", kWidth, " ", kHeight,
                    "\" role=\"img\" aria-label=\"", EscapeHtml(chart_.title),
                    "\">");
    Axes();
    for (const auto& [x, y] : chart_.bars) {
      absl::StrAppend(&svg_, "<rect class=\"bar\" x=\"", At(X(x) + 0.5),
                      "\" y=\"", At(Y(y)), "\" width=\"",
                      At(std::max(0.5, X(x + chart_.bar_width) - X(x) - 1)),
                      "\" height=\"", At(Y(0) - Y(y)), "\"><title>", Rounded(y),
                      "</title></rect>");
    }
    Strokes();
    Lines();
    return svg_ + "</svg>";
  }

 private:
  void Cover(double x, double y) {
    max_x_ = std::max(max_x_, x);
    max_y_ = std::max(max_y_, y);
  }
  double X(double x) const {
    double share = max_x_ > 0 ? x / max_x_ : 0;
    if (chart_.is_logarithmic) {
      share = max_x_ > 1 ? std::log(std::max(1.0, x)) / std::log(max_x_) : 0;
    }
    return kLeft + (kWidth - kLeft - kRight) * share;
  }
  double Y(double y) const {
    const double span = kHeight - kTop - kBottom;
    return kHeight - kBottom - span * (max_y_ > 0 ? y / max_y_ : 0);
  }

  void Axes() {
    const double y_step = TickStep(max_y_, 4);
    for (double y = 0; y <= max_y_ * 1.0001; y += y_step) {
      absl::StrAppend(&svg_, "<path class=\"grid\" d=\"M", At(kLeft), " ",
                      At(Y(y)), "H", At(kWidth - kRight), "\"/><text x=\"",
                      At(kLeft - 6), "\" y=\"", At(Y(y) + 4), "\" class=\"y\">",
                      Rounded(y), "</text>");
      if (max_y_ <= 0) break;
    }
    const bool is_logarithmic = chart_.is_logarithmic;
    const double x_step = TickStep(max_x_, 5);
    for (double x = is_logarithmic ? 1 : 0; x <= max_x_ * 1.0001;
         x = is_logarithmic ? x * 10 : x + x_step) {
      absl::StrAppend(&svg_, "<text x=\"", At(X(x)), "\" y=\"",
                      At(kHeight - kBottom + 15), "\" class=\"x\">", Rounded(x),
                      "</text>");
      if (max_x_ <= 0) break;
    }
    absl::StrAppend(&svg_, "<text x=\"", At((kLeft + kWidth - kRight) / 2),
                    "\" y=\"", At(kHeight - 4), "\" class=\"x\">",
                    EscapeHtml(chart_.x_label), "</text>");
  }

  void Strokes() {
    constexpr double kCharacterWidth = 6.5;
    double begin = 0;
    std::string names;
    auto write_names = [&] {
      if (names.empty()) return;
      absl::StrAppend(&svg_, "<text class=\"stroke\" x=\"", At(begin - 4),
                      "\" y=\"", At(kTop - 5), "\">", EscapeHtml(names),
                      "</text>");
    };
    for (const auto& [at, name] : chart_.strokes) {
      const double x = X(at);
      absl::StrAppend(&svg_, "<path class=\"stroke\" d=\"M", At(x), " ",
                      At(kTop), "V", At(Y(0)), "\"/>");
      const auto width = static_cast<double>(names.size() + 1);
      if (!names.empty() && x < begin + kCharacterWidth * width) {
        absl::StrAppend(&names, ", ", name);
        continue;
      }
      write_names();
      begin = x;
      names = absl::StrCat(chart_.stroke_name, " ", name);
    }
    write_names();
  }

  void Lines() {
    // Names that would cover each other are moved apart, from below.
    std::vector<std::pair<double, size_t>> names;
    for (size_t i = 0; i < chart_.lines.size(); ++i) {
      const Chart::Line& line = chart_.lines[i];
      if (line.points.empty()) continue;
      std::string path;
      for (const auto& [x, y] : line.points) {
        if (chart_.is_logarithmic && x < 1) continue;
        absl::StrAppend(&path, path.empty() ? "M" : "L", At(X(x)), " ",
                        At(Y(y)));
      }
      absl::StrAppend(&svg_, "<path class=\"line",
                      line.is_secondary ? " secondary" : "", "\" d=\"", path,
                      "\"/>");
      names.emplace_back(-Y(line.points.back().second), i);
    }
    std::sort(names.begin(), names.end());
    double last = kHeight;
    for (const auto& [up, i] : names) {
      const Chart::Line& line = chart_.lines[i];
      last = std::min(4 - up, last - 13);
      absl::StrAppend(&svg_, "<text class=\"name\" x=\"",
                      At(X(line.points.back().first) + 6), "\" y=\"", At(last),
                      "\">", EscapeHtml(line.name), "</text>");
    }
  }

  const Chart& chart_;
  double max_x_ = 0;
  double max_y_ = 0;
  std::string svg_;
};

}  // namespace

std::string EscapeHtml(absl::string_view text) {
  std::string escaped;
  for (const char c : Clean(text)) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string JsonString(absl::string_view text) {
  std::string json = "\"";
  for (const char c : Clean(text)) {
    if (c == '"' || c == '\\') {
      absl::StrAppend(&json, "\\", std::string(1, c));
    } else if (c == '<' || c == '>' || c == '&') {
      // "</script>" and "<!--" end or change a script element.
      absl::StrAppend(&json, "\\u00",
                      absl::Hex(static_cast<uint8_t>(c), absl::kZeroPad2));
    } else {
      json += c;
    }
  }
  return json + "\"";
}

std::string Grouped(uint64_t number) {
  std::string digits = absl::StrCat(number);
  for (size_t i = digits.size(); i > 3;) digits.insert(i -= 3, ",");
  return digits;
}

std::string Rounded(double number) {
  if (number <= 0) return "0";
  if (number >= 100) return Grouped(static_cast<uint64_t>(number + 0.5));
  const int decimals =
      std::clamp(2 - static_cast<int>(std::floor(std::log10(number))), 0, 9);
  std::string text = absl::StrFormat("%.*f", decimals, number);
  if (text.find('.') == std::string::npos) return text;
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string ForHumans(double seconds) {
  if (seconds < 60) return absl::StrFormat("%.1f s", seconds);
  const auto whole = static_cast<uint64_t>(seconds);
  if (whole < 3600) return absl::StrCat(whole / 60, " min ", whole % 60, " s");
  return absl::StrCat(Grouped(whole / 3600), " h ", whole / 60 % 60, " min");
}

std::string ChartSvg(const Chart& chart) { return Drawing(chart).Svg(); }

}  // namespace moonpool
