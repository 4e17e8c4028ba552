// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/report/page.h"

#include <unistd.h>

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "explorer/directory/search_log.h"
#include "explorer/recipe/outcome.h"
#include "explorer/recipe/recipe.h"
#include "explorer/report/code_table.h"
#include "explorer/report/estimate.h"
#include "explorer/report/html.h"
#include "explorer/report/html_blocks.h"
#include "explorer/report/page_assets.h"
#include "explorer/report/tree_data.h"
#include "providers/base/status_macros.h"
#include "sim/assertions/table.h"

namespace moonpool {
namespace {

constexpr int kBuckets = 40;  // of the bars
constexpr size_t kMaxCurves = 8;
constexpr int kMaxStrokes = 9;  // bugs that a chart marks

std::string ConfigText(const SearchConfig& config) {
  std::string text = absl::StrCat("seed ", config.seed());
  for (const CampaignParameter& parameter : config.parameters()) {
    absl::StrAppend(&text, " · ", parameter.name(), "=", parameter.value());
  }
  if (!config.around().empty()) {
    absl::StrAppend(&text, " · around ", config.around());
  }
  if (config.split_at_size() > 0) {
    absl::StrAppend(&text, " · splits at ",
                    absl::StrJoin(config.split_at(), ", "), " draws");
  }
  if (config.split_every() > 0) {
    absl::StrAppend(&text, " · splits every ", config.split_every(), " draws");
  }
  return absl::StrCat(text, " · policy ", config.policy(), " · lag ",
                      config.lag(), config.ignores_edges() ? " · no edges" : "",
                      " · build ", config.build_id());
}

class Page {
 public:
  Page(const PageInput& input, const PageOptions& options)
      : input_(input), options_(options), view_(Combine(input.parts)) {}

  std::string Render() {
    const std::string campaign =
        input_.parts.empty() ? ""
                             : input_.parts.begin()->second.config().campaign();
    absl::StrAppend(&html_,
                    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta "
                    "charset=\"utf-8\">\n<meta name=\"viewport\" "
                    "content=\"width=device-width, initial-scale=1\">\n<meta "
                    "name=\"color-scheme\" content=\"light dark\">\n<title>",
                    EscapeHtml(campaign), " – exploration</title>\n<style>\n",
                    kPageCss, "</style>\n</head>\n<body>\n<header>\n<h1>",
                    EscapeHtml(campaign), "</h1>\n");
    Header();
    absl::StrAppend(&html_, "</header>\n<main>\n");
    Tiles();
    Bugs();
    Course();
    Unseen();
    Assertions();
    if (!total().functions().empty()) Code();
    Marks();
    if (input_.parts.size() > 1) Parts();
    Tree();
    absl::StrAppend(&html_, "</main>\n<script>\n", kPageScript,
                    "</script>\n</body>\n</html>\n");
    return std::move(html_);
  }

 private:
  const CampaignPart& total() const { return view_.total; }

  void Begin(absl::string_view id, absl::string_view title) {
    absl::StrAppend(&html_, "<section id=\"", id, "\">\n<h2>", title,
                    "</h2>\n");
  }
  void End() { html_ += "</section>\n"; }

  void Header() {
    if (input_.parts.size() == 1) {
      const CampaignPart& part = input_.parts.begin()->second;
      absl::StrAppend(&html_, "<p>", EscapeHtml(ConfigText(part.config())),
                      "</p>\n");
    } else {
      absl::StrAppend(&html_, "<p>", Grouped(input_.parts.size()),
                      " searches, merged</p>\n");
    }
    if (!input_.search || input_.search->dropped_bytes == 0) return;
    absl::StrAppend(&html_, "<p class=\"note\">The log ends in a torn record: ",
                    Grouped(input_.search->dropped_bytes),
                    " bytes are left out.</p>\n");
  }

  void Tile(absl::string_view name, absl::string_view value,
            absl::string_view detail) {
    absl::StrAppend(&html_, "<div><dt>", name, "</dt><dd>", value,
                    "</dd><dd class=\"detail\">", detail, "</dd></div>\n");
  }

  void Tiles() {
    html_ += "<dl class=\"tiles\">\n";
    const double wall = total().wall_seconds();
    const double rate =
        wall > 0 ? static_cast<double>(total().timelines()) / wall : 0;
    Tile("Bugs", Grouped(total().bugs_size()),
         absl::StrCat(Grouped(total().died()), " timelines died"));
    Tile("Timelines", Grouped(total().timelines()),
         absl::StrCat(Rounded(rate), " a second"));
    Tile("Marks", Grouped(total().marks_size()),
         absl::StrCat(Grouped(total().discoveries()),
                      " discoveries, better arrivals included"));
    Tile("Events", Grouped(total().events()),
         absl::StrCat(Grouped(total().draws()), " draws"));
    if (!total().functions().empty()) {
      const auto [covered, edges] = EdgesOf(total());
      Tile("Edges", Grouped(covered),
           absl::StrCat("covered, of ", Grouped(edges)));
    }
    Tile("Wall time", ForHumans(wall),
         absl::StrCat(ForHumans(total().cpu_seconds()), " of CPU"));
    html_ += "</dl>\n";
    if (total().discoveries_dropped() == 0) return;
    absl::StrAppend(&html_, "<p class=\"note\">",
                    Grouped(total().discoveries_dropped()),
                    " discoveries were not recorded, as a table was full.</p>");
  }

  void Bugs() {
    Begin("bugs", "Bugs");
    if (total().bugs().empty()) html_ += "<p>None was found.</p>\n";
    const int shown = std::min(kMaxBugRows, total().bugs_size());
    for (int i = 0; i < shown; ++i) Bug(total().bugs(i), i);
    html_ += LeftOut(shown, total().bugs_size(), "those found first");
    End();
  }

  void Bug(const PartBug& bug, int index) {
    const ExpectedViolation& violation = bug.recipe().expected();
    absl::StrAppend(&html_, "<article class=\"bug\"><h3><span class=\"badge\">",
                    index + 1, "</span> ", EscapeHtml(violation.message()),
                    "</h3>\n");
    if (!violation.details().empty()) {
      absl::StrAppend(&html_, "<p class=\"details\">",
                      EscapeHtml(violation.details()), "</p>\n");
    }
    std::string facts = EscapeHtml(violation.kind());
    if (!violation.place().empty()) {
      absl::StrAppend(&facts, " · ", EscapeHtml(violation.place()));
    }
    const auto splits = static_cast<uint64_t>(bug.recipe().segments_size());
    absl::StrAppend(&facts, " · first after ", Grouped(bug.first_timeline()),
                    " timelines · shown by ", Grouped(bug.timelines()), " · ",
                    Grouped(splits), splits == 1 ? " split" : " splits",
                    " · after ",
                    ForHumans(static_cast<double>(violation.time_ns()) / 1e9),
                    " simulated · identity ", HashToHex(bug.identity()));
    absl::StrAppend(&html_, "<p class=\"facts\">", facts, "</p>\n",
                    Copyable("recipe", FormatRecipe(bug.recipe())));
    if (options_.replay) {
      html_ += Copyable("command", options_.replay(index + 1, bug.recipe()));
    }
    if (input_.search) {
      absl::StrAppend(&html_,
                      "<button type=\"button\" class=\"show-bug\" "
                      "data-bug=\"",
                      index, "\">Show in the tree</button>\n");
    }
    html_ += "</article>\n";
  }

  void Figure(const Chart& chart) {
    absl::StrAppend(&html_, "<figure>", ChartSvg(chart), "<figcaption>",
                    EscapeHtml(chart.title), "</figcaption></figure>\n");
  }

  void Course() {
    Begin("course", "Course of the search");
    html_ += "<div class=\"figures\">\n";
    if (input_.parts.size() == 1) {
      CourseOfOne(input_.parts.begin()->second);
    } else {
      CourseOfMany();
    }
    html_ += "</div>\n";
    End();
  }

  void CourseOfOne(const CampaignPart& part) {
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
    Figure(known);
    speed.lines = {timelines};
    Figure(Fresh(part));
    Figure(Rare(part));
    Figure(speed);
  }

  static Chart Fresh(const CampaignPart& part) {
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
  static Chart Rare(const CampaignPart& part) {
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

  void CourseOfMany() {
    Chart chart = {.title = "Marks known after so many timelines, by search",
                   .x_label = "timelines, logarithmic",
                   .is_logarithmic = true};
    for (const auto& [identity, part] : input_.parts) {
      if (chart.lines.size() == kMaxCurves) break;
      Chart::Line line = {.name = absl::StrCat("seed ", part.config().seed()),
                          .is_secondary = true};
      if (line.name.size() > 14) line.name = line.name.substr(0, 13) + "…";
      for (const PartPoint& point : part.points()) {
        line.points.emplace_back(point.timelines(), point.marks());
      }
      chart.lines.push_back(std::move(line));
    }
    Figure(chart);
    html_ += LeftOut(chart.lines.size(), input_.parts.size(), "the first ones");
  }

  void Rarity(absl::string_view what,
              const std::vector<uint64_t>& frequencies) {
    uint64_t more = 0;
    for (size_t k = 3; k < frequencies.size(); ++k) more += frequencies[k];
    const UnseenEstimate estimate =
        EstimateUnseen(frequencies, total().timelines(), kTimelinesAhead);
    absl::StrAppend(&html_, "<tr><th scope=\"row\">", what, "</th>",
                    NumberCell(frequencies[1]), NumberCell(frequencies[2]),
                    NumberCell(more), "<td class=\"n\">",
                    Rounded(estimate.per_timeline), "</td><td class=\"n\">",
                    Rounded(estimate.expected), "</td><td class=\"n\">",
                    Grouped(estimate.horizon), "</td></tr>\n");
  }

  void Unseen() {
    Begin("unseen", "What is still unseen");
    absl::StrAppend(
        &html_,
        "<div class=\"scroll\"><table class=\"compact\">\n<thead><tr><th></th>"
        "<th class=\"n\">shown once</th><th class=\"n\">twice</th><th "
        "class=\"n\">more often</th><th class=\"n\">new a timeline, "
        "f₁/n</th><th class=\"n\">new ones expected</th><th class=\"n\">in the "
        "next timelines</th></tr></thead>\n<tbody>\n");
    std::vector<uint64_t> marks(kMaxReaches + 1);
    for (const PartMark& mark : total().marks()) {
      if (IsOfEdges(mark)) continue;
      ++marks[std::min(mark.reaches(), kMaxReaches)];
    }
    Rarity("Marks", marks);
    std::vector<uint64_t> bugs(kMaxReaches + 1);
    for (const PartBug& bug : total().bugs()) {
      ++bugs[std::min<uint64_t>(bug.timelines(), kMaxReaches)];
    }
    Rarity("Bugs", bugs);
    absl::StrAppend(
        &html_, "</tbody></table></div>\n<p class=\"note\">n = ",
        Grouped(total().timelines()),
        " timelines; f<sub>k</sub> things were shown by exactly k of them. The "
        "next timeline shows f₁/n new things (Good 1953), the next m = t·n "
        "show t·f₁ − t²·f₂ + t³·f₃ − … (Good and Toulmin 1956; here up to k = ",
        kMaxReaches - 1,
        ", for t ≤ ½). A timeline counts from where it branched off. Both "
        "formulas suppose independent timelines, and a search branches where "
        "something rare was just found: read them as rules of thumb. That "
        "nothing is expected does not prove that nothing is left.</p>\n");
    End();
  }

  void Assertions();
  void Code();
  void Marks();
  void Parts();
  void Tree();

  const PageInput& input_;
  const PageOptions& options_;
  const PartsView view_;
  std::string html_;
};

AssertionKind KindOf(absl::string_view name) {
  for (int i = 0; i <= static_cast<int>(AssertionKind::kState); ++i) {
    const auto kind = static_cast<AssertionKind>(i);
    if (AssertionKindName(kind) == name) return kind;
  }
  // A newer program's: nothing is demanded of it.
  return AssertionKind::kAlwaysOrUnreachable;
}

std::string FileOf(const PartAssertion& assertion) {
  return assertion.place().substr(0, assertion.place().rfind(':'));
}

// 0: never happened, though it should; 1: violated; 2: fine.
int Rank(const PartAssertion& assertion) {
  AssertionEntry entry;
  entry.kind = KindOf(assertion.kind());
  entry.passes = assertion.passes();
  entry.fails = assertion.fails();
  const ContractReport report =
      ValidateAssertions(absl::MakeConstSpan(&entry, 1));
  return !report.misses.empty() ? 0 : !report.violations.empty() ? 1 : 2;
}

void Page::Assertions() {
  Begin("assertions", "Assertions");
  std::set<std::string> entered;
  for (const PartAssertion& assertion : total().assertions()) {
    if (assertion.passes() + assertion.fails() > 0) {
      entered.insert(FileOf(assertion));
    }
  }
  std::vector<std::pair<int, int>> rows;  // rank, index
  for (int i = 0; i < total().assertions_size(); ++i) {
    const PartAssertion& assertion = total().assertions(i);
    if (!options_.all_assertions_count &&
        !entered.contains(FileOf(assertion))) {
      continue;
    }
    rows.emplace_back(Rank(assertion), i);
  }
  std::sort(rows.begin(), rows.end());
  absl::StrAppend(
      &html_, "<div class=\"scroll\"><table>\n",
      TableHead({"state", "assertion", "kind", "place", "#passes", "#fails"}),
      "<tbody>\n");
  const size_t shown =
      std::min(rows.size(), static_cast<size_t>(kMaxAssertionRows));
  for (size_t i = 0; i < shown; ++i) {
    const int rank = rows[i].first;
    const PartAssertion& assertion = total().assertions(rows[i].second);
    static constexpr const char* kStates[] = {"never", "violated", "fine"};
    absl::StrAppend(&html_, "<tr class=\"", kStates[rank], "\"><td data-v=\"",
                    rank, "\"><span class=\"state\">", kStates[rank],
                    "</span></td>", TextCell(assertion.message()),
                    TextCell(assertion.kind()), PathCell(assertion.place()),
                    NumberCell(assertion.passes()),
                    NumberCell(assertion.fails()), "</tr>\n");
  }
  html_ += "</tbody></table></div>\n";
  html_ += LeftOut(shown, rows.size(),
                   "what never happened, then the others "
                   "by their places");
  if (rows.size() < static_cast<size_t>(total().assertions_size())) {
    absl::StrAppend(&html_, "<p class=\"note\">",
                    Grouped(total().assertions_size() - rows.size()),
                    " assertions are left out: none of their files was "
                    "entered, so they belong to other campaigns of the "
                    "program.</p>\n");
  }
  End();
}

void Page::Code() {
  Begin("code", "Instrumented code");
  html_ += CodeTable(total(), input_.parts.size() > 1);
  End();
}

void Page::Marks() {
  Begin("marks", "Yield of the marks");
  std::vector<std::pair<uint64_t, int>> rows;  // how few branches, index
  for (int i = 0; i < total().marks_size(); ++i) {
    rows.emplace_back(~total().marks(i).branches(), i);
  }
  std::sort(rows.begin(), rows.end());
  const size_t shown = std::min(rows.size(), static_cast<size_t>(kMaxMarkRows));
  absl::StrAppend(
      &html_, "<div class=\"scroll\"><table>\n",
      TableHead({"mark", "#first timeline", "#arrivals", "#better ones",
            "#branched from", "#of these fruitful", "#discoveries below"}),
      "<tbody>\n");
  for (size_t i = 0; i < shown; ++i) {
    const PartMark& mark = total().marks(rows[i].second);
    absl::StrAppend(
        &html_, "<tr>", TextCell(mark.label()),
        NumberCell(mark.first_timeline()), ArrivalsCell(mark),
        NumberCell(mark.discoveries() - 1), NumberCell(mark.branches()),
        NumberCell(mark.fruitful()), NumberCell(mark.discoveries_below()),
        "</tr>\n");
  }
  html_ += "</tbody></table></div>\n";
  html_ += LeftOut(shown, rows.size(), "those most branched from");
  End();
}

void Page::Parts() {
  Begin("searches", "Searches");
  absl::StrAppend(&html_, "<div class=\"scroll\"><table>\n",
                  TableHead({"search", "#timelines", "#marks", "#bugs",
                             "#seconds"}),
                  "<tbody>\n");
  int shown = 0;
  for (const auto& [identity, part] : input_.parts) {
    if (shown++ == kMaxPartRows) break;
    absl::StrAppend(&html_, "<tr>", TextCell(ConfigText(part.config())),
                    NumberCell(part.timelines()), NumberCell(part.marks_size()),
                    NumberCell(part.bugs_size()),
                    NumberCell(static_cast<uint64_t>(part.wall_seconds())),
                    "</tr>\n");
  }
  html_ += "</tbody></table></div>\n";
  html_ += LeftOut(std::min(shown, kMaxPartRows), input_.parts.size(),
                   "the first ones");
  End();
}

void Page::Tree() {
  Begin("timelines", "Tree of timelines");
  if (!input_.search) {
    html_ += "<p class=\"note\">A merge keeps no single timelines: the tree of a "
             "search is on the page that <code>report</code> makes of the "
             "directory that <code>explore</code> wrote.</p>\n";
    End();
    return;
  }
  const TreeData data = MakeTreeData(*input_.search);
  const uint64_t dull = total().timelines() - data.total;
  absl::StrAppend(
      &html_, "<p class=\"note\">", Grouped(data.total),
      " timelines discovered or violated something, or died; the other ",
      Grouped(dull),
      " are only counted where they branched off. Arrow keys move and open, "
      "Home and End jump.</p>\n",
      LeftOut(data.shown, data.total,
              "those on the way to a bug, then those with the most below them"),
      "<ul id=\"tree\" role=\"tree\" aria-label=\"Timelines\"></ul>\n"
      "<noscript><p>The tree needs JavaScript.</p></noscript>\n"
      "<script type=\"application/json\" id=\"tree-data\">\n",
      data.json, "\n</script>\n");
  End();
}

}  // namespace

absl::StatusOr<PageInput> ReadPageInput(const std::string& directory) {
  PageInput input;
  if (access(MergedPartsFile(directory).c_str(), F_OK) != 0 &&
      access(SearchLogFile(directory).c_str(), F_OK) == 0) {
    ASSIGN_OR_RETURN(input.search, ReadCampaign(directory));
    AddPart(input.search->part, input.parts);
    return input;
  }
  ASSIGN_OR_RETURN(input.parts, ReadParts(directory));
  return input;
}

std::string RenderPage(const PageInput& input, const PageOptions& options) {
  return Page(input, options).Render();
}

}  // namespace moonpool
