// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Words, numbers and curves for the report page. All text that comes from a
// campaign goes through Escape or JsonString.
#ifndef MOONPOOL_EXPLORER_REPORT_HTML_H_
#define MOONPOOL_EXPLORER_REPORT_HTML_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace moonpool {

// As text of an element or as a quoted attribute. Bytes that are not UTF-8 and
// control characters become \xNN; text beyond kMaxTextBytes is cut.
inline constexpr size_t kMaxTextBytes = 4096;
std::string EscapeHtml(absl::string_view text);
// With its quotes; safe within a <script> element. Cut likewise.
std::string JsonString(absl::string_view text);

std::string Grouped(uint64_t number);  // 12,408
// Three significant digits, never as a power: 0.00012, 3.14, 1,234.
std::string Rounded(double number);
std::string ForHumans(double seconds);  // 4.2 s, 3 min 5 s, 2 h 7 min

// A curve, or bars, as an inline SVG picture.
struct Chart {
  struct Line {
    std::string name;                               // shown at its end
    std::vector<std::pair<double, double>> points;  // x ascending
    bool is_secondary = false;                      // drawn thinner
  };
  std::string title;
  std::string x_label;
  std::vector<Line> lines;
  std::vector<std::pair<double, double>> bars;  // left edge, height
  double bar_width = 0;
  // Vertical strokes, x ascending, with what to call each after their common
  // name; names that would cover each other are joined: "bug 1, 2".
  std::vector<std::pair<double, std::string>> strokes;
  std::string stroke_name;
  // From 1 on; what is less is left out.
  bool is_logarithmic = false;
};
// Determinism: of equal charts the same bytes.
std::string ChartSvg(const Chart& chart);

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_REPORT_HTML_H_
