// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Splices: what helped at one place is tried at others. Who branches off gives
// new seeds to random streams. Where that led to a discovery, the same seeds
// may lead to one from another place of the same assertion: the same next
// crash, the same delays, and the same step that succeeds. Fuzzers splice
// inputs for that reason (the splice stage of AFL).
#ifndef MOONPOOL_EXPLORER_SEARCH_SPLICES_H_
#define MOONPOOL_EXPLORER_SEARCH_SPLICES_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>

#include "explorer/search/archive.h"
#include "sim/core/rng.h"

namespace moonpool::explorer {

// What a branch gives to the streams.
struct Reseed {
  uint64_t seed = 0;
  StreamKinds streams = kAllStreams;
  friend bool operator==(const Reseed&, const Reseed&) = default;
};

class Splices {
 public:
  // Kept of each assertion: the latest.
  static constexpr size_t kMaxOfGroup = 64;

  // A branch that was no splice has yielded, behind a splitpoint of a cell of
  // this group.
  void Learn(size_t group, int splitpoint, const Reseed& reseed);

  // The oldest that is kept of the group and was not taken for the way before,
  // nor learnt there: none runs twice off one splitpoint. Nullopt: all have.
  std::optional<Reseed> Take(size_t group, Way& way);

 private:
  struct Helped {
    int splitpoint = 0;
    Reseed reseed;
  };
  struct Group {
    uint64_t forgotten = 0;  // that came before those kept
    std::deque<Helped> kept;
  };

  std::map<size_t, Group> groups_;
};

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_SEARCH_SPLICES_H_
