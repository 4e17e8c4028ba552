// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The archive: every place of the tree that is worth returning to. One cell
// for each mark that was discovered, with a few ways to it: splitpoints, that is
// how to get there (a root seed and a recipe prefix). Cells of one assertion
// are a group. Pure data of the coordinator; nothing here forks.
#ifndef MOONPOOL_EXPLORER_SEARCH_ARCHIVE_H_
#define MOONPOOL_EXPLORER_SEARCH_ARCHIVE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "providers/base/check.h"
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

// What a timeline was chosen by, of those whose yields are compared.
enum class Arm {
  kNewest,  // one of the newest cells
  kWide,    // likewise, of far more of them
  kSpread,  // one of an assertion's cells, whichever assertion it is
  kNone,
};
inline constexpr size_t kArms = static_cast<size_t>(Arm::kNone);

// Where a timeline is to set out.
struct Choice {
  // A root seed of the job's own instead of a cell: another world, with another
  // plan of faults.
  static constexpr int kFreshSeed = -1;

  int cell = kFreshSeed;  // index of the one to branch from, or kFreshSeed
  Arm arm = Arm::kNone;
};

// Where it has set out.
struct Departure {
  static constexpr int kNone = -1;

  Choice choice;
  int splitpoint = kNone;  // of the way to the cell; kNone: a fresh seed
};

// One way to a cell.
struct Way {
  int splitpoint = 0;
  uint64_t draws = 0;  // at its splitpoint
  uint64_t picks = 0;
  uint64_t barren = 0;  // picks since the last one that discovered anything
  // The number of the group's next splice to try here (splices.h).
  uint64_t spliced = 0;
};

struct Cell {
  // The first cells of a group have a rank, their number in the order of
  // discovery. Those beyond are kept, but an assertion with ever new buckets
  // promises nothing by one more.
  static constexpr int kNoRank = -1;
  static constexpr size_t kRankedOfGroup = 128;
  // Several ways to it: what led here may be a dead end by what else has
  // happened on the way, and by the faults that its world has in store. They are
  // the first ones, until much earlier ones replace them: who comes sooner has
  // more of the run before it.
  static constexpr size_t kMaxWays = 4;

  uint64_t key = 0;  // of its mark
  std::string label;
  MarkQuality quality = {};
  size_t group = 0;  // of its assertion, by index
  int rank = kNoRank;
  // All of its quality.
  std::vector<Way> ways;
  uint64_t picks = 0;   // never reset, also when the ways change
  uint64_t barren = 0;  // picks since the last one that discovered anything
  // Once full, it wants no ways of so many draws or more. Never grows: what a
  // timeline in flight has reported depends on what was wanted then.
  uint64_t unwanted_from = ~uint64_t{0};
  // Committed timelines when it got the last of kMaxWays ways; 0: it has fewer.
  uint64_t filled_at = 0;
  // Timelines that came here, up to kReachesCounted.
  uint32_t reaches = 0;

  // Who came here drew nothing more, so that there is only one future: no way.
  // Not to be picked.
  bool is_dead_end() const { return ways.empty(); }
  // How many timelines it took for one that came here. REQUIRES: no dead end.
  uint64_t Rarity(uint64_t timelines) const {
    return filled_at != 0 ? filled_at / kMaxWays : timelines / ways.size();
  }
  // A timeline has come to it by this splitpoint. REQUIRES: fewer ways than
  // kMaxWays; timelines: those committed so far.
  void AddWay(int splitpoint, uint64_t timelines, uint64_t draws);
  bool is_full() const { return ways.size() == kMaxWays; }
  // Of a full cell: whether a way is early enough for the latest to give way,
  // with a quarter fewer draws.
  bool WantsWayAt(uint64_t draws) const { return draws < unwanted_from; }
  // Puts the way in the place of the latest, whose splitpoint it returns.
  // REQUIRES: is_full(), WantsWayAt(draws).
  int ReplaceLatestWay(int splitpoint, uint64_t draws);
  // Better ones are to come. From then on none is replaced.
  void ClearWays() {
    ways.clear();
    filled_at = 0;
    unwanted_from = 0;
  }
  // The one to take next: that has been in vain for the fewest picks, of
  // equals the one picked least.
  int NextWay() const;
  int FindWay(int splitpoint) const;  // or -1

 private:
  int LatestWay() const;
  void TightenBound();
};

class Archive {
 public:
  // Starts with the campaign's seed: cell 0 at splitpoint 0, a group of its own.
  explicit Archive(uint64_t root_seed = 0);

  const std::vector<Cell>& cells() const { return cells_; }
  Cell& cell(int index) { return cells_[index]; }
  int size() const { return static_cast<int>(cells_.size()); }
  int ranks() const { return ranks_; }
  // The cells of each assertion, in the order of discovery; first that of the
  // beginning.
  const std::vector<std::vector<int>>& groups() const { return groups_; }

  const std::vector<Splitpoint>& splitpoints() const { return splitpoints_; }
  int AddRoot(uint64_t root_seed) {
    splitpoints_.emplace_back().root_seed = root_seed;
    return static_cast<int>(splitpoints_.size()) - 1;
  }
  int AddSplitpoint(Splitpoint splitpoint) {
    splitpoints_.push_back(std::move(splitpoint));
    return static_cast<int>(splitpoints_.size()) - 1;
  }

  // The index of the cell of this mark, or -1.
  int Find(uint64_t key) const {
    auto it = by_key_.find(key);
    return it == by_key_.end() ? -1 : it->second;
  }
  // assertion: index in the assertion table, or kEdgesAssertion. is_finite: it
  // is one of so many that the program can have; it gets a rank however large
  // its group is.
  int AddCell(uint64_t key, absl::string_view label, uint32_t assertion,
              bool is_finite = false);

  // Counts the pick, of the cell and of the next way to it. REQUIRES: no dead
  // end.
  Departure Depart(const Choice& choice);
  // The way that it took, or null: of a fresh seed, or if the cell has given it
  // up since.
  Way* WayOf(const Departure& from);
  // A timeline that set out there has been committed. yielded: it discovered, or
  // improved, a cell with a rank that may be picked.
  void CommitTimeline(const Departure& from, bool yielded);
  uint64_t timelines() const { return timelines_; }
  // Timelines since one yielded.
  uint64_t streak() const { return timelines_ - last_yield_; }
  // How long it took of late until one yielded: an average over the last few,
  // in 1/256 timelines.
  uint64_t surprise() const { return surprise_; }
  // The share of timelines that yielded of late, of those with fresh seeds: of
  // the last 16 or so, or of all since the last that yielded, if these are more;
  // in 1/kYieldOne. Never zero.
  static constexpr uint64_t kYieldOne = uint64_t{1} << 32;
  uint64_t fresh_yield() const { return fresh_yield_.Estimate(16384); }
  // Likewise, of the last 64 that were chosen by the arm, and prior_timelines
  // more, of which half a one yielded. REQUIRES: not kNone.
  uint64_t yield(Arm arm, uint64_t prior_timelines = 1) const {
    CHECK(arm != Arm::kNone);
    return arm_yields_[static_cast<size_t>(arm)].Estimate(32768,
                                                          prior_timelines);
  }

 private:
  // Averages over the past that fade away, in 1/65536.
  struct Yield {
    uint64_t timelines = 0;
    uint64_t yielded = 0;
    uint64_t in_vain = 0;  // since the last that yielded
    void Add(uint64_t window, bool has_yielded);
    // As if so many timelines more had come, and prior of them, in 1/65536,
    // yielded. A window alone could not tell one in a hundred from none in ten
    // thousand.
    uint64_t Estimate(uint64_t prior, uint64_t prior_timelines = 1) const;
  };

  std::vector<Cell> cells_;
  std::vector<Splitpoint> splitpoints_;
  std::map<uint64_t, int> by_key_;
  std::vector<std::vector<int>> groups_;
  std::map<uint32_t, size_t> group_of_;  // by assertion
  int ranks_ = 0;
  uint64_t timelines_ = 0;
  uint64_t last_yield_ = 0;
  uint64_t surprise_ = 0;
  Yield fresh_yield_;
  Yield arm_yields_[kArms];
};

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_SEARCH_ARCHIVE_H_
