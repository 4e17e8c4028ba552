// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The bytes of C-Raft: its messages on the wire and its entries on disk, all
// integers little-endian and of fixed width, so that they are the same
// everywhere. The library brings an encoding of its own only together with
// libuv, which a simulation cannot use.
//
//   std::string frame;
//   AppendFrame(message, &frame);                  // length, then the body
//   RETURN_IF_ERROR(DecodeMessage(body, &received));
//
// Lifetime: what Decode… allocates comes from raft_malloc, in the shape in
// which the library expects to own it (see raft_entry::batch in raft.h).
// Nothing is allocated when they fail.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_CRAFT_MESSAGE_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_CRAFT_MESSAGE_H_

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

extern "C" {  // raft.h has no guards of its own
#include <raft.h>
}

namespace moonpool::craft {

// An entry outside the library.
struct Entry {
  raft_term term = 0;
  uint16_t type = 0;
  std::string data;
};

// A member of a configuration outside the library.
struct Server {
  raft_id id = 0;
  int role = 0;
  std::string address;
};

class ByteWriter {
 public:
  explicit ByteWriter(std::string* out) : out_(out) {}
  void U8(uint8_t value) { Put(value, 1); }
  void U16(uint16_t value) { Put(value, 2); }
  void U32(uint32_t value) { Put(value, 4); }
  void U64(uint64_t value) { Put(value, 8); }
  // Length and bytes.
  void Bytes(absl::string_view bytes);
  // Without length.
  void Raw(absl::string_view bytes) { out_->append(bytes.data(), bytes.size()); }
  // As U64, U16 and U32, which is what most of all messages consist of.
  void EntryHead(uint64_t term, uint16_t type, uint32_t size);

 private:
  static void Store(uint64_t value, int width, char* to) {
    for (int i = 0; i < width; ++i) to[i] = static_cast<char>(value >> (8 * i));
  }
  void Put(uint64_t value, int width) {
    char bytes[8];
    Store(value, width, bytes);
    out_->append(bytes, static_cast<size_t>(width));
  }
  std::string* out_;
};

// Reading past the end gives zeros and is remembered.
class ByteReader {
 public:
  explicit ByteReader(absl::string_view bytes) : rest_(bytes) {}
  uint8_t U8() { return static_cast<uint8_t>(Get(1)); }
  uint16_t U16() { return static_cast<uint16_t>(Get(2)); }
  uint32_t U32() { return static_cast<uint32_t>(Get(4)); }
  uint64_t U64() { return Get(8); }
  absl::string_view Bytes();

  size_t remaining() const { return rest_.size(); }
  bool ok() const { return ok_; }
  // Everything was there, and nothing more.
  bool done() const { return ok_ && rest_.empty(); }

 private:
  uint64_t Get(size_t width);
  absl::string_view rest_;
  bool ok_ = true;
};

// Before each message on a stream.
inline constexpr size_t kFrameHeaderBytes = 4;
// Longer frames are refused.
inline constexpr uint32_t kMaxFrameBytes = 16 << 20;

// Appends header and body to out. The destination (server_id and
// server_address) is not part of it. REQUIRES: a type of raft.h.
void AppendFrame(const raft_message& message, std::string* out);
// InvalidArgument if body is not exactly one message. Leaves server_id and
// server_address alone.
absl::Status DecodeMessage(absl::string_view body, raft_message* message);
// For a message that was not handed to the library.
void FreeMessage(raft_message* message);

void WriteEntry(const raft_entry& entry, ByteWriter& writer);
void WriteEntry(const Entry& entry, ByteWriter& writer);
Entry ReadEntry(ByteReader& reader);
// One batch, as the library wants entries that it did not make itself;
// nullptr for none.
raft_entry* MakeEntries(const std::vector<Entry>& entries);

void WriteServers(const raft_configuration& configuration, ByteWriter& writer);
std::vector<Server> ReadServers(ByteReader& reader);
// REQUIRES: no duplicates, no unknown roles.
void MakeConfiguration(const std::vector<Server>& servers,
                       raft_configuration* configuration);
// A buffer of raft_malloc; never null.
raft_buffer MakeBuffer(absl::string_view bytes);

inline absl::string_view View(const raft_buffer& buffer) {
  return absl::string_view(static_cast<const char*>(buffer.base), buffer.len);
}

}  // namespace moonpool::craft

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_CRAFT_MESSAGE_H_
