// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/search/archive.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>

#include "absl/strings/string_view.h"
#include "providers/base/check.h"

namespace moonpool::explorer {

void Cell::AddWay(int splitpoint, uint64_t timelines, uint64_t draws) {
  ways.push_back({.splitpoint = splitpoint, .draws = draws});
  if (!is_full()) return;
  filled_at = timelines + 1;
  TightenBound();
}

int Cell::ReplaceLatestWay(int splitpoint, uint64_t draws) {
  const auto latest = ways.begin() + LatestWay();
  const int given_up = latest->splitpoint;
  ways.erase(latest);
  ways.push_back({.splitpoint = splitpoint, .draws = draws});
  TightenBound();
  return given_up;
}

int Cell::LatestWay() const {
  int latest = 0;
  for (int i = 1; i < static_cast<int>(ways.size()); ++i) {
    if (ways[i].draws >= ways[latest].draws) latest = i;
  }
  return latest;
}

void Cell::TightenBound() {
  unwanted_from = std::min(unwanted_from, ways[LatestWay()].draws / 4 * 3);
}

int Cell::NextWay() const {
  int best = 0;
  for (int i = 1; i < static_cast<int>(ways.size()); ++i) {
    if (std::tie(ways[i].barren, ways[i].picks) <
        std::tie(ways[best].barren, ways[best].picks)) {
      best = i;
    }
  }
  return best;
}

int Cell::FindWay(int splitpoint) const {
  for (size_t i = 0; i < ways.size(); ++i) {
    if (ways[i].splitpoint == splitpoint) return static_cast<int>(i);
  }
  return -1;
}

Archive::Archive(uint64_t root_seed) : splitpoints_(1) {
  splitpoints_[0].root_seed = root_seed;
  cells_.emplace_back();
  cells_[0].label = "the beginning";
  cells_[0].rank = ranks_++;
  cells_[0].AddWay(0, 0, 0);
  groups_.push_back({0});
}

int Archive::AddCell(uint64_t key, absl::string_view label, uint32_t assertion,
                     bool is_finite) {
  const int index = size();
  auto [it, is_new] = group_of_.emplace(assertion, groups_.size());
  if (is_new) groups_.emplace_back();
  std::vector<int>& group = groups_[it->second];
  by_key_[key] = index;
  Cell& cell = cells_.emplace_back();
  cell.key = key;
  cell.label = std::string(label);
  cell.group = it->second;
  if (is_finite || group.size() < Cell::kRankedOfGroup) cell.rank = ranks_++;
  group.push_back(index);
  return index;
}

Departure Archive::Depart(const Choice& choice) {
  if (choice.cell == Choice::kFreshSeed) return {.choice = choice};
  Cell& cell = cells_[choice.cell];
  CHECK(!cell.is_dead_end());
  ++cell.picks;
  ++cell.barren;
  Way& way = cell.ways[cell.NextWay()];
  ++way.picks;
  ++way.barren;
  return {.choice = choice, .splitpoint = way.splitpoint};
}

Way* Archive::WayOf(const Departure& from) {
  if (from.choice.cell == Choice::kFreshSeed) return nullptr;
  Cell& cell = cells_[from.choice.cell];
  const int way = cell.FindWay(from.splitpoint);
  return way < 0 ? nullptr : &cell.ways[way];
}

void Archive::CommitTimeline(const Departure& from, bool yielded) {
  const auto [picked, arm] = from.choice;
  const bool is_fresh = picked == Choice::kFreshSeed;
  ++timelines_;
  if (arm != Arm::kNone) {
    arm_yields_[static_cast<size_t>(arm)].Add(64, yielded);
  }
  if (is_fresh) fresh_yield_.Add(16, yielded);
  if (!yielded) return;
  const uint64_t gap = (timelines_ - last_yield_) << 8;
  surprise_ = surprise_ / 4 * 3 + gap / 4;
  last_yield_ = timelines_;
  if (is_fresh) return;
  cells_[picked].barren = 0;
  if (Way* way = WayOf(from)) way->barren = 0;
}

void Archive::Yield::Add(uint64_t window, bool has_yielded) {
  timelines += (1 << 16) - timelines / window;
  yielded -= yielded / window;
  in_vain += 1 << 16;
  if (!has_yielded) return;
  yielded += 1 << 16;
  in_vain = 0;
}

uint64_t Archive::Yield::Estimate(uint64_t prior,
                                  uint64_t prior_timelines) const {
  const uint64_t of = std::max(timelines, in_vain) + (prior_timelines << 16);
  return std::max((yielded + prior) * kYieldOne / of, uint64_t{1});
}

}  // namespace moonpool::explorer
