// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/runner/process.h"

namespace moonpool {

absl::string_view RebootKindName(RebootKind kind) {
  switch (kind) {
    case RebootKind::kGraceful: return "graceful";
    case RebootKind::kCrash: return "crash";
    case RebootKind::kCrashAndWipe: return "crash and wipe";
  }
  return "unknown";
}

}  // namespace moonpool
