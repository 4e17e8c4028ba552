// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/search/operators.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace moonpool::explorer {

StreamKinds Operators::Pick(Random& random) const {
  const StreamKinds scope = PickScope(random);
  const bool has_faults =
      (scope & drawn_ & KindBit(StreamKind::kFaults)) != 0;
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
  // The yields as if one of the first eight picks had yielded.
  using Wide = unsigned __int128;
  const Wide scoped = Wide{scoped_.yields + 1} * (blind_.picks + 8);
  const Wide blind = Wide{blind_.yields + 1} * (scoped_.picks + 8);
  constexpr uint64_t kOne = 1 << 16;
  const auto ratio =
      static_cast<uint64_t>(std::min(Wide{kOne}, scoped * kOne / blind));
  if (random.Below(4 * kOne) >= ratio) return kAllStreams;
  return scopes[random.Below(count)];
}

void Operators::Commit(StreamKinds streams, bool yielded) {
  Yield& of = (streams & kAllStreams) == kAllStreams ? blind_ : scoped_;
  ++of.picks;
  if (yielded) ++of.yields;
}

}  // namespace moonpool::explorer
