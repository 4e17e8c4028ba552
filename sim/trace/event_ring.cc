// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// A record is a Header, the bytes of who and name, and for each field a
// FieldHeader with the bytes of its key and text. Records follow each other in
// a circular buffer of bytes.
#include "sim/trace/event_ring.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <vector>

#include "providers/base/check.h"
#include "sim/core/arena.h"

namespace moonpool {
namespace {

struct Header {
  uint32_t record_size;  // with the header
  uint32_t field_count;
  uint32_t who_size;
  uint32_t name_size;
  uint64_t sequence;
  int64_t time_ns;
  uint64_t span;
  uint64_t parent;
  int64_t duration_ns;
  uint32_t task;
  EventType type;
  EventSeverity severity;
};

struct FieldHeader {
  int64_t number;
  uint32_t key_size;
  uint32_t text_size;
  EventField::Kind kind;
};

size_t RecordSize(const TraceEvent& event) {
  size_t size = sizeof(Header) + event.who.size() + event.name.size();
  for (const EventField& field : event.fields) {
    size += sizeof(FieldHeader) + field.key.size() + field.text.size();
  }
  return size;
}

// Takes a record apart.
class Reader {
 public:
  explicit Reader(const char* at) : at_(at) {}
  template <typename T>
  T Get() {
    T value;
    std::memcpy(&value, at_, sizeof(T));
    at_ += sizeof(T);
    return value;
  }
  absl::string_view GetText(size_t size) {
    const absl::string_view text(at_, size);
    at_ += size;
    return text;
  }

 private:
  const char* at_;
};

TraceEvent Decode(const char* record, std::vector<EventField>& fields) {
  Reader reader(record);
  const Header header = reader.Get<Header>();
  TraceEvent event;
  event.sequence = header.sequence;
  event.time_ns = header.time_ns;
  event.type = header.type;
  event.severity = header.severity;
  event.span = header.span;
  event.parent = header.parent;
  event.duration_ns = header.duration_ns;
  event.task = header.task;
  event.who = reader.GetText(header.who_size);
  event.name = reader.GetText(header.name_size);
  fields.clear();
  for (uint32_t i = 0; i < header.field_count; ++i) {
    const FieldHeader read = reader.Get<FieldHeader>();
    EventField field;
    field.kind = read.kind;
    field.number = read.number;
    field.key = reader.GetText(read.key_size);
    field.text = reader.GetText(read.text_size);
    fields.push_back(field);
  }
  event.fields = fields;
  return event;
}

}  // namespace

EventRing::EventRing(const Options& options) : options_(options) {
  CHECK(options.max_events > 0) << "a ring without room for any event";
  CHECK(options.max_bytes > 0) << "a ring without room for any byte";
  CHECK(options.max_bytes <= std::numeric_limits<uint32_t>::max())
      << "a ring of more than 4 GiB";
  Arena::OutsideScope outside;
  buffer_ = std::make_unique_for_overwrite<char[]>(options.max_bytes);
}

void EventRing::Append(const TraceEvent& event) {
  const size_t size = RecordSize(event);
  if (size > options_.max_bytes) {
    ++dropped_;
    return;
  }
  while (count_ >= options_.max_events || used_ + size > options_.max_bytes) {
    DropOldest();
  }
  Header header = {};
  header.record_size = static_cast<uint32_t>(size);
  header.field_count = static_cast<uint32_t>(event.fields.size());
  header.who_size = static_cast<uint32_t>(event.who.size());
  header.name_size = static_cast<uint32_t>(event.name.size());
  header.sequence = event.sequence;
  header.time_ns = event.time_ns;
  header.span = event.span;
  header.parent = event.parent;
  header.duration_ns = event.duration_ns;
  header.task = event.task;
  header.type = event.type;
  header.severity = event.severity;
  Write(&header, sizeof(header));
  Write(event.who.data(), event.who.size());
  Write(event.name.data(), event.name.size());
  for (const EventField& field : event.fields) {
    FieldHeader written = {};
    written.number = field.number;
    written.key_size = static_cast<uint32_t>(field.key.size());
    written.text_size = static_cast<uint32_t>(field.text.size());
    written.kind = field.kind;
    Write(&written, sizeof(written));
    Write(field.key.data(), field.key.size());
    Write(field.text.data(), field.text.size());
  }
  ++count_;
}

void EventRing::ForEach(
    absl::FunctionRef<void(const TraceEvent&)> visit) const {
  Arena::OutsideScope outside;
  std::vector<char> record;
  std::vector<EventField> fields;
  size_t offset = begin_;
  for (size_t i = 0; i < count_; ++i) {
    Header header;
    Read(offset, &header, sizeof(header));
    const char* at = buffer_.get() + offset;
    if (offset + header.record_size > options_.max_bytes) {
      record.resize(header.record_size);
      Read(offset, record.data(), record.size());
      at = record.data();
    }
    visit(Decode(at, fields));
    offset = (offset + header.record_size) % options_.max_bytes;
  }
}

void EventRing::Clear() {
  begin_ = 0;
  used_ = 0;
  count_ = 0;
  dropped_ = 0;
}

void EventRing::DropOldest() {
  uint32_t size = 0;
  static_assert(offsetof(Header, record_size) == 0);
  Read(begin_, &size, sizeof(size));
  begin_ = (begin_ + size) % options_.max_bytes;
  used_ -= size;
  --count_;
  ++dropped_;
}

void EventRing::Write(const void* bytes, size_t size) {
  if (size == 0) return;
  const size_t at = (begin_ + used_) % options_.max_bytes;
  const size_t first = std::min(size, options_.max_bytes - at);
  std::memcpy(buffer_.get() + at, bytes, first);
  std::memcpy(buffer_.get(), static_cast<const char*>(bytes) + first,
              size - first);
  used_ += size;
}

void EventRing::Read(size_t offset, void* bytes, size_t size) const {
  const size_t first = std::min(size, options_.max_bytes - offset);
  std::memcpy(bytes, buffer_.get() + offset, first);
  std::memcpy(static_cast<char*>(bytes) + first, buffer_.get(), size - first);
}

}  // namespace moonpool
