// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// A hand-made log of a search, for tests of what reads it.
#ifndef MOONPOOL_EXPLORER_DIRECTORY_TESTING_LOG_H_
#define MOONPOOL_EXPLORER_DIRECTORY_TESTING_LOG_H_

#include <cstdint>
#include <string>

#include "explorer/directory/log.pb.h"

namespace moonpool {

// Ten timelines, in two batches of five:
//
//   0  the beginning         discovers "gate" and "<script>lock</script>"
//   1  from the beginning    comes to nothing (and is not mentioned)
//   2  from "gate"           discovers "lock" better, and violates "broken"
//   3  from "gate"           discovers what timeline 2 has discovered
//   4  from "lock"           discovers "cave"
//   5  a fresh seed          discovers "door"
//   6  from "cave"           violates "broken"
//   7  from "gate"           violates "broken" after fewer draws than 2
//   8  from "lock", better   crashes
//   9  from "door"           comes to nothing
struct TestingLog {
  SearchConfig config;
  LoggedBatch first;
  LoggedBatch second;
};
TestingLog MakeTestingLog(uint64_t seed = 42);

// Writes DIR/search.log with the first batch, or both.
void WriteTestingLog(const TestingLog& log, const std::string& directory,
                     int batches = 2);

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_DIRECTORY_TESTING_LOG_H_
