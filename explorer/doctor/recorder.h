// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Recorder: keeps the trace of a run, word by word, in memory shared with the
// process that will read it: of every event its time and hash; and from a
// given event on also every word with its stack, as many as there is room for.
#ifndef MOONPOOL_EXPLORER_DOCTOR_RECORDER_H_
#define MOONPOOL_EXPLORER_DOCTOR_RECORDER_H_

#include <cstddef>
#include <cstdint>

#include "sim/core/trace_hash.h"

namespace moonpool {

// Addresses are relative to the program's beginning; 0 is outside of it.
struct RecordedWord {
  static constexpr int kMaxFrames = 40;
  TraceListener::Kind kind;
  uint64_t words[3];
  uint64_t hash;
  uint64_t event;
  uint64_t draw;
  int64_t time_ns;
  uint64_t type;  // the address of the event type's name
  int frames;
  uint32_t stack[kMaxFrames];
};

struct RecordedEvent {
  uint64_t event;
  int64_t time_ns;
  uint64_t hash;
  uint64_t output;  // bytes that had been written to standard output
};

class Recorder final : public TraceListener {
 public:
  static constexpr size_t kMaxWords = size_t{1} << 14;
  static constexpr size_t kMaxEvents = size_t{1} << 20;

  struct Shared {
    uint64_t word_count;
    uint64_t event_count;
    RecordedWord words[kMaxWords];
    RecordedEvent events[kMaxEvents];
  };

  // Words are kept from the beginning of this event on.
  explicit Recorder(uint64_t first_event);

  void OnWord(const Word& word) override;
  const Shared& shared() const { return *shared_; }

 private:
  const uint64_t first_event_;
  Shared* const shared_;
};

// What the relative address stands for, in this process.
const char* AddressOf(uint64_t relative);

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_DOCTOR_RECORDER_H_
