// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The bytes of a wal::Store: header, segment headers, records,
// checkpoints. Integers are little-endian; everything starts with the XXH3 of
// all that follows it, so that damage of any field is noticed.
//
//   header          checksum, magic, epoch, floor                 one sector
//   segment header  checksum, magic, epoch, segment               one sector
//   record          checksum, length, epoch, segment, sequence,
//                   payload, zeros                        whole sectors
//   checkpoint      checksum, magic, epoch, sequence, count,
//                   (key length, key, value length, value) * count
//
// A record begins a sector of its own: a write never shares a sector with an
// acknowledged one, and so a torn write cannot damage it.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_WAL_FORMAT_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_WAL_FORMAT_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "explorer/campaigns/wal/options.h"
#include "providers/storage.h"

namespace moonpool::wal {

// A change of one key: a put, or without a value a removal.
struct Change {
  std::string key;  // at most 255 bytes
  std::optional<std::string> value;
  friend bool operator==(const Change&, const Change&) = default;
};
using State = std::map<std::string, std::string>;
void Apply(const Change& change, State& state);

struct Header {
  uint64_t epoch = 0;  // the last one that was begun
  uint64_t floor = 0;  // both copies had a checkpoint of this epoch or later
  friend bool operator==(const Header&, const Header&) = default;
};
// kSectorBytes bytes.
std::string EncodeHeader(const Header& header);
std::optional<Header> DecodeHeader(absl::string_view sector);

struct SegmentId {
  uint64_t epoch = 0;
  uint64_t number = 0;
  friend bool operator==(const SegmentId&, const SegmentId&) = default;
};
// kSectorBytes bytes.
std::string EncodeSegmentHeader(const SegmentId& segment);
std::optional<SegmentId> DecodeSegmentHeader(absl::string_view sector);

struct Record {
  SegmentId segment;
  uint64_t sequence = 0;
  Change change;
  friend bool operator==(const Record&, const Record&) = default;
};
// A multiple of kSectorBytes bytes.
std::string EncodeRecord(const Record& record, Bug bug);
// The record at the beginning of bytes; *size becomes what it takes up.
// nullopt if there is none that is whole.
std::optional<Record> DecodeRecord(absl::string_view bytes, Bug bug,
                                   size_t* size);

struct Checkpoint {
  uint64_t epoch = 0;
  uint64_t sequence = 0;  // of the last change in state
  State state;
};
std::string EncodeCheckpoint(uint64_t epoch, uint64_t sequence,
                             const State& state);
std::optional<Checkpoint> DecodeCheckpoint(absl::string_view bytes);

}  // namespace moonpool::wal

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_WAL_FORMAT_H_
