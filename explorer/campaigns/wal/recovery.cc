// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/wal/recovery.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "providers/base/status_macros.h"

namespace moonpool::wal {
namespace {

using Segments = std::map<uint64_t, std::array<std::string, kCopies>>;

// Everything that is on the disk.
struct Contents {
  std::optional<Header> header;
  std::array<std::optional<Checkpoint>, kCopies> checkpoints;
  Segments segments;  // by number
};

absl::string_view SectorAt(absl::string_view bytes, size_t offset) {
  if (offset >= bytes.size()) return {};
  return bytes.substr(offset, kSectorBytes);
}

bool IsDamaged(absl::string_view sector) {
  return sector.find_first_not_of('\0') != absl::string_view::npos;
}

Task<absl::Status> ReadCopy(Io& io, const Options& options, size_t copy,
                            Contents& contents, Image& image) {
  CO_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                      co_await io.List(copy));
  for (const std::string& name : names) {
    const std::optional<uint64_t> number = ParseSegmentName(name);
    if (!number.has_value() && name != kHeaderName && name != kCheckpointName) {
      image.leftovers[copy].push_back(name);
      continue;
    }
    CO_ASSIGN_OR_RETURN(std::string bytes,
                        co_await io.Read(PathIn(copy, name)));
    if (name == kHeaderName) {
      const std::optional<Header> header = DecodeHeader(bytes);
      if (header.has_value() && (!contents.header.has_value() ||
                                 contents.header->epoch < header->epoch)) {
        contents.header = header;
      }
    } else if (name == kCheckpointName) {
      contents.checkpoints[copy] = DecodeCheckpoint(bytes);
    } else {
      const bool is_whole =
          bytes.size() == options.segment_sectors * kSectorBytes;
      (is_whole ? image.segments : image.leftovers)[copy].push_back(name);
      image.next_segment = std::max(image.next_segment, *number + 1);
      contents.segments[*number][copy] = std::move(bytes);
    }
  }
  co_return absl::OkStatus();
}

bool IsOlder(const std::optional<Checkpoint>& a,
             const std::optional<Checkpoint>& b) {
  if (!a.has_value() || !b.has_value()) return b.has_value();
  return std::pair(a->epoch, a->sequence) < std::pair(b->epoch, b->sequence);
}

// The newest checkpoint; nullptr if the store is new. What is missing though
// the rest proves that it was there is lost.
absl::StatusOr<const Checkpoint*> FindCheckpoint(const Contents& contents,
                                                 Stats& stats) {
  const std::optional<Checkpoint>& a = contents.checkpoints[0];
  const std::optional<Checkpoint>& b = contents.checkpoints[1];
  const std::optional<Checkpoint>& newest = IsOlder(a, b) ? b : a;
  const bool has_log = !contents.segments.empty();
  if (!contents.header.has_value()) {
    if (!newest.has_value() && !has_log) return nullptr;
    return absl::DataLossError("the header is lost");
  }
  const uint64_t floor = contents.header->floor;
  if (!newest.has_value()) {
    if (floor == 0 && !has_log) return nullptr;
    return absl::DataLossError("both checkpoints are lost");
  }
  if (newest->epoch < floor) {
    return absl::DataLossError(
        absl::StrCat("the checkpoint of epoch ", floor, " is lost"));
  }
  if (a.has_value() != b.has_value()) {
    ++stats.mended_checkpoints;
  } else if (IsOlder(a, b) || IsOlder(b, a)) {
    ++stats.half_checkpoints;
  }
  return &*newest;
}

// Replays one segment's records into image.
void ReplaySegment(const SegmentId& id,
                   const std::array<std::string, kCopies>& copies, Bug bug,
                   Image& image, Stats& stats) {
  const size_t end = std::max(copies[0].size(), copies[1].size());
  size_t offset = kSectorBytes;
  while (offset < end) {
    std::optional<Record> next;
    size_t size = 0;
    bool is_damaged = false;
    bool is_stale = false;
    for (absl::string_view bytes : copies) {
      if (offset >= bytes.size()) continue;
      std::optional<Record> record =
          DecodeRecord(bytes.substr(offset), bug, &size);
      if (!record.has_value()) {
        is_damaged |= IsDamaged(SectorAt(bytes, offset));
        continue;
      }
      const bool is_next =
          bug == Bug::kReusedSegment ||
          (record->segment == id &&
           (record->sequence == image.sequence + 1 ||
            (bug == Bug::kReplayPastEnd && record->sequence > image.sequence)));
      if (is_next) {
        next = std::move(record);
        break;
      }
      is_stale = true;
    }
    if (!next.has_value()) {
      stats.torn_tails += is_damaged;
      stats.stale_records += is_stale;
      if (bug != Bug::kReplayPastEnd) return;
      offset += kSectorBytes;
      continue;
    }
    // The copy before did not have it.
    stats.mended_records += is_damaged;
    ++stats.replayed;
    Apply(next->change, image.state);
    image.sequence = std::max(image.sequence, next->sequence);
    offset += size;
  }
}

}  // namespace

Task<absl::StatusOr<Image>> Recover(Io& io, const Options& options) {
  Image image;
  Contents contents;
  for (size_t copy = 0; copy < kCopies; ++copy) {
    CO_RETURN_IF_ERROR(co_await ReadCopy(io, options, copy, contents, image));
  }
  CO_ASSIGN_OR_RETURN(const Checkpoint* checkpoint,
                      FindCheckpoint(contents, io.stats()));
  if (contents.header.has_value()) {
    image.epoch = contents.header->epoch;
    image.floor = contents.header->floor;
  }
  if (checkpoint == nullptr) co_return image;
  ++io.stats().recoveries;
  image.epoch = std::max(image.epoch, checkpoint->epoch);
  image.state = checkpoint->state;
  image.sequence = checkpoint->sequence;
  for (const auto& [number, copies] : contents.segments) {
    const SegmentId id = {checkpoint->epoch, number};
    const bool is_live = DecodeSegmentHeader(SectorAt(copies[0], 0)) == id ||
                         DecodeSegmentHeader(SectorAt(copies[1], 0)) == id;
    if (!is_live) continue;
    // The log was begun, so both checkpoints were durable.
    image.floor = std::max(image.floor, id.epoch);
    ReplaySegment(id, copies, io.bug(), image, io.stats());
  }
  co_return image;
}

}  // namespace moonpool::wal
