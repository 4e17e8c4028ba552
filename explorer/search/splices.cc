// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/search/splices.h"

#include <algorithm>

namespace moonpool::explorer {

void Splices::Learn(size_t group, int splitpoint, const Reseed& reseed) {
  Group& of = groups_[group];
  of.kept.push_back({splitpoint, reseed});
  if (of.kept.size() <= kMaxOfGroup) return;
  of.kept.pop_front();
  ++of.forgotten;
}

std::optional<Reseed> Splices::Take(size_t group, Way& way) {
  const auto it = groups_.find(group);
  if (it == groups_.end()) return std::nullopt;
  const Group& of = it->second;
  way.spliced = std::max(way.spliced, of.forgotten);
  while (way.spliced - of.forgotten < of.kept.size()) {
    const Helped& next = of.kept[way.spliced++ - of.forgotten];
    if (next.splitpoint != way.splitpoint) return next.reseed;
  }
  return std::nullopt;
}

}  // namespace moonpool::explorer
