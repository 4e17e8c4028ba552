// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/raft/codec.h"

#include <bit>
#include <cstring>
#include <memory>
#include <utility>

#include "providers/base/check.h"
#include "providers/base/hash.h"

namespace moonpool::raft {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr uint32_t CheckOfLength(uint32_t length) {
  return static_cast<uint32_t>(Mix64(uint64_t{length} + 0x52414654));
}

// One byte of flags, so that a heartbeat stays short.
constexpr uint64_t kPre = 1;
constexpr uint64_t kAccepted = 2;
constexpr uint64_t kHasSnapshot = 4;

}  // namespace

void Writer::Int(uint64_t value) {
  while (value >= 0x80) {
    bytes_->push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  bytes_->push_back(static_cast<char>(value));
}

void Writer::Bytes(absl::string_view bytes) {
  Int(bytes.size());
  bytes_->append(bytes.data(), bytes.size());
}

uint64_t Reader::Int() {
  uint64_t value = 0;
  for (int shift = 0; shift < 64 && ok_; shift += 7) {
    if (rest_.empty()) break;
    const auto byte = static_cast<uint8_t>(rest_[0]);
    rest_.remove_prefix(1);
    value |= uint64_t{byte & 0x7Fu} << shift;
    if (byte < 0x80) return value;
  }
  ok_ = false;
  return 0;
}

uint64_t Reader::Int(uint64_t max) {
  const uint64_t value = Int();
  if (value <= max) return value;
  ok_ = false;
  return 0;
}

absl::string_view Reader::Bytes() {
  const uint64_t size = Int();
  if (!ok_ || size > rest_.size()) {
    ok_ = false;
    return {};
  }
  const absl::string_view bytes = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return bytes;
}

void WriteEntry(const Entry& entry, Writer& writer) {
  writer.Int(entry.term);
  writer.Int(static_cast<uint64_t>(entry.kind));
  writer.Bytes(entry.data);
}

Entry ReadEntry(Reader& reader) {
  Entry entry;
  entry.term = reader.Int();
  entry.kind = static_cast<EntryKind>(
      reader.Int(static_cast<uint64_t>(EntryKind::kMembers)));
  entry.data = std::string(reader.Bytes());
  return entry;
}

void WriteMembers(const Members& members, Writer& writer) {
  writer.Int(members.voters);
  writer.Int(members.outgoing);
}

Members ReadMembers(Reader& reader) {
  constexpr uint64_t kMask = (uint64_t{1} << kMaxNodes) - 1;
  Members members;
  members.voters = static_cast<uint32_t>(reader.Int(kMask));
  members.outgoing = static_cast<uint32_t>(reader.Int(kMask));
  return members;
}

void WriteSnapshot(const Snapshot& snapshot, Writer& writer) {
  writer.Int(snapshot.index);
  writer.Int(snapshot.term);
  writer.Int(snapshot.chain);
  WriteMembers(snapshot.members, writer);
  writer.Bytes(snapshot.data);
}

Snapshot ReadSnapshot(Reader& reader) {
  Snapshot snapshot;
  snapshot.index = reader.Int();
  snapshot.term = reader.Int();
  snapshot.chain = reader.Int();
  snapshot.members = ReadMembers(reader);
  snapshot.data = std::string(reader.Bytes());
  return snapshot;
}

void EncodeMessage(const Message& message, std::string& bytes) {
  Writer writer(&bytes);
  writer.Int(static_cast<uint64_t>(message.kind));
  writer.Int((message.pre ? kPre : 0) | (message.accepted ? kAccepted : 0) |
             (message.snapshot != nullptr ? kHasSnapshot : 0));
  writer.Int(message.from);
  writer.Int(message.to);
  writer.Int(message.term);
  writer.Int(message.index);
  writer.Int(message.log_term);
  writer.Int(message.rejected);
  writer.Int(message.commit);
  writer.Int(message.round);
  writer.Int(message.entries.size());
  for (const Entry& entry : message.entries) WriteEntry(entry, writer);
  if (message.snapshot != nullptr) WriteSnapshot(*message.snapshot, writer);
}

std::optional<Message> DecodeMessage(absl::string_view bytes) {
  Reader reader(bytes);
  Message message;
  message.kind = static_cast<MessageKind>(
      reader.Int(static_cast<uint64_t>(MessageKind::kSnapshot)));
  const uint64_t flags = reader.Int(kPre | kAccepted | kHasSnapshot);
  message.pre = (flags & kPre) != 0;
  message.accepted = (flags & kAccepted) != 0;
  message.from = static_cast<NodeId>(reader.Int(kMaxNodes));
  message.to = static_cast<NodeId>(reader.Int(kMaxNodes));
  message.term = reader.Int();
  message.index = reader.Int();
  message.log_term = reader.Int();
  message.rejected = reader.Int();
  message.commit = reader.Int();
  message.round = reader.Int();
  // Each takes three bytes at least: no allocation beyond what was sent.
  const uint64_t count = reader.Int(reader.remaining() / 3);
  for (uint64_t i = 0; i < count && reader.ok(); ++i) {
    message.entries.push_back(ReadEntry(reader));
  }
  if ((flags & kHasSnapshot) != 0) {
    message.snapshot = std::make_shared<const Snapshot>(ReadSnapshot(reader));
  }
  const bool needs_snapshot = message.kind == MessageKind::kSnapshot;
  if (!reader.done() || message.from == 0 || message.to == 0 ||
      needs_snapshot != (message.snapshot != nullptr)) {
    return std::nullopt;
  }
  return message;
}

void AppendFrame(absl::string_view payload, std::string& bytes) {
  CHECK_LE(payload.size(), kMaxFrameBytes);
  const auto length = static_cast<uint32_t>(payload.size());
  const uint32_t check = CheckOfLength(length);
  const uint64_t checksum = HashBytes(payload);
  char header[kFrameHeaderBytes];
  std::memcpy(header, &length, 4);
  std::memcpy(header + 4, &check, 4);
  std::memcpy(header + 8, &checksum, 8);
  bytes.append(header, kFrameHeaderBytes);
  bytes.append(payload.data(), payload.size());
}

void FrameBuffer::Append(absl::string_view bytes) {
  bytes_.erase(0, start_);
  start_ = 0;
  bytes_.append(bytes.data(), bytes.size());
}

std::optional<absl::string_view> FrameBuffer::Next() {
  if (broken_ || bytes_.size() - start_ < kFrameHeaderBytes) {
    return std::nullopt;
  }
  const absl::string_view rest = absl::string_view(bytes_).substr(start_);
  uint32_t length;
  uint32_t check;
  uint64_t checksum;
  std::memcpy(&length, rest.data(), 4);
  std::memcpy(&check, rest.data() + 4, 4);
  std::memcpy(&checksum, rest.data() + 8, 8);
  if (check != CheckOfLength(length) || length > kMaxFrameBytes) {
    broken_ = true;
    return std::nullopt;
  }
  if (rest.size() - kFrameHeaderBytes < length) return std::nullopt;
  const absl::string_view payload = rest.substr(kFrameHeaderBytes, length);
  if (HashBytes(payload) != checksum) {
    broken_ = true;
    return std::nullopt;
  }
  start_ += kFrameHeaderBytes + length;
  return payload;
}

}  // namespace moonpool::raft
