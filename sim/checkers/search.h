// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Search: the linearizations of one partition, depth first. Internal to this
// room.
//
// The algorithm is that of Wing and Gong (1993) as improved by Lowe ("Testing
// for linearizability", 2017): calls and returns form a doubly linked list;
// only what was called before the first return in it can come next; it is
// lifted out, and put back when the search backtracks. A configuration (set of
// operations done, state) that was met before is not entered again. Beyond
// that:
//
//  - An operation that only reads is taken as soon as it is possible, with no
//    alternative: it stands in nobody's way.
//  - An operation of unknown outcome is used only where it changes the state,
//    after everything else has been tried, and of several with equal inputs the
//    first. A configuration is also cut off if one with the same known
//    operations and state, but fewer unknown ones, was met.
//  - If no effect is kAny, unknown operations are used only in a chain just
//    before an operation that is impossible without. Sound: if operation c
//    follows a chain, and is possible without as well, then either c reads, so
//    the chain could as well follow it, or c leads to the same state in both
//    cases, so the chain was not needed. For the same reason an overwriting
//    operation is only ever the first of a chain.
//
// Sets are compared by 128-bit fingerprints (two words of Zobrist hashing), not
// element by element: among 10^7 configurations two collide with a chance below
// 10^-24.
#ifndef MOONPOOL_SIM_CHECKERS_SEARCH_H_
#define MOONPOOL_SIM_CHECKERS_SEARCH_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/checkers/configuration_cache.h"
#include "sim/checkers/partition.h"

namespace moonpool::checkers_internal {

struct SearchLimits {
  uint64_t max_configurations = 0;
  uint64_t max_steps = 0;
  size_t max_state_bytes = 0;
};

struct SearchResult {
  enum class Outcome { kFound, kNone, kGaveUp };
  Outcome outcome = Outcome::kFound;
  uint64_t configurations = 0;
  uint64_t steps = 0;  // of the model
  // kFound: a linearization. Else the longest of those that got furthest.
  std::vector<uint32_t> order;
  // kNone: the operation whose return no linearization gets past: the history
  // up to there is the shortest prefix that is not linearizable.
  uint32_t stuck = 0;
};

class Search {
 public:
  // One operation of the history that is searched, a part of the partition.
  struct Item {
    uint32_t operation = 0;
    uint64_t called = 0;
    uint64_t returned = 0;  // kPending: of unknown outcome
  };

  Search(Partition* partition, const SearchLimits& limits)
      : partition_(partition), limits_(limits) {}
  SearchResult Run(const std::vector<Item>& items);

 private:
  using StateId = Partition::StateId;
  static constexpr uint32_t kNone = ~uint32_t{0};

  struct Known {
    uint32_t operation = 0;
    uint64_t called = 0;
    uint64_t returned = 0;
    bool reads = false;
  };
  struct Unknown {
    uint32_t operation = 0;
    uint64_t called = 0;
    Effect effect = Effect::kAny;
    uint32_t twin = kNone;  // the one before with an equal input
    StateId target = 0;     // see Partition::TargetOf
  };
  // Unknown operations in a row, last first.
  struct ChainNode {
    uint32_t unknown = 0;
    uint32_t parent = kNone;
    StateId state = 0;
  };
  // A chain (or kNone), then a known operation (or kNone).
  struct Move {
    uint32_t chain = kNone;
    uint32_t known = kNone;
    StateId state = 0;
    bool forced = false;
  };
  struct Frame {
    size_t first_move = 0;
    size_t next_move = 0;
    size_t first_chain = 0;
    StateId state = 0;
    uint32_t first_return = 0;  // the known operation that must come soon
    bool unknown_tried = false;
    std::vector<uint32_t> applied_chain;  // what led here, in order
    uint32_t applied_known = kNone;
  };

  void Prepare(const std::vector<Item>& items);
  void LinkTwins();
  // The known operations that may come next, into candidates_; returns the one
  // whose return bounds them.
  uint32_t CollectCandidates();
  StateId Step(StateId state, uint32_t operation, bool observed);
  // Finds the moves of the newest frame, whose state this is.
  void Expand(StateId state);
  void AddUnknownMoves(const Frame& frame);
  void AddChainMoves(const Frame& frame);
  bool MayNeedChains(const Frame& frame);
  void FindAllChains(const Frame& frame);
  // The unknown operations whose target allows this one.
  struct Helpers {
    bool is_known = false;
    std::vector<uint32_t> unknown;
  };
  const std::vector<uint32_t>& HelpersOfKnown(uint32_t known);
  const std::vector<uint32_t>& HelpersOfUnknown(uint32_t unknown);
  bool IsAvailable(uint32_t unknown, uint64_t before) const;
  bool IsChainRedundant(size_t first_chain, const ChainNode& node) const;
  bool ChainHas(uint32_t chain, uint32_t unknown) const;
  // False if the configuration it leads to is known.
  bool Enter(const Move& move);
  void Undo(const Frame& frame);
  void Lift(uint32_t known);
  void Unlift(uint32_t known);
  void Use(uint32_t unknown);
  void Unuse(uint32_t unknown);
  void NoteDeadEnd(const Frame& frame);
  bool IsOverLimit() const;

  // Nodes of the list: 0 its head, 1 + 2i the call of known_[i], 2 + 2i its
  // return.
  static uint32_t CallNode(uint32_t known) { return 1 + 2 * known; }
  static uint32_t ReturnNode(uint32_t known) { return 2 + 2 * known; }
  void Unlink(uint32_t node);
  void Relink(uint32_t node);

  Partition* const partition_;
  const SearchLimits limits_;
  std::vector<Known> known_;
  std::vector<Unknown> unknown_;  // in the order of the calls
  bool lazy_ = false;             // no effect is kAny
  std::vector<uint32_t> next_;
  std::vector<uint32_t> previous_;
  std::vector<bool> is_used_;         // of unknown_
  std::vector<uint64_t> used_words_;  // the same as bits, for the cache
  uint64_t hash_[2] = {0, 0};         // of the known operations done
  std::vector<Frame> frames_;
  std::vector<Move> moves_;
  std::vector<ChainNode> chain_;
  std::vector<Helpers> known_helpers_;    // as known_
  std::vector<Helpers> unknown_helpers_;  // as unknown_
  std::vector<uint32_t> candidates_;
  std::vector<uint32_t> path_;
  uint64_t best_return_ = 0;
  ConfigurationCache cache_;
  SearchResult result_;
};

}  // namespace moonpool::checkers_internal

#endif  // MOONPOOL_SIM_CHECKERS_SEARCH_H_
