// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// OperationAlphabet: which of its operations a workload uses in this seed.
// With all operations in every seed some behaviour is never seen: a queue
// whose workload always pops never grows.
//
//   enum Operation { kGet, kSet, kDelete };
//   switch (alphabet.Pick(ctx.random(), {4, 4, 1})) { case kGet: ...
//
// Determinism: whether an operation is enabled is a pure function of the root
// seed and its number: it depends on no draw and on no order of asking.
#ifndef MOONPOOL_SIM_CHAOS_OPERATIONS_H_
#define MOONPOOL_SIM_CHAOS_OPERATIONS_H_

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "providers/random.h"

namespace moonpool {

class OperationAlphabet {
 public:
  // Every operation is enabled.
  OperationAlphabet() = default;
  // Each is enabled with probability 1/2, by the seed.
  explicit OperationAlphabet(uint64_t seed) : seed_(seed), is_swarmed_(true) {}

  bool is_swarmed() const { return is_swarmed_; }
  bool OperationEnabled(uint8_t id) const;

  // An enabled operation, with probability proportional to its weight;
  // weights[i] is that of operation i. If no operation with a weight is
  // enabled, all count as enabled. One draw of random.
  // REQUIRES: at most 256 weights, with a positive sum.
  uint8_t Pick(Random& random, absl::Span<const uint64_t> weights) const;

 private:
  uint64_t seed_ = 0;
  bool is_swarmed_ = false;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_CHAOS_OPERATIONS_H_
