// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/search/operators.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace moonpool::explorer {

StreamKinds Operators::PickStreams(Random& random) const {
  const StreamKinds scope = PickScope(random);
  const bool has_faults = (scope & drawn_ & KindBit(StreamKind::kFaults)) != 0;
  return has_faults && random.Chance({1, 2}) ? scope | kSoon : scope;
}

StreamKinds Operators::PickScope(Random& random) const {
  std::array<StreamKinds, kExploredKinds + 1> scopes;
  size_t count = 0;
  for (size_t kind = 0; kind < kExploredKinds; ++kind) {
    const StreamKinds bit = KindBit(static_cast<StreamKind>(kind));
    if ((drawn_ & bit) != 0) scopes[count++] = bit;
  }
  if (count < 2) return kAllStreams;
  // Of two kinds the other one alone is in the list already.
  const StreamKinds others = drawn_ & ~KindBit(StreamKind::kWorkload);
  if (count > 2 && others != drawn_) scopes[count++] = others;
  if (!PickBy(scoped_, blind_, /*max=*/1, random)) return kAllStreams;
  return scopes[random.Below(count)];
}

bool Operators::PickSplice(Random& random) const {
  const Yield others = {.picks = blind_.picks + scoped_.picks,
                        .yields = blind_.yields + scoped_.yields};
  return PickBy(spliced_, others, /*max=*/2, random);
}

bool Operators::PickBy(const Yield& yield, const Yield& others, uint64_t max,
                       Random& random) {
  using Wide = unsigned __int128;
  constexpr uint64_t kOne = 1 << 16;
  const Wide ratio = Wide{yield.yields + 1} * (others.picks + 8) * kOne /
                     (Wide{others.yields + 1} * (yield.picks + 8));
  return random.Below(4 * kOne) <
         static_cast<uint64_t>(std::min(ratio, Wide{max * kOne}));
}

void Operators::Commit(StreamKinds streams, bool is_splice, bool yielded) {
  const bool is_blind = (streams & kAllStreams) == kAllStreams;
  Yield& of = is_splice ? spliced_ : is_blind ? blind_ : scoped_;
  ++of.picks;
  if (yielded) ++of.yields;
}

}  // namespace moonpool::explorer
