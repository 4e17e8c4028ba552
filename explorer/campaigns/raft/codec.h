// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The wire and disk formats of the raft campaign, and the frames that carry
// them over a byte stream.
//
// A frame is: length (u32), a check of the length (u32), the checksum of the
// payload (u64), the payload; little-endian. A flipped bit anywhere in it is
// found before the payload is looked at; the reader then drops the connection.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_CODEC_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_CODEC_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "explorer/campaigns/raft/types.h"

namespace moonpool::raft {

// Appends integers (LEB128) and length-prefixed strings.
class Writer {
 public:
  explicit Writer(std::string* bytes) : bytes_(bytes) {}
  void Int(uint64_t value);
  void Bytes(absl::string_view bytes);

 private:
  std::string* bytes_;
};

// Reads them back. After the first malformed field ok() is false and every
// field reads as zero or empty.
class Reader {
 public:
  explicit Reader(absl::string_view bytes) : rest_(bytes) {}
  uint64_t Int();
  // An integer up to max; malformed if it is larger.
  uint64_t Int(uint64_t max);
  // Points into the bytes being read.
  absl::string_view Bytes();
  bool ok() const { return ok_; }
  // Everything was read, and was well-formed.
  bool done() const { return ok_ && rest_.empty(); }
  size_t remaining() const { return rest_.size(); }

 private:
  absl::string_view rest_;
  bool ok_ = true;
};

void WriteEntry(const Entry& entry, Writer& writer);
// Without its chain.
Entry ReadEntry(Reader& reader);
void WriteMembers(const Members& members, Writer& writer);
Members ReadMembers(Reader& reader);
void WriteSnapshot(const Snapshot& snapshot, Writer& writer);
Snapshot ReadSnapshot(Reader& reader);

void EncodeMessage(const Message& message, std::string& bytes);
// nullopt if bytes are no message.
std::optional<Message> DecodeMessage(absl::string_view bytes);

inline constexpr size_t kFrameHeaderBytes = 16;
inline constexpr size_t kMaxFrameBytes = size_t{1} << 20;

// Appends a frame with that payload. REQUIRES: at most kMaxFrameBytes.
void AppendFrame(absl::string_view payload, std::string& bytes);

// Cuts what arrives into payloads.
//
//   buffer.Append(bytes);
//   while (auto payload = buffer.Next()) ...
//   if (buffer.is_broken()) the connection is of no use any more
class FrameBuffer {
 public:
  void Append(absl::string_view bytes);
  // The next payload, valid until Append; nullopt if it is not complete yet or
  // the stream is broken.
  std::optional<absl::string_view> Next();
  bool is_broken() const { return broken_; }

 private:
  std::string bytes_;
  size_t start_ = 0;
  bool broken_ = false;
};

}  // namespace moonpool::raft

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_RAFT_CODEC_H_
