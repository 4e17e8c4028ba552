// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/report/course_figures.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "explorer/directory/campaign.pb.h"
#include "explorer/directory/search_log.h"
#include "explorer/report/code_table.h"
#include "explorer/report/html.h"
#include "explorer/report/html_blocks.h"

namespace moonpool {
namespace {

constexpr int kBuckets = 40;  // of the bars
constexpr size_t kMaxCurves = 8;
constexpr int kMaxStrokes = 9;  // bugs that a chart marks

std::string Figure(const Chart& chart) {
  return absl::StrCat("<figure>", ChartSvg(chart), "<figcaption>",
                      EscapeHtml(chart.title), "</figcaption></figure>\n");
}

Chart Fresh(const CampaignPart& part) {
  Chart chart = {.title = "Marks discovered, by the time of the search",
                 .x_label = "timelines"};
  const uint64_t total = part.timelines();
  if (total == 0) return chart;
  const uint64_t buckets = std::min<uint64_t>(kBuckets, total);
  const double width =
      static_cast<double>(total) / static_cast<double>(buckets);
  std::vector<uint64_t> counts(buckets);
  for (const PartMark& mark : part.marks()) {
    const auto bucket = static_cast<uint64_t>(
        static_cast<double>(mark.first_timeline() - 1) / width);
    ++counts[std::min(bucket, buckets - 1)];
  }
  chart.bar_width = width;
  for (uint64_t i = 0; i < buckets; ++i) {
    chart.bars.emplace_back(static_cast<double>(i) * width, counts[i]);
  }
  return chart;
}

// Those that are common would dwarf the others.
Chart Rare(const CampaignPart& part) {
  Chart chart = {.title = "Rare marks, by how many timelines came to them",
                 .x_label = "timelines",
                 .bar_width = 1};
  std::vector<uint64_t> counts(kMaxReaches);
  for (const PartMark& mark : part.marks()) {
    if (IsOfEdges(mark)) continue;
    if (mark.reaches() < kMaxReaches) ++counts[mark.reaches()];
  }
  for (uint32_t k = 1; k < kMaxReaches; ++k) {
    chart.bars.emplace_back(k - 0.5, counts[k]);
  }
  return chart;
}

std::string CourseOfOne(const CampaignPart& part) {
  Chart known = {.title = "Marks known, and bugs, after so many timelines",
                 .x_label = "timelines, logarithmic",
                 .stroke_name = "bug",
                 .is_logarithmic = true};
  Chart::Line marks = {.name = "marks"};
  Chart::Line discoveries = {.name = "discoveries", .is_secondary = true};
  Chart speed = {.title = "Timelines after so many seconds of wall time",
                 .x_label = "seconds"};
  Chart::Line timelines = {.name = "timelines"};
  for (const PartPoint& point : part.points()) {
    const auto x = static_cast<double>(point.timelines());
    marks.points.emplace_back(x, point.marks());
    discoveries.points.emplace_back(x, point.discoveries());
    timelines.points.emplace_back(point.wall_seconds(), x);
  }
  known.lines = {marks};
  if (part.discoveries() > static_cast<uint64_t>(part.marks_size())) {
    known.lines.push_back(discoveries);
  }
  for (int i = 0; i < std::min(kMaxStrokes, part.bugs_size()); ++i) {
    known.strokes.emplace_back(part.bugs(i).first_timeline(),
                               absl::StrCat(i + 1));
  }
  speed.lines = {timelines};
  return absl::StrCat(Figure(known), Figure(Fresh(part)), Figure(Rare(part)),
                      Figure(speed));
}

std::string CourseOfMany(const CampaignParts& parts) {
  Chart chart = {.title = "Marks known after so many timelines, by search",
                 .x_label = "timelines, logarithmic",
                 .is_logarithmic = true};
  for (const auto& [identity, part] : parts) {
    if (chart.lines.size() == kMaxCurves) break;
    Chart::Line line = {.name = absl::StrCat("seed ", part.config().seed()),
                        .is_secondary = true};
    if (line.name.size() > 14) line.name = line.name.substr(0, 13) + "…";
    for (const PartPoint& point : part.points()) {
      line.points.emplace_back(point.timelines(), point.marks());
    }
    chart.lines.push_back(std::move(line));
  }
  return absl::StrCat(Figure(chart), LeftOut(chart.lines.size(), parts.size(),
                                             "the first ones"));
}

}  // namespace

std::string CourseFigures(const CampaignParts& parts) {
  return absl::StrCat("<div class=\"figures\">\n",
                      parts.size() == 1 ? CourseOfOne(parts.begin()->second)
                                        : CourseOfMany(parts),
                      "</div>\n");
}

}  // namespace moonpool
