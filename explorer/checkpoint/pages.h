// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Pages of memory, and the one that holds what was never written to.
#ifndef MOONPOOL_EXPLORER_CHECKPOINT_PAGES_H_
#define MOONPOOL_EXPLORER_CHECKPOINT_PAGES_H_

#include <cstddef>
#include <cstring>

namespace moonpool::explorer {

inline constexpr size_t kPage = 4096;

alignas(kPage) inline constexpr char kZeroPage[kPage] = {};

inline bool IsZeroPage(const char* page) {
  return memcmp(page, kZeroPage, kPage) == 0;
}

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_CHECKPOINT_PAGES_H_
