// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/wal/format.h"

#include <utility>

#include "providers/base/check.h"
#include "providers/base/hash.h"

namespace moonpool::wal {
namespace {

constexpr uint64_t kHeaderMagic = 0x5245444145484C57;      // "WLHEADER"
constexpr uint64_t kSegmentMagic = 0x544E454D47534C57;     // "WLSGMENT"
constexpr uint64_t kCheckpointMagic = 0x544E494F504B4843;  // "CHKPOINT"
constexpr size_t kChecksumBytes = 8;
constexpr size_t kLengthOffset = kChecksumBytes;
// checksum, length, epoch, segment, sequence
constexpr size_t kRecordHeaderBytes = 40;
// Removals have no value: told apart by the payload's first byte.
constexpr char kPut = 'p';
constexpr char kRemove = 'r';

void Append(std::string& bytes, uint64_t value) {
  for (int shift = 0; shift < 64; shift += 8) {
    bytes.push_back(static_cast<char>(value >> shift));
  }
}

// Takes fields from the front; once one is missing, ok() stays false.
class Reader {
 public:
  explicit Reader(absl::string_view bytes) : rest_(bytes) {}
  bool ok() const { return ok_; }
  absl::string_view rest() const { return rest_; }
  uint64_t Number() {
    const absl::string_view bytes = Bytes(8);
    uint64_t value = 0;
    for (size_t i = bytes.size(); i > 0; --i) {
      value = value << 8 | static_cast<uint8_t>(bytes[i - 1]);
    }
    return value;
  }
  absl::string_view Bytes(uint64_t count) {
    if (count > rest_.size()) {
      ok_ = false;
      return {};
    }
    const absl::string_view bytes = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return bytes;
  }

 private:
  absl::string_view rest_;
  bool ok_ = true;
};

std::string Seal(const std::string& body) {
  std::string bytes;
  Append(bytes, HashBytes(body));
  return bytes + body;
}

// What Seal was given; nullopt if anything of it has changed.
std::optional<absl::string_view> Unseal(absl::string_view bytes) {
  Reader reader(bytes);
  const uint64_t checksum = reader.Number();
  if (!reader.ok() || HashBytes(reader.rest()) != checksum) return std::nullopt;
  return reader.rest();
}

std::string EncodeSector(uint64_t magic, uint64_t first, uint64_t second) {
  std::string body;
  Append(body, magic);
  Append(body, first);
  Append(body, second);
  body.resize(kSectorBytes - kChecksumBytes);
  return Seal(body);
}

std::optional<std::pair<uint64_t, uint64_t>> DecodeSector(
    absl::string_view sector, uint64_t magic) {
  if (sector.size() != kSectorBytes) return std::nullopt;
  const std::optional<absl::string_view> body = Unseal(sector);
  if (!body.has_value()) return std::nullopt;
  Reader reader(*body);
  if (reader.Number() != magic) return std::nullopt;
  const uint64_t first = reader.Number();
  const uint64_t second = reader.Number();
  return std::pair(first, second);
}

size_t RecordSize(uint64_t length) {
  const uint64_t bytes = kRecordHeaderBytes + length;
  return (bytes + kSectorBytes - 1) / kSectorBytes * kSectorBytes;
}

// Of a whole record, its first field left out.
uint64_t RecordChecksum(absl::string_view record, Bug bug) {
  if (bug == Bug::kChecksumNotLength) {
    return HashBytes(record.substr(kLengthOffset + 8));
  }
  return HashBytes(record.substr(kChecksumBytes));
}

std::string EncodeChange(const Change& change) {
  CHECK_LE(change.key.size(), 255u);
  std::string payload(1, change.value.has_value() ? kPut : kRemove);
  payload.push_back(static_cast<char>(change.key.size()));
  payload += change.key;
  if (change.value.has_value()) payload += *change.value;
  return payload;
}

std::optional<Change> DecodeChange(absl::string_view payload) {
  Reader reader(payload);
  const absl::string_view start = reader.Bytes(2);
  if (!reader.ok()) return std::nullopt;
  Change change;
  change.key = std::string(reader.Bytes(static_cast<uint8_t>(start[1])));
  if (!reader.ok()) return std::nullopt;
  if (start[0] == kPut) change.value = std::string(reader.rest());
  return change;
}

}  // namespace

void Apply(const Change& change, State& state) {
  if (change.value.has_value()) {
    state[change.key] = *change.value;
  } else {
    state.erase(change.key);
  }
}

std::string EncodeHeader(const Header& header) {
  return EncodeSector(kHeaderMagic, header.epoch, header.floor);
}

std::optional<Header> DecodeHeader(absl::string_view sector) {
  const auto fields = DecodeSector(sector, kHeaderMagic);
  if (!fields.has_value()) return std::nullopt;
  return Header{.epoch = fields->first, .floor = fields->second};
}

std::string EncodeSegmentHeader(const SegmentId& segment) {
  return EncodeSector(kSegmentMagic, segment.epoch, segment.number);
}

std::optional<SegmentId> DecodeSegmentHeader(absl::string_view sector) {
  const auto fields = DecodeSector(sector, kSegmentMagic);
  if (!fields.has_value()) return std::nullopt;
  return SegmentId{.epoch = fields->first, .number = fields->second};
}

std::string EncodeRecord(const Record& record, Bug bug) {
  const std::string payload = EncodeChange(record.change);
  std::string bytes;
  Append(bytes, 0);
  Append(bytes, payload.size());
  Append(bytes, record.segment.epoch);
  Append(bytes, record.segment.number);
  Append(bytes, record.sequence);
  CHECK_EQ(bytes.size(), kRecordHeaderBytes);
  bytes += payload;
  bytes.resize(RecordSize(payload.size()));
  std::string checksum;
  Append(checksum, RecordChecksum(bytes, bug));
  bytes.replace(0, kChecksumBytes, checksum);
  return bytes;
}

std::optional<Record> DecodeRecord(absl::string_view bytes, Bug bug,
                                   size_t* size) {
  Reader reader(bytes);
  const uint64_t checksum = reader.Number();
  const uint64_t length = reader.Number();
  Record record;
  record.segment.epoch = reader.Number();
  record.segment.number = reader.Number();
  record.sequence = reader.Number();
  // A length is believed only after the checksum, and used before only as far
  // as there are bytes.
  if (!reader.ok() || length > reader.rest().size()) return std::nullopt;
  const size_t total = RecordSize(length);
  if (total > bytes.size()) return std::nullopt;
  if (RecordChecksum(bytes.substr(0, total), bug) != checksum) {
    return std::nullopt;
  }
  std::optional<Change> change = DecodeChange(reader.Bytes(length));
  if (!change.has_value()) return std::nullopt;
  record.change = *std::move(change);
  *size = total;
  return record;
}

std::string EncodeCheckpoint(uint64_t epoch, uint64_t sequence,
                             const State& state) {
  std::string body;
  Append(body, kCheckpointMagic);
  Append(body, epoch);
  Append(body, sequence);
  Append(body, state.size());
  for (const auto& [key, value] : state) {
    Append(body, key.size());
    body += key;
    Append(body, value.size());
    body += value;
  }
  return Seal(body);
}

std::optional<Checkpoint> DecodeCheckpoint(absl::string_view bytes) {
  const std::optional<absl::string_view> body = Unseal(bytes);
  if (!body.has_value()) return std::nullopt;
  Reader reader(*body);
  if (reader.Number() != kCheckpointMagic) return std::nullopt;
  Checkpoint checkpoint;
  checkpoint.epoch = reader.Number();
  checkpoint.sequence = reader.Number();
  const uint64_t count = reader.Number();
  for (uint64_t i = 0; i < count && reader.ok(); ++i) {
    std::string key(reader.Bytes(reader.Number()));
    checkpoint.state[std::move(key)] =
        std::string(reader.Bytes(reader.Number()));
  }
  if (!reader.ok()) return std::nullopt;
  return checkpoint;
}

}  // namespace moonpool::wal
