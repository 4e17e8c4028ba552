// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The archive: every place of the tree that is worth returning to. One cell
// for each mark that was discovered, with its best representative: a
// splitpoint, that is how to get there (a root seed and a recipe prefix). Pure
// data of the coordinator; nothing here forks.
#ifndef MOONPOOL_EXPLORER_SEARCH_ARCHIVE_H_
#define MOONPOOL_EXPLORER_SEARCH_ARCHIVE_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "sim/assertions/table.h"
#include "sim/core/rng.h"

namespace moonpool::explorer {

// A place where timelines may branch. Never changed once made; so a splitpoint
// always lies on the way to those below it.
struct Splitpoint {
  uint64_t root_seed = 0;
  // These segments, then segment_draws draws more, at mark number ordinal.
  std::vector<Breakpoint> segments;
  uint64_t segment_draws = 0;
  uint64_t ordinal = 0;
  uint64_t draws = 0;   // in all, since the root
  uint64_t events = 0;  // likewise
  // The nearest splitpoint on the way from the root, by index; -1: this is a
  // root.
  int parent = -1;
};

struct Cell {
  uint64_t key = 0;  // of its mark
  std::string label;
  MarkQuality quality = {};
  int splitpoint = 0;   // its best representative
  uint64_t picks = 0;   // never reset, also when the representative changes
  uint64_t barren = 0;  // picks since the last one that discovered anything
};

class Archive {
 public:
  // Starts with the campaign's seed: cell 0 at splitpoint 0.
  explicit Archive(uint64_t root_seed = 0) : cells_(1), splitpoints_(1) {
    cells_[0].label = "the beginning";
    splitpoints_[0].root_seed = root_seed;
  }

  const std::vector<Cell>& cells() const { return cells_; }
  Cell& cell(int index) { return cells_[index]; }
  int size() const { return static_cast<int>(cells_.size()); }

  const std::vector<Splitpoint>& splitpoints() const { return splitpoints_; }
  int AddSplitpoint(Splitpoint splitpoint) {
    splitpoints_.push_back(std::move(splitpoint));
    return static_cast<int>(splitpoints_.size()) - 1;
  }

  // The index of the cell of this mark, or -1.
  int Find(uint64_t key) const {
    auto it = by_key_.find(key);
    return it == by_key_.end() ? -1 : it->second;
  }
  int AddCell(uint64_t key, absl::string_view label) {
    by_key_[key] = size();
    cells_.emplace_back();
    cells_.back().key = key;
    cells_.back().label = std::string(label);
    return size() - 1;
  }

 private:
  std::vector<Cell> cells_;
  std::vector<Splitpoint> splitpoints_;
  std::map<uint64_t, int> by_key_;
};

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_SEARCH_ARCHIVE_H_
