// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Segment: what travels. It is its own event (no allocation per hop besides
// the recycled segment itself), and its own buffer: a segment moves through
// three queues of its connection, unsent -> in flight -> received, so bytes are
// copied once by Write and once by Read, and order is that of the queues.
#ifndef MOONPOOL_SIM_NETWORK_SEGMENT_H_
#define MOONPOOL_SIM_NETWORK_SEGMENT_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "providers/time.h"

namespace moonpool::network_internal {

struct End;

// Values are part of the trace.
enum class SegmentKind : uint8_t {
  kData = 0,
  kSyn = 1,
  kSynAck = 2,
  kAck = 3,  // the third step of the handshake only
  kFin = 4,
  kReset = 5,
  kProbe = 6,  // keepalive: are you there?
  kProbeAck = 7,
};

class Segment final : public TimedEvent {
 public:
  void Fire() override;

  char* data() { return reinterpret_cast<char*>(this + 1); }
  absl::string_view unread() {
    return absl::string_view(data() + read, size - read);
  }
  size_t spare() const { return capacity - size; }
  // REQUIRES: bytes fit into spare().
  void Append(absl::string_view bytes);

  End* sender = nullptr;
  Segment* next = nullptr;
  int64_t sent_ns = 0;  // all of it has left the sender
  uint32_t size = 0;  // bytes written to data()
  uint32_t read = 0;  // of which the reader has taken so many
  uint32_t capacity = 0;
  SegmentKind kind = SegmentKind::kData;
};

// First in, first out; owns nothing.
class SegmentQueue {
 public:
  bool empty() const { return first_ == nullptr; }
  Segment* first() const { return first_; }
  Segment* last() const { return last_; }
  void Push(Segment* segment) {
    segment->next = nullptr;
    (last_ != nullptr ? last_->next : first_) = segment;
    last_ = segment;
  }
  // REQUIRES: not empty.
  Segment* Pop() {
    Segment* segment = first_;
    first_ = segment->next;
    if (first_ == nullptr) last_ = nullptr;
    return segment;
  }

 private:
  Segment* first_ = nullptr;
  Segment* last_ = nullptr;
};

// Makes segments; keeps the small ones for reuse.
class SegmentPool {
 public:
  SegmentPool() = default;
  SegmentPool(const SegmentPool&) = delete;
  ~SegmentPool();

  // A segment with room for at least capacity bytes.
  Segment* New(SegmentKind kind, End* sender, size_t capacity);
  // REQUIRES: not scheduled and in no queue.
  void Free(Segment* segment);
  // Empties a queue of segments that are not scheduled; returns how many
  // unread bytes they held.
  size_t FreeAll(SegmentQueue& queue);
  size_t in_use() const { return in_use_; }

 private:
  // Holds the usual small message; big enough that a reader who lags behind a
  // writer of single bytes does not keep a segment for each of them.
  static constexpr size_t kSmallBytes = 512;

  SegmentQueue free_;
  size_t in_use_ = 0;
};

}  // namespace moonpool::network_internal

#endif  // MOONPOOL_SIM_NETWORK_SEGMENT_H_
