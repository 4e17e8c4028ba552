// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// A file of checksummed records that only grows. A writer killed at any
// instant leaves all records whole, but perhaps a torn one at the end, which
// the next reader drops.
//
// Format: the 16 bytes "moonpool records", then for each record its size and
// the low half of the XXH3-64 of its bytes, both 32 bits, little-endian, and
// the bytes.
#ifndef MOONPOOL_EXPLORER_DIRECTORY_RECORD_FILE_H_
#define MOONPOOL_EXPLORER_DIRECTORY_RECORD_FILE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace moonpool {

struct RecordFileExtent {
  uint64_t records = 0;
  uint64_t intact_bytes = 0;   // up to the end of the last whole record
  uint64_t dropped_bytes = 0;  // of a torn record after that
};

// Reads the whole records of a file, in order.
class RecordReader {
 public:
  // Errors: NotFound; InvalidArgument if it is no such file.
  static absl::StatusOr<std::unique_ptr<RecordReader>> Open(
      const std::string& path);
  ~RecordReader();
  RecordReader(const RecordReader&) = delete;

  // The next one, until the next call; null at the end of those that were there
  // when the file was opened. Error: DataLoss if it is damaged and others
  // follow it.
  absl::StatusOr<const std::string*> Next();
  // Of what has been read; dropped_bytes: at the end.
  const RecordFileExtent& extent() const { return extent_; }

 private:
  RecordReader(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  const std::string path_;
  const int fd_;
  uint64_t size_ = 0;
  std::string record_;
  RecordFileExtent extent_;
};

// Calls each for every whole record, in order, until it returns an error.
// Errors: those of RecordReader, too.
absl::StatusOr<RecordFileExtent> ReadRecords(
    const std::string& path,
    const std::function<absl::Status(absl::string_view)>& each);

class RecordWriter {
 public:
  // Begins a file with these records, in place of any other; atomic.
  static absl::StatusOr<std::unique_ptr<RecordWriter>> Create(
      const std::string& path, absl::Span<const std::string> records);
  // Goes on after the last whole record; a torn one is cut off.
  static absl::StatusOr<std::unique_ptr<RecordWriter>> Continue(
      const std::string& path, const RecordFileExtent& extent);
  ~RecordWriter();
  RecordWriter(const RecordWriter&) = delete;

  // One write(2): after it, only a power cut can lose the record. REQUIRES:
  // less than 2^32 bytes.
  absl::Status Append(absl::string_view record);
  // Against a power cut, too.
  absl::Status Sync();

 private:
  static absl::StatusOr<std::unique_ptr<RecordWriter>> Open(
      const std::string& path);
  RecordWriter(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  std::string path_;
  int fd_;
};

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_DIRECTORY_RECORD_FILE_H_
