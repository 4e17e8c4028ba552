// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/report/code_table.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "explorer/directory/search_log.h"
#include "explorer/report/html.h"
#include "explorer/report/html_blocks.h"

namespace moonpool {
namespace {

std::string Row(const PartFunction& function) {
  const int state = function.covered() == 0                  ? 0
                    : function.covered() < function.edges() ? 1
                                                            : 2;
  static constexpr const char* kStates[] = {"never", "in part", "covered"};
  return absl::StrCat("<tr", state == 0 ? " class=\"never\"" : "",
                      "><td data-v=\"", state, "\"><span class=\"state\">",
                      kStates[state], "</span></td>", TextCell(function.name()),
                      NumberCell(function.covered()),
                      NumberCell(function.edges()),
                      NumberCell(function.first_timeline()),
                      NumberCell(function.last_timeline()), "</tr>\n");
}

}  // namespace

std::pair<uint64_t, uint64_t> EdgesOf(const CampaignPart& part) {
  uint64_t covered = 0;
  uint64_t edges = 0;
  for (const PartFunction& function : part.functions()) {
    covered += function.covered();
    edges += function.edges();
  }
  return {covered, edges};
}

std::string CodeTable(const CampaignPart& part, bool is_merged) {
  // Never entered, then by the newest edge.
  std::vector<std::pair<uint64_t, int>> rows;
  uint64_t nameless = 0;
  for (int i = 0; i < part.functions_size(); ++i) {
    const PartFunction& function = part.functions(i);
    if (function.name().empty()) {
      nameless += function.functions();
    } else {
      rows.emplace_back(function.covered() == 0 ? 0 : ~function.last_timeline(),
                        i);
    }
  }
  std::sort(rows.begin(), rows.end());
  const size_t shown = std::min(rows.size(), kMaxFunctionRows);
  std::string html =
      absl::StrCat("<div class=\"scroll\"><table>\n",
                   TableHead({"state", "function", "#edges covered", "#of",
                              "#first timeline", "#newest edge in timeline"}),
                   "<tbody>\n");
  for (size_t i = 0; i < shown; ++i) {
    html += Row(part.functions(rows[i].second));
  }
  absl::StrAppend(&html, "</tbody></table></div>\n",
                  LeftOut(shown, rows.size(),
                          "what was never entered, then what has the newest "
                          "edges"));
  if (nameless > 0) {
    absl::StrAppend(&html, "<p class=\"note\">", Grouped(nameless),
                    " more were never entered; their names are noted when a "
                    "search ends.</p>\n");
  }
  if (is_merged) {
    html +=
        "<p class=\"note\">Of each function: as many edges as the search "
        "that covered most of them.</p>\n";
  }
  return html;
}

bool IsOfEdges(const PartMark& mark) {
  return mark.assertion() == kEdgesAssertionId;
}

std::string ArrivalsCell(const PartMark& mark) {
  if (IsOfEdges(mark)) return "<td class=\"n\" data-v=\"0\">–</td>";
  return absl::StrCat("<td class=\"n\" data-v=\"", mark.reaches(), "\">",
                      mark.reaches(), mark.reaches() >= kMaxReaches ? "+" : "",
                      "</td>");
}

}  // namespace moonpool
