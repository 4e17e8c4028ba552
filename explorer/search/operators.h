// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Operators: what a branch changes. The blind one gives a new seed to all
// streams, so everything behind the splitpoint is another future. Scoped ones
// reseed some kinds only: the same requests meet other faults, or the same
// faults another network. And where there are faults, every other branch lets
// them come soon. A splice repeats what helped at another place.
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
  StreamKinds PickStreams(Random& random) const;

  // Whether to splice instead, if there is anything: with a chance of a quarter
  // at first, of less the less that yields in comparison with the others, of a
  // half if it yields twice as often or more.
  bool PickSplice(Random& random) const;

  // What a branch with these streams came to.
  void Commit(StreamKinds streams, bool is_splice, bool yielded);

 private:
  struct Yield {
    uint64_t picks = 0;
    uint64_t yields = 0;
  };

  StreamKinds PickScope(Random& random) const;
  // With the chance of a quarter times the ratio of the yields, of each as if
  // one of eight picks more had yielded; the ratio counts up to max.
  static bool PickBy(const Yield& yield, const Yield& others, uint64_t max,
                     Random& random);

  StreamKinds drawn_ = 0;
  Yield blind_;
  Yield scoped_;
  Yield spliced_;
};

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_SEARCH_OPERATORS_H_
