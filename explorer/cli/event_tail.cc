// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/cli/event_tail.h"

#include <algorithm>

namespace moonpool {

void EventTail::Append(absl::string_view line) {
  const uint64_t count = appended_.load();
  Line& to = lines_[count % kLines];
  to.size = static_cast<uint32_t>(std::min(line.size(), kLineBytes));
  line.copy(to.bytes, to.size);
  appended_.store(count + 1);
}

std::vector<std::string> EventTail::Lines() const {
  std::vector<std::string> lines;
  const uint64_t count = appended_.load();
  for (uint64_t i = count > kLines ? count - kLines : 0; i < count; ++i) {
    const Line& line = lines_[i % kLines];
    lines.emplace_back(line.bytes,
                       std::min<size_t>(line.size, sizeof(line.bytes)));
  }
  return lines;
}

}  // namespace moonpool
