// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// StrongId: an integer that cannot be mixed up with another kind of integer.
//
//   using NodeId = StrongId<struct NodeIdTag, uint32_t>;
#ifndef MOONPOOL_PROVIDERS_BASE_STRONG_ID_H_
#define MOONPOOL_PROVIDERS_BASE_STRONG_ID_H_

#include <compare>

namespace moonpool {

template <typename Tag, typename Value>
class StrongId {
 public:
  constexpr StrongId() = default;
  constexpr explicit StrongId(Value value) : value_(value) {}
  constexpr Value value() const { return value_; }
  friend constexpr auto operator<=>(StrongId, StrongId) = default;

 private:
  Value value_ = {};
};

}  // namespace moonpool

#endif  // MOONPOOL_PROVIDERS_BASE_STRONG_ID_H_
