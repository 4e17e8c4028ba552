// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Policies: from which cell the next timeline branches. Small classes behind
// one interface, compared on the problem set. Integer arithmetic only, so that
// the same archive gives the same choice on every machine.
#ifndef MOONPOOL_EXPLORER_SEARCH_POLICY_H_
#define MOONPOOL_EXPLORER_SEARCH_POLICY_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "explorer/search/archive.h"
#include "providers/random.h"

namespace moonpool::explorer {

class Policy {
 public:
  virtual ~Policy() = default;
  // O(cells)
  virtual Choice Pick(const Archive& archive, Random& random) = 0;
  // Whether branches may do anything but reseed all streams (operators.h).
  virtual bool uses_operators() const { return false; }
};

// "greedy" (the default) exploits the newest cells, and explores more the less
// that pays:
//   exploit: of the ranked cells the one with the largest 2^(-age/h) / (barren
//     + 32); age counts ranks from the newest. For the arm of the newest, h is a
//     25th of all, at least 1; for the wide arm a sixth, at least 10. Where each
//     step leads to the next, the newest cell is the best; where much is found
//     beside the way, it is soon buried. So the wide arm's chance is
//     1/16 + 7/8 / (1 + (newest's yield / wide's yield)²)
//   explore: a fresh seed, or else a group (not the beginning's) by even
//     chances and in it a cell by rarity / (picks + 1), its rarity being how
//     many timelines it takes for one that comes there, at most 64 (a group of
//     dead ends: a fresh seed after all)
// The chance to exploit is the product of
//   1 - max(1/20, streak² / (streak² + (64 + 8 surprise)²)): nothing found for
//     much longer than usual: look elsewhere
//   surprise² / (surprise² + 2²): while each timeline shows something new, fresh
//     seeds do as well, and without a bias
//   1 / (1 + (fresh yield / 0.08)²): likewise, while fresh seeds do
//   1 / (1 + (fresh yield / y)⁴): or while they do so more often than branches
//     that exploit; y is the yield of the better arm, had it been tried 20 times
//     more and yielded half a time
//   timelines / (timelines + 8): a shallow bug shows in the first few seeds
// Who explores takes a fresh seed with the chance
//   max(1/4, 9/10 / (1 + r⁴)), where 8 r = yield of branches that explore /
//     fresh yield: where only old cells lead to new ones, most go there.
// Its branches use all operators; those of the others reseed everything.
// Its constants were tuned on the maze, the dungeon, paxos, decoy, trap,
// two_step, chain, raft_vote and raft_session (in calm weather);
// explorer/problems/README.md compares it with plain seeds.
//
// "rare": cells by 1 / (picks + 1), the beginning being a fresh seed.
// "uniform": every cell alike.
// "depth_first": the original Moonpool's adaptive splits: the newest cell, in
// batches of 20 timelines, at least 60 and at most 150 of them, as long as the
// last batch discovered something; then the next older one. "fixed": 20
// timelines from each cell, newest first. Both: fresh seeds when none is left.
// "seeds": always a fresh seed, the control.
// None of them picks a dead end.
//
// NotFound for other names, listing these.
absl::StatusOr<std::unique_ptr<Policy>> MakePolicy(absl::string_view name);

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_SEARCH_POLICY_H_
