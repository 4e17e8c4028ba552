// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The archive: every place of the tree that is worth returning to. One cell
// for each mark that was discovered, with its best representative: how to get
// there (a recipe prefix), and the process parked there, if it still lives.
// Pure data of the coordinator; nothing here forks.
#ifndef MOONPOOL_EXPLORER_SEARCH_ARCHIVE_H_
#define MOONPOOL_EXPLORER_SEARCH_ARCHIVE_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/assertions/table.h"
#include "sim/core/rng.h"

namespace moonpool::explorer {

struct Cell {
  uint64_t key = 0;  // of its mark
  std::string label;
  MarkQuality quality = {};

  // The splitpoint: these segments, then draws draws more, at mark number
  // ordinal of the timeline.
  std::vector<Breakpoint> segments;
  uint64_t segment_draws = 0;
  uint64_t ordinal = 0;
  uint64_t draws = 0;   // in all, since the root
  uint64_t events = 0;  // likewise
  // The nearest cell before this one on the way from the root, by index; -1
  // for the root. Its splitpoint is a prefix of this cell's.
  int parent = -1;

  int checkpoint = -1;      // slot of the parked process, or -1
  uint64_t last_used = 0;   // job that branched off here last
  uint64_t picks = 0;       // never reset, also when the representative changes
  uint64_t barren = 0;      // picks since the last one that discovered anything
};

class Archive {
 public:
  explicit Archive(Cell root) { cells_.push_back(std::move(root)); }

  const std::vector<Cell>& cells() const { return cells_; }
  Cell& cell(int index) { return cells_[index]; }
  int size() const { return static_cast<int>(cells_.size()); }

  // The index of the cell of this mark, or -1.
  int Find(uint64_t key) const {
    auto it = by_key_.find(key);
    return it == by_key_.end() ? -1 : it->second;
  }
  int Add(Cell cell) {
    by_key_[cell.key] = size();
    cells_.push_back(std::move(cell));
    return size() - 1;
  }

 private:
  std::vector<Cell> cells_;
  std::map<uint64_t, int> by_key_;
};

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_SEARCH_ARCHIVE_H_
