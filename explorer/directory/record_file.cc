// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/directory/record_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "explorer/recipe/atomic_file.h"
#include "providers/base/check.h"
#include "providers/base/hash.h"
#include "providers/base/status_macros.h"

namespace moonpool {
namespace {

constexpr absl::string_view kMagic = "moonpool records";
constexpr size_t kHeaderSize = 8;

absl::Status FileError(absl::string_view what, const std::string& path) {
  const int error = errno;
  const std::string text =
      absl::StrCat("cannot ", what, " ", path, ": ", strerror(error));
  return error == ENOENT ? absl::NotFoundError(text)
                         : absl::UnavailableError(text);
}

void PutUint32(uint32_t value, char* to) {
  for (int i = 0; i < 4; ++i) to[i] = static_cast<char>(value >> (8 * i));
}

uint32_t GetUint32(const char* from) {
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    value |= uint32_t{static_cast<unsigned char>(from[i])} << (8 * i);
  }
  return value;
}

uint32_t ChecksumOf(absl::string_view record) {
  return static_cast<uint32_t>(HashBytes(record));
}

void AppendFramed(absl::string_view record, std::string& to) {
  CHECK_LE(record.size(), ~uint32_t{0}) << "a record is too long";
  char header[kHeaderSize];
  PutUint32(static_cast<uint32_t>(record.size()), header);
  PutUint32(ChecksumOf(record), header + 4);
  to.append(header, kHeaderSize);
  to.append(record.data(), record.size());
}

// Reads up to size bytes; fewer only at the end of the file.
absl::Status ReadUpTo(int fd, size_t size, const std::string& path,
                      std::string& into) {
  into.resize(size);
  size_t have = 0;
  while (have < size) {
    const ssize_t got = read(fd, into.data() + have, size - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FileError("read", path);
    if (got == 0) break;
    have += static_cast<size_t>(got);
  }
  into.resize(have);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<RecordReader>> RecordReader::Open(
    const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return FileError("open", path);
  std::unique_ptr<RecordReader> reader(new RecordReader(path, fd));
  struct stat found;
  if (fstat(fd, &found) != 0) return FileError("read", path);
  reader->size_ = static_cast<uint64_t>(found.st_size);
  RETURN_IF_ERROR(ReadUpTo(fd, kMagic.size(), path, reader->record_));
  if (reader->record_ != kMagic) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " is not a file of records of this program"));
  }
  reader->extent_.intact_bytes = kMagic.size();
  return reader;
}

RecordReader::~RecordReader() { close(fd_); }

absl::StatusOr<const std::string*> RecordReader::Next() {
  const uint64_t left = size_ - extent_.intact_bytes;
  extent_.dropped_bytes = left;  // unless the record is whole
  if (left < kHeaderSize) return nullptr;
  RETURN_IF_ERROR(ReadUpTo(fd_, kHeaderSize, path_, record_));
  if (record_.size() < kHeaderSize) return nullptr;
  const uint32_t record_size = GetUint32(record_.data());
  const uint32_t checksum = GetUint32(record_.data() + 4);
  if (record_size > left - kHeaderSize) return nullptr;
  RETURN_IF_ERROR(ReadUpTo(fd_, record_size, path_, record_));
  if (record_.size() < record_size) return nullptr;
  if (ChecksumOf(record_) != checksum) {
    if (left == kHeaderSize + record_size) return nullptr;
    return absl::DataLossError(absl::StrCat(
        path_, ": record ", extent_.records + 1, " at byte ",
        extent_.intact_bytes, " is damaged, and others follow it"));
  }
  ++extent_.records;
  extent_.intact_bytes += kHeaderSize + record_size;
  extent_.dropped_bytes = 0;
  return &record_;
}

absl::StatusOr<RecordFileExtent> ReadRecords(
    const std::string& path,
    const std::function<absl::Status(absl::string_view)>& each) {
  ASSIGN_OR_RETURN(const std::unique_ptr<RecordReader> reader,
                   RecordReader::Open(path));
  for (;;) {
    ASSIGN_OR_RETURN(const std::string* record, reader->Next());
    if (record == nullptr) return reader->extent();
    RETURN_IF_ERROR(each(*record));
  }
}

absl::StatusOr<std::unique_ptr<RecordWriter>> RecordWriter::Create(
    const std::string& path, absl::Span<const std::string> records) {
  std::string contents(kMagic);
  for (const std::string& record : records) AppendFramed(record, contents);
  RETURN_IF_ERROR(WriteFileAtomically(path, contents));
  return Open(path);
}

absl::StatusOr<std::unique_ptr<RecordWriter>> RecordWriter::Continue(
    const std::string& path, const RecordFileExtent& extent) {
  ASSIGN_OR_RETURN(std::unique_ptr<RecordWriter> writer, Open(path));
  if (ftruncate(writer->fd_, static_cast<off_t>(extent.intact_bytes)) != 0) {
    return FileError("write to", path);
  }
  return writer;
}

absl::StatusOr<std::unique_ptr<RecordWriter>> RecordWriter::Open(
    const std::string& path) {
  const int fd = open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (fd < 0) return FileError("write to", path);
  return std::unique_ptr<RecordWriter>(new RecordWriter(path, fd));
}

RecordWriter::~RecordWriter() { close(fd_); }

absl::Status RecordWriter::Append(absl::string_view record) {
  std::string framed;
  AppendFramed(record, framed);
  return WriteAll(fd_, framed) ? absl::OkStatus() : FileError("write to", path_);
}

absl::Status RecordWriter::Sync() {
  return fdatasync(fd_) == 0 ? absl::OkStatus() : FileError("sync", path_);
}

}  // namespace moonpool
