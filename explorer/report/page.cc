// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/report/page.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "explorer/directory/search_log.h"
#include "explorer/recipe/outcome.h"
#include "explorer/recipe/recipe.h"
#include "explorer/report/assertions_table.h"
#include "explorer/report/code_table.h"
#include "explorer/report/course_figures.h"
#include "explorer/report/html.h"
#include "explorer/report/html_blocks.h"
#include "explorer/report/page_assets.h"
#include "explorer/report/tree_data.h"
#include "explorer/report/unseen_table.h"
#include "providers/base/status_macros.h"

namespace moonpool {
namespace {

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

  void Course() {
    Begin("course", "Course of the search");
    html_ += CourseFigures(input_.parts);
    End();
  }

  void Unseen() {
    Begin("unseen", "What is still unseen");
    html_ += UnseenTable(total());
    End();
  }

  void Assertions() {
    Begin("assertions", "Assertions");
    html_ += AssertionsTable(total(), options_.all_assertions_count);
    End();
  }

  void Code();
  void Marks();
  void Parts();
  void Tree();

  const PageInput& input_;
  const PageOptions& options_;
  const PartsView view_;
  std::string html_;
};

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
