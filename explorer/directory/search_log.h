// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The log of one search, DIR/search.log: written batch by batch while it runs,
// read again to resume it or to report on it (log.proto).
#ifndef MOONPOOL_EXPLORER_DIRECTORY_SEARCH_LOG_H_
#define MOONPOOL_EXPLORER_DIRECTORY_SEARCH_LOG_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "explorer/directory/log.pb.h"
#include "explorer/directory/record_file.h"
#include "sim/assertions/table.h"

namespace moonpool {

inline constexpr uint32_t kLogSchemaVersion = 1;

// How often a mark's arrivals are counted, at most (LoggedBatch.again_marks).
inline constexpr uint32_t kMaxReaches = 8;

// "DIR/search.log".
std::string SearchLogFile(const std::string& directory);
// "bugs/1.textproto": where explore keeps the recipe of its number-th bug
// (from 1), in its directory.
std::string BugRecipeFile(size_t number);

// Who reads a log, in the order of its records.
struct SearchLogVisitor {
  std::function<absl::Status(const SearchConfig&)> config;
  std::function<absl::Status(const LoggedAssertionName&)> assertion;
  std::function<absl::Status(LoggedBatch)> batch;
};
// Each may be empty. Checks that batches have no gaps. Errors as ReadRecords,
// and those of the visitor.
absl::StatusOr<RecordFileExtent> ReadSearchLog(const std::string& path,
                                               const SearchLogVisitor& visitor);

class SearchLog {
 public:
  // What earlier sittings came to, in all.
  struct Restored {
    uint64_t timelines = 0;
    uint64_t draws = 0;
    uint64_t events = 0;
    uint64_t tree_hash = 0;
    double wall_seconds = 0;
    double cpu_seconds = 0;
    struct Counts {
      uint64_t passes = 0;
      uint64_t fails = 0;
    };
    std::map<uint64_t, Counts> assertions;  // by id
    std::map<uint32_t, uint64_t> again;     // by mark
    uint64_t dropped_bytes = 0;  // of a batch that was torn
  };

  // Begins a log, in place of any other.
  static absl::StatusOr<std::unique_ptr<SearchLog>> Create(
      const std::string& path, const SearchConfig& config,
      absl::Span<const AssertionEntry> assertions);
  // Goes on with one. InvalidArgument if it is another search's, naming what
  // differs.
  static absl::StatusOr<std::unique_ptr<SearchLog>> Resume(
      const std::string& path, const SearchConfig& config);

  const Restored& restored() const { return restored_; }
  // What was logged of a restored timeline; null: it ended without anything
  // worth mentioning. Reads the log again as far as that: a log may be larger
  // than memory. Errors as ReadRecords.
  absl::StatusOr<const LoggedTimeline*> Find(uint64_t number);
  // The timeline has been committed again and is not needed any more.
  void Forget(uint64_t number) { timelines_.erase(number); }

  absl::Status Append(const LoggedBatch& batch);

 private:
  explicit SearchLog(std::string path) : path_(std::move(path)) {}
  void Restore(const LoggedBatch& batch);

  const std::string path_;
  std::unique_ptr<RecordWriter> writer_;
  Restored restored_;
  // Opened only when a timeline is looked for: by then the processes that run
  // code under test have been forked, and do not have its file descriptor.
  std::unique_ptr<RecordReader> reader_;
  uint64_t found_until_ = 0;  // timelines before this one have been read again
  std::map<uint64_t, LoggedTimeline> timelines_;  // those not forgotten yet
};

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_DIRECTORY_SEARCH_LOG_H_
