// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// EventRing: the latest events of a run, in a fixed amount of memory. When it
// is full the oldest go; how many is told.
//
//   EventRing ring;
//   sink.set_ring(&ring);                                 // event_sink.h
//   …
//   ring.ForEach([](const TraceEvent& event) { … });
//
// Invariants: the buffer never grows; events come out as they went in, in
// their order. Single-threaded. Its memory is the engine's, not the world's.
#ifndef MOONPOOL_SIM_TRACE_EVENT_RING_H_
#define MOONPOOL_SIM_TRACE_EVENT_RING_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/functional/function_ref.h"
#include "sim/trace/event.h"

namespace moonpool {

class EventRing {
 public:
  struct Options {
    size_t max_events = 100000;
    size_t max_bytes = size_t{8} << 20;  // touched only as far as it is used
  };
  // REQUIRES: both bounds are positive and max_bytes is below 4 GiB.
  EventRing() : EventRing(Options()) {}
  explicit EventRing(const Options& options);
  EventRing(const EventRing&) = delete;

  // Keeps a copy. An event larger than the whole ring is dropped itself.
  void Append(const TraceEvent& event);

  // The events, oldest first; each holds only during its call. REQUIRES: visit
  // does not append.
  void ForEach(absl::FunctionRef<void(const TraceEvent&)> visit) const;

  size_t size() const { return count_; }
  size_t bytes() const { return used_; }
  // Events that were appended and are no longer there.
  uint64_t dropped() const { return dropped_; }
  void Clear();

 private:
  void DropOldest();
  // Copies into and out of the buffer, around its end.
  void Write(const void* bytes, size_t size);
  void Read(size_t offset, void* bytes, size_t size) const;

  const Options options_;
  std::unique_ptr<char[]> buffer_;
  size_t begin_ = 0;  // of the oldest record
  size_t used_ = 0;
  size_t count_ = 0;
  uint64_t dropped_ = 0;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_TRACE_EVENT_RING_H_
