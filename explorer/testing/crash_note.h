// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// CrashNote: which seed was running when the program died. A simulation runs in
// the test's own process, so a crash of the system under test, or Bazel's
// timeout, ends the program without a report; the note is then the only trace.
#ifndef MOONPOOL_EXPLORER_TESTING_CRASH_NOTE_H_
#define MOONPOOL_EXPLORER_TESTING_CRASH_NOTE_H_

#include <string>

namespace moonpool::testing_internal {

// While one lives, a fatal signal or SIGTERM in a world first writes
// "[simulation] " + before + root seed + after to standard output; then the
// signal takes its course, also to a sanitizer's handler. One at a time.
class CrashNote {
 public:
  CrashNote(std::string before, std::string after);
  CrashNote(const CrashNote&) = delete;
  ~CrashNote();
};

}  // namespace moonpool::testing_internal

#endif  // MOONPOOL_EXPLORER_TESTING_CRASH_NOTE_H_
