// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// What a process notes about its own death while it runs code under test: a
// signal, exit(), exhausted memory, a hang, a sanitizer's report. The notes
// are plain numbers in memory shared with whoever survives, which makes a
// Violation of them (fault_report.h).
//
//   fault::Install(4 << 30);  // once, in the process that runs the code
//   fault::SetRecord(&shared->fault);  // where to write
//   … the code under test …
//
// The handlers run on a stack of their own and call only what a signal handler
// may; they allocate nothing. After its notes the process dies of what would
// have killed it without them. Under a sanitizer that one's handlers follow ours
// and print their reports, and memory is not limited.
//
// Fork: a child goes on with its parent's handlers and record.
#ifndef MOONPOOL_EXPLORER_FAULT_FAULT_H_
#define MOONPOOL_EXPLORER_FAULT_FAULT_H_

#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

namespace moonpool {

// A watchdog ends a timeline that makes no progress with this signal, not with
// SIGKILL: that one is the kernel's, when memory runs out.
inline constexpr int kHangSignal = SIGALRM;

// Bytes that a timeline may take.
inline constexpr uint64_t kDefaultMemoryLimit = uint64_t{4} << 30;

enum class FaultKind : uint32_t {
  kNone,
  kSignal,
  kStackOverflow,
  kNoEvent,     // a hang: nothing happens any more
  kEventsOnly,  // a hang: events happen for ever
  kExit,
  kOutOfMemory,
  kSanitizer,
  kWildWrite,  // into memory that is the explorer's
};

// All zeros: nothing has happened.
struct FaultRecord {
  static constexpr uint32_t kMaxFrames = 64;

  std::atomic<FaultKind> kind;
  int32_t code;  // the signal or the exit code
  char phase[24];
  // What a sanitizer calls it; of SIGABRT, the type of the exception that was
  // being handled.
  char note[64];
  int64_t time_ns;
  uint64_t event;
  uint64_t draw;
  // Addresses of instructions, innermost first. They mean the same in every
  // process that was forked from the same program.
  std::atomic<uint32_t> frame_count;
  uint64_t frames[kMaxFrames];

  void Reset() {
    kind.store(FaultKind::kNone);
    frame_count.store(0);
  }
};

namespace fault {

// memory_limit: bytes that this process may take from now on, beyond what it
// has; 0: no limit. REQUIRES: the process has one thread.
void Install(uint64_t memory_limit);

// nullptr: nowhere. pid: this process.
void SetRecord(FaultRecord* record, pid_t pid = getpid());
// Who is stopped from writing there has made a wild write. The record may lie
// there, too: its pages are then opened for the notes. Whole pages.
void Guard(const void* begin, size_t size);
// What the code under test is doing: a string literal.
void SetPhase(const char* phase);

// A process that nobody else watches: if no event happens for so long, or it
// lives four times as long altogether (wall time), it dies of kHangSignal.
// A second call begins anew. REQUIRES: Install.
void StartWatchdog(absl::Duration limit);
void StopWatchdog();

}  // namespace fault
}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_FAULT_FAULT_H_
