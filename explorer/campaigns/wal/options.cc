// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/wal/options.h"

namespace moonpool::wal {

std::optional<Bug> FindBug(absl::string_view name) {
  for (const BugName& known : kBugNames) {
    if (known.name == name) return known.bug;
  }
  return std::nullopt;
}

}  // namespace moonpool::wal
