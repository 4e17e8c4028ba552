// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/network/segment.h"

#include <cstring>
#include <new>

#include "providers/base/check.h"
#include "sim/network/connection.h"

namespace moonpool::network_internal {

void Segment::Fire() { sender->connection->Arrive(*this); }

void Segment::Append(absl::string_view bytes) {
  CHECK_LE(bytes.size(), spare());
  std::memcpy(data() + size, bytes.data(), bytes.size());
  size += static_cast<uint32_t>(bytes.size());
}

SegmentPool::~SegmentPool() {
  CHECK_EQ(in_use_, 0u) << "segments outlive their network";
  while (!free_.empty()) ::operator delete(free_.Pop());
}

Segment* SegmentPool::New(SegmentKind kind, End* sender, size_t capacity) {
  Segment* segment;
  if (capacity <= kSmallBytes && !free_.empty()) {
    segment = free_.Pop();
    segment->size = segment->read = 0;
  } else {
    if (capacity < kSmallBytes) capacity = kSmallBytes;
    segment = new (::operator new(sizeof(Segment) + capacity)) Segment;
    segment->capacity = static_cast<uint32_t>(capacity);
  }
  segment->kind = kind;
  segment->sender = sender;
  ++in_use_;
  return segment;
}

void SegmentPool::Free(Segment* segment) {
  CHECK(!segment->is_scheduled());
  --in_use_;
  if (segment->capacity == kSmallBytes) {
    free_.Push(segment);
  } else {
    ::operator delete(segment);
  }
}

size_t SegmentPool::FreeAll(SegmentQueue& queue) {
  size_t unread = 0;
  while (!queue.empty()) {
    unread += queue.first()->unread().size();
    Free(queue.Pop());
  }
  return unread;
}

}  // namespace moonpool::network_internal
