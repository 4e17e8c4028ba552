// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// EventTail: the last events of a timeline as text, in memory that outlives its
// process, whatever that one dies of.
#ifndef MOONPOOL_EXPLORER_CLI_EVENT_TAIL_H_
#define MOONPOOL_EXPLORER_CLI_EVENT_TAIL_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace moonpool {

// Plain data; all zeros: empty.
class EventTail {
 public:
  static constexpr size_t kLines = 200;
  static constexpr size_t kLineBytes = 512;  // longer ones are cut

  void Append(absl::string_view line);
  // Oldest first. Appended lines beyond those are forgotten.
  std::vector<std::string> Lines() const;
  uint64_t appended() const { return appended_.load(); }

 private:
  struct Line {
    uint32_t size;
    char bytes[kLineBytes];
  };
  std::atomic<uint64_t> appended_;
  Line lines_[kLines];
};

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_CLI_EVENT_TAIL_H_
