// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/report/assertions_table.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "explorer/report/html.h"
#include "explorer/report/html_blocks.h"
#include "sim/assertions/table.h"

namespace moonpool {
namespace {

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

}  // namespace

std::string AssertionsTable(const CampaignPart& part, bool all_count) {
  std::set<std::string> entered;
  for (const PartAssertion& assertion : part.assertions()) {
    if (assertion.passes() + assertion.fails() > 0) {
      entered.insert(FileOf(assertion));
    }
  }
  std::vector<std::pair<int, int>> rows;  // rank, index
  for (int i = 0; i < part.assertions_size(); ++i) {
    const PartAssertion& assertion = part.assertions(i);
    if (!all_count && !entered.contains(FileOf(assertion))) {
      continue;
    }
    rows.emplace_back(Rank(assertion), i);
  }
  std::sort(rows.begin(), rows.end());
  std::string html = absl::StrCat(
      "<div class=\"scroll\"><table>\n",
      TableHead({"state", "assertion", "kind", "place", "#passes", "#fails"}),
      "<tbody>\n");
  const size_t shown =
      std::min(rows.size(), static_cast<size_t>(kMaxAssertionRows));
  for (size_t i = 0; i < shown; ++i) {
    const int rank = rows[i].first;
    const PartAssertion& assertion = part.assertions(rows[i].second);
    static constexpr const char* kStates[] = {"never", "violated", "fine"};
    absl::StrAppend(&html, "<tr class=\"", kStates[rank], "\"><td data-v=\"",
                    rank, "\"><span class=\"state\">", kStates[rank],
                    "</span></td>", TextCell(assertion.message()),
                    TextCell(assertion.kind()), PathCell(assertion.place()),
                    NumberCell(assertion.passes()),
                    NumberCell(assertion.fails()), "</tr>\n");
  }
  html += "</tbody></table></div>\n";
  html += LeftOut(shown, rows.size(),
                  "what never happened, then the others "
                  "by their places");
  if (rows.size() < static_cast<size_t>(part.assertions_size())) {
    absl::StrAppend(&html, "<p class=\"note\">",
                    Grouped(part.assertions_size() - rows.size()),
                    " assertions are left out: none of their files was "
                    "entered, so they belong to other campaigns of the "
                    "program.</p>\n");
  }
  return html;
}

}  // namespace moonpool
