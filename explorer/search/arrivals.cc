// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/search/arrivals.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace moonpool::explorer {
namespace {

// Whether the timeline drew nothing behind it: whoever branched off there would
// have that one future only.
bool IsDeadEnd(const JobSlot& slot, const Arrival& found) {
  return slot.finished.load() != 0 && slot.draws == found.draws;
}

}  // namespace

bool Arrivals::Commit(const Job& done, uint64_t all_know_until, JobSlot& slot,
                      ExploreResult& result) {
  const uint32_t count = slot.discovery_count.load();
  result.forks += 1 + count;
  result.discoveries_dropped += slot.discoveries_dropped;
  // In the order in which the timeline came to them: each splitpoint is the
  // parent of the next.
  int parent = done.from.splitpoint;
  bool yielded = false;
  const uint32_t again = slot.arrival_count.load();
  for (uint32_t i = 0, j = 0; i < count || j < again;) {
    const bool is_new =
        j == again || (i < count && slot.discoveries[i].at.ordinal <
                                        slot.arrivals[j].ordinal);
    Discovery* discovery = is_new ? &slot.discoveries[i++] : nullptr;
    Arrival& found = is_new ? discovery->at : slot.arrivals[j++];
    const bool advances =
        is_new && AcceptDiscovery(done, all_know_until, slot, *discovery,
                                  result);
    const bool is_dead_end = IsDeadEnd(slot, found);
    found.is_way =
        !advances && !is_dead_end && AcceptWay(done, found, is_new);
    found.accepted = advances || found.is_way;
    if (!found.accepted) continue;
    parent = AddSplitpoint(done, found, parent);
    pool_.Adopt(done.number, is_new ? discovery->checkpoint : -1,
                is_new ? discovery->image : -1, parent);
    int index = archive_.Find(found.key);
    if (index < 0) {
      const bool is_finite = discovery->assertion == kEdgesAssertion &&
                             edges_.Commit(done.number, slot, *discovery);
      index = archive_.AddCell(found.key, discovery->label.Get(),
                               discovery->assertion, is_finite);
    }
    Cell& cell = archive_.cell(index);
    if (advances) {
      ++result.discoveries;
      if (cell.rank != Cell::kNoRank && !is_dead_end) yielded = true;
      Improve(cell, found);
    }
    if (is_dead_end) {
      pool_.Retire(parent);
    } else if (cell.is_full()) {
      pool_.Retire(cell.ReplaceLatestWay(parent, found.draws));
      ++result.ways_replaced;
    } else {
      cell.AddWay(parent, archive_.timelines(), found.draws);
    }
    if (cell.is_full()) {
      pool_.region().frontier.SetUnwantedFrom(found.key, cell.unwanted_from);
    }
  }
  return yielded;
}

int Arrivals::AddSplitpoint(const Job& done, const Arrival& found,
                            int parent) {
  if (parent == Job::kNone) parent = archive_.AddRoot(done.root_seed);
  // Of a recipe's own timeline, those of its segments that had begun.
  std::vector<Breakpoint> segments = done.segments;
  segments.resize(segments.size() - std::min(segments.size(), found.pending));
  return archive_.AddSplitpoint({.root_seed = done.root_seed,
                                 .segments = std::move(segments),
                                 .segment_draws = found.segment_draws,
                                 .ordinal = found.ordinal,
                                 .draws = found.draws,
                                 .events = found.events,
                                 .parent = parent});
}

void Arrivals::Improve(Cell& cell, const Arrival& found) {
  if (!cell.ways.empty()) {
    for (const Way& way : cell.ways) pool_.Retire(way.splitpoint);
    cell.ClearWays();
    pool_.region().frontier.SetUnwantedFrom(found.key, 0);
  }
  cell.quality = found.quality;
  // Better arrivals at a mark deserve a fresh look, but its pick count is
  // never reset: that hurts badly (reference/explorer.md W1).
  cell.barren = 0;
}

bool Arrivals::AcceptDiscovery(const Job& done, uint64_t all_know_until,
                               const JobSlot& slot, Discovery& discovery,
                               ExploreResult& result) {
  const bool is_of_edges = discovery.assertion == kEdgesAssertion;
  // All of them discovered by two jobs at once, as below.
  if (is_of_edges && !edges_.Name(slot, discovery)) return false;
  const Arrival& found = discovery.at;
  const int known = archive_.Find(found.key);
  // Discovered by two jobs at once: the lower number has won the mark. And the
  // best way to a cell is none that ends there.
  if (known >= 0 && (!(archive_.cells()[known].quality < found.quality) ||
                     IsDeadEnd(slot, found))) {
    return false;
  }
  // One segment more, for the jobs that branch there, must still fit.
  if (done.segments.size() + 1 <= kMaxPath &&
      (is_of_edges ||
       pool_.region().frontier.Commit(found.key, found.quality, done.number,
                                      all_know_until))) {
    return true;
  }
  ++result.discoveries_dropped;
  return false;
}

// As good as the ways that its cell has, and early if it has enough. Whether a
// timeline reports an arrival at a mark that it knew depends on how far the
// coordinator had come; what is accepted here does not: reaches only grow, what
// is wanted only shrinks, and whoever was below the bounds of old is reported.
bool Arrivals::AcceptWay(const Job& done, const Arrival& found,
                         bool is_new) const {
  const int known = archive_.Find(found.key);
  if (known < 0 || done.segments.size() + 1 > kMaxPath) return false;
  const Cell& cell = archive_.cells()[known];
  if (!(cell.quality == found.quality)) return false;
  return cell.is_full() ? cell.WantsWayAt(found.draws)
                        : is_new || cell.reaches < kReachesCounted;
}

}  // namespace moonpool::explorer
