// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Recovery: what the two copies of a wal::Store say, read without changing
// anything.
//
// The newest checkpoint of either copy, then the records of its epoch, one
// position after another from whichever copy has the record that must come
// next, until neither has. A record is the next if it is whole, belongs to
// this segment of this epoch, and has the next sequence number; so nothing
// that a file held in an earlier life is ever taken.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_WAL_RECOVERY_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_WAL_RECOVERY_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "explorer/campaigns/wal/format.h"
#include "explorer/campaigns/wal/io.h"
#include "explorer/campaigns/wal/log.h"
#include "explorer/campaigns/wal/options.h"
#include "providers/coro/task.h"

namespace moonpool::wal {

inline constexpr char kHeaderName[] = "header";
inline constexpr char kCheckpointName[] = "checkpoint";
// Of a file that is to replace one of these.
inline constexpr char kNewSuffix[] = ".new";

struct Image {
  State state;
  uint64_t sequence = 0;  // of the last change in state
  // The greatest one that may ever have been used; 0: the store is new.
  uint64_t epoch = 0;
  // Both copies were given a checkpoint of this epoch or a later one.
  uint64_t floor = 0;
  uint64_t next_segment = 1;
  Log::FreeLists segments;   // of full size, all to be recycled
  Log::FreeLists leftovers;  // other files, to be removed
};

// DataLoss: the store once held more than can be found. Unavailable: I/O
// errors; try again.
Task<absl::StatusOr<Image>> Recover(Io& io, const Options& options);

}  // namespace moonpool::wal

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_WAL_RECOVERY_H_
