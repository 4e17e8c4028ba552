// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Operators: what a branch changes. The blind one gives a new seed to all
// streams, so everything behind the splitpoint is another future. The others
// reseed some kinds only: the same requests meet other faults, or the same
// faults another network. And where there are faults, every other branch lets
// them come soon.
#ifndef MOONPOOL_EXPLORER_SEARCH_OPERATORS_H_
#define MOONPOOL_EXPLORER_SEARCH_OPERATORS_H_

#include <cstdint>

#include "providers/random.h"
#include "sim/core/rng.h"

namespace moonpool::explorer {

class Operators {
 public:
  // A timeline that discovered something drew from these kinds of streams. Of
  // kinds that never draw a new seed would change nothing.
  void Learn(StreamKinds drawn) { drawn_ |= drawn; }

  // All streams, or else, with a chance of a quarter at first and of less the
  // less that yields in comparison, by even chances one of the kinds that draw
  // or all of them but the workload's. With kSoon every other time, if there
  // are faults among them.
  StreamKinds Pick(Random& random) const;

  // What a branch with this operator came to.
  void Commit(StreamKinds streams, bool yielded);

 private:
  StreamKinds PickScope(Random& random) const;

  struct Yield {
    uint64_t picks = 0;
    uint64_t yields = 0;
  };

  StreamKinds drawn_ = 0;
  Yield blind_;
  Yield scoped_;
};

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_SEARCH_OPERATORS_H_
