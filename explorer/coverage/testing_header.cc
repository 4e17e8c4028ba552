// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/coverage/testing_header.h"

namespace moonpool::testing_header {

Parser::State Parser::Add(uint64_t half_byte) {
  switch (size_++) {
    case 0:
      if (half_byte == 0xD) return State::kMore;
      break;
    case 1:
      if (half_byte == 0x5) return State::kMore;
      break;
    case 2:
      if (half_byte == 0x7) return State::kMore;
      break;
    case 3:
      if (half_byte == 0x0) return State::kMore;
      break;
    case 4:
      if (half_byte == 0xB) return State::kComplete;
      break;
  }
  return State::kBad;
}

__attribute__((noinline)) uint64_t Loop(uint64_t count) {
  volatile uint64_t sum = 0;  // or there would be no loop
  for (uint64_t i = 0; i < count; ++i) sum = sum + i;
  return sum;
}

__attribute__((noinline)) uint64_t NeverCalled(uint64_t x) {
  volatile uint64_t copy = x;
  return copy == 0 ? 1 : copy;
}

}  // namespace moonpool::testing_header
