// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "providers/base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace moonpool {

uint64_t HashBytes(absl::string_view bytes, uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

}  // namespace moonpool
