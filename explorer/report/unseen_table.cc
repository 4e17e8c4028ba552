// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/report/unseen_table.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "explorer/directory/search_log.h"
#include "explorer/report/code_table.h"
#include "explorer/report/estimate.h"
#include "explorer/report/html.h"
#include "explorer/report/html_blocks.h"

namespace moonpool {
namespace {

std::string Rarity(absl::string_view what, uint64_t timelines,
                   const std::vector<uint64_t>& frequencies) {
  uint64_t more = 0;
  for (size_t k = 3; k < frequencies.size(); ++k) more += frequencies[k];
  const UnseenEstimate estimate =
      EstimateUnseen(frequencies, timelines, kTimelinesAhead);
  return absl::StrCat("<tr><th scope=\"row\">", what, "</th>",
                      NumberCell(frequencies[1]), NumberCell(frequencies[2]),
                      NumberCell(more), "<td class=\"n\">",
                      Rounded(estimate.per_timeline), "</td><td class=\"n\">",
                      Rounded(estimate.expected), "</td><td class=\"n\">",
                      Grouped(estimate.horizon), "</td></tr>\n");
}

}  // namespace

std::string UnseenTable(const CampaignPart& part) {
  std::string html =
      "<div class=\"scroll\"><table class=\"compact\">\n<thead><tr><th></th>"
      "<th class=\"n\">shown once</th><th class=\"n\">twice</th><th "
      "class=\"n\">more often</th><th class=\"n\">new a timeline, "
      "f₁/n</th><th class=\"n\">new ones expected</th><th class=\"n\">in the "
      "next timelines</th></tr></thead>\n<tbody>\n";
  std::vector<uint64_t> marks(kMaxReaches + 1);
  for (const PartMark& mark : part.marks()) {
    if (IsOfEdges(mark)) continue;
    ++marks[std::min(mark.reaches(), kMaxReaches)];
  }
  html += Rarity("Marks", part.timelines(), marks);
  std::vector<uint64_t> bugs(kMaxReaches + 1);
  for (const PartBug& bug : part.bugs()) {
    ++bugs[std::min<uint64_t>(bug.timelines(), kMaxReaches)];
  }
  html += Rarity("Bugs", part.timelines(), bugs);
  absl::StrAppend(
      &html, "</tbody></table></div>\n<p class=\"note\">n = ",
      Grouped(part.timelines()),
      " timelines; f<sub>k</sub> things were shown by exactly k of them. The "
      "next timeline shows f₁/n new things (Good 1953), the next m = t·n "
      "show t·f₁ − t²·f₂ + t³·f₃ − … (Good and Toulmin 1956; here up to k = ",
      kMaxReaches - 1,
      ", for t ≤ ½). A timeline counts from where it branched off. Both "
      "formulas suppose independent timelines, and a search branches where "
      "something rare was just found: read them as rules of thumb. That "
      "nothing is expected does not prove that nothing is left.</p>\n");
  return html;
}

}  // namespace moonpool
