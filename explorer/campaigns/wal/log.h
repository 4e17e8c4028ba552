// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Log: the records of one epoch of a wal::Store, in segments of fixed size, the
// same in both copies. A segment that a checkpoint covers is recycled: renamed
// to the next number and overwritten.
//
//   Log log(&io, options, epoch, next_segment, std::move(free));
//   CO_RETURN_IF_ERROR(co_await log.Append(sequence, changes));  // durable
//   if (log.live_segments() > 2) { ...checkpoint...; log.Release(); }
//
// After an error it must not be used any more: what it wrote last is in doubt.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_WAL_LOG_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_WAL_LOG_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "explorer/campaigns/wal/format.h"
#include "explorer/campaigns/wal/io.h"
#include "explorer/campaigns/wal/options.h"
#include "providers/coro/task.h"
#include "providers/storage.h"

namespace moonpool::wal {

// "log-000007", and back; nullopt for other names.
std::string SegmentName(uint64_t number);
std::optional<uint64_t> ParseSegmentName(absl::string_view name);

class Log {
 public:
  using FreeLists = std::array<std::vector<std::string>, kCopies>;

  // free: names of files of the segments' size that may be overwritten; no
  // name has next_segment's number or a greater one. Lifetime: io must outlive
  // it.
  Log(Io* io, const Options& options, uint64_t epoch, uint64_t next_segment,
      FreeLists free);

  // Appends the changes as records, the first one with this sequence number,
  // and makes them durable in both copies.
  Task<absl::Status> Append(uint64_t sequence,
                            const std::vector<Change>& changes);
  // A durable checkpoint covers every record: its segments are free.
  void Release();
  size_t live_segments() const { return copies_[0].live.size(); }

 private:
  struct Copy {
    std::unique_ptr<File> file;  // of the segment that grows
    std::vector<std::string> live;
    std::vector<std::string> free;
  };
  Task<absl::Status> Rotate();
  Task<absl::Status> BeginSegment(size_t index, std::string name);
  // Writes pending_ at position_, and syncs.
  Task<absl::Status> Flush();

  Io* io_;
  const size_t segment_bytes_;
  const uint64_t epoch_;
  uint64_t number_;  // of the segment that grows, or was the last
  std::array<Copy, kCopies> copies_;
  size_t position_ = 0;
  std::string pending_;
};

}  // namespace moonpool::wal

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_WAL_LOG_H_
