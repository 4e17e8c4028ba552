// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/report/tree_data.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <numeric>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "explorer/report/html.h"

namespace moonpool {
namespace {

constexpr int kNone = TreeTimeline::kNone;

// The rows to show, ascending. Whoever is kept, so is its parent: a parent
// leads to whatever its children lead to, and has more below it.
std::vector<int> Select(const CampaignSummary& summary,
                        const std::vector<int>& first_of_bug) {
  const auto count = static_cast<int>(summary.tree.size());
  std::vector<char> leads_to_bug(count);
  for (const int at : first_of_bug) leads_to_bug[at] = 1;
  std::vector<uint64_t> below(count);
  for (int i = count - 1; i > 0; --i) {
    const int parent = summary.tree[i].parent;
    below[parent] += below[i] + 1;
    leads_to_bug[parent] |= leads_to_bug[i];
  }
  std::vector<int> rows(count);
  std::iota(rows.begin(), rows.end(), 0);
  if (rows.size() <= kMaxTreeTimelines) return rows;
  std::sort(rows.begin(), rows.end(), [&](int a, int b) {
    if (leads_to_bug[a] != leads_to_bug[b]) {
      return leads_to_bug[a] > leads_to_bug[b];
    }
    if (below[a] != below[b]) return below[a] > below[b];
    return a < b;
  });
  rows.resize(kMaxTreeTimelines);
  std::sort(rows.begin(), rows.end());
  return rows;
}

class Columns {
 public:
  Columns(const CampaignSummary& summary, const std::vector<int>& rows)
      : summary_(summary), row_of_(summary.tree.size(), kNone) {
    for (size_t row = 0; row < rows.size(); ++row) {
      row_of_[rows[row]] = static_cast<int>(row);
    }
    std::vector<uint64_t> hidden(rows.size());
    for (const TreeTimeline& timeline : summary.tree) {
      const auto index = &timeline - summary.tree.data();
      if (row_of_[index] != kNone || timeline.parent == kNone) continue;
      // Of those whose parent is hidden, too, that one speaks.
      if (row_of_[timeline.parent] != kNone) ++hidden[row_of_[timeline.parent]];
    }
    for (size_t row = 0; row < rows.size(); ++row) Add(rows[row], hidden[row]);
  }

  std::string Json(const std::vector<int>& first_of_bug) const {
    std::vector<int> first;
    for (const int at : first_of_bug) first.push_back(row_of_[at]);
    std::string json = "{\"first\":[" + absl::StrJoin(first, ",") + "]";
    for (const auto& [name, column] : columns_) {
      absl::StrAppend(&json, ",\n\"", name, "\":[", column, "]");
    }
    return absl::StrCat(json, ",\n\"labels\":[", absl::StrJoin(labels_, ","),
                        "]}");
  }

 private:
  template <typename Value>
  void Put(const char* name, const Value& value) {
    std::string& column = columns_[name];
    absl::StrAppend(&column, column.empty() ? "" : ",", value);
  }

  void Add(int index, uint64_t hidden) {
    const TreeTimeline& timeline = summary_.tree[index];
    Put("number", timeline.number);
    Put("parent", timeline.parent == kNone ? kNone : row_of_[timeline.parent]);
    Put("at", timeline.split_draws);
    std::vector<size_t> marks;
    for (const TreeTimeline::Discovery& found : timeline.discoveries) {
      if (marks.size() == kMaxNamedDiscoveries) break;
      marks.push_back(LabelOf(found.mark));
    }
    Put("marks", absl::StrCat("[", absl::StrJoin(marks, ","), "]"));
    Put("found", timeline.discoveries.size());
    Put("branches", timeline.branches);
    Put("bug", timeline.bug);
    Put("died", timeline.died ? 1 : 0);
    Put("hidden", hidden);
  }

  size_t LabelOf(uint32_t mark) {
    auto [it, is_new] = label_of_.emplace(mark, labels_.size());
    if (is_new) {
      labels_.push_back(
          JsonString(summary_.part.marks(static_cast<int>(mark)).label()));
    }
    return it->second;
  }

  const CampaignSummary& summary_;
  std::vector<int> row_of_;
  std::map<std::string, std::string> columns_;
  std::map<uint32_t, size_t> label_of_;
  std::vector<std::string> labels_;
};

}  // namespace

TreeData MakeTreeData(const CampaignSummary& summary) {
  std::vector<int> first_of_bug;
  for (size_t i = 0; i < summary.tree.size(); ++i) {
    // Bugs are numbered in the order of their first timelines.
    if (summary.tree[i].bug == static_cast<int>(first_of_bug.size())) {
      first_of_bug.push_back(static_cast<int>(i));
    }
  }
  const std::vector<int> rows = Select(summary, first_of_bug);
  TreeData data;
  data.json = Columns(summary, rows).Json(first_of_bug);
  data.shown = rows.size() - 1;  // the beginning is no timeline
  data.total = summary.tree.size() - 1;
  return data;
}

}  // namespace moonpool
