// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/wal/io.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "providers/base/status_macros.h"

namespace moonpool::wal {
namespace {

// A transient error is gone long before; a bad sector never is.
constexpr int kReadTries = 10;

absl::Status Translate(absl::Status status) {
  if (!absl::IsDataLoss(status)) return status;
  return absl::UnavailableError(status.message());
}

}  // namespace

std::string PathIn(size_t copy, absl::string_view name) {
  return absl::StrCat(kCopyNames[copy], "/", name);
}

Task<absl::Status> Io::MakeDirectories() {
  for (const char* name : kCopyNames) {
    const absl::Status made = co_await storage_->CreateDirectory(name);
    if (!made.ok() && !absl::IsAlreadyExists(made)) {
      co_return Written(made);
    }
  }
  co_return co_await SyncDirectory("");
}

Task<absl::StatusOr<std::vector<std::string>>> Io::List(size_t copy) {
  absl::Status status;
  for (int i = 0; i < kReadTries; ++i) {
    absl::StatusOr<std::vector<std::string>> names =
        co_await storage_->List(kCopyNames[copy]);
    if (names.ok()) co_return *std::move(names);
    status = names.status();
    if (!absl::IsDataLoss(status)) break;
    ++stats_->read_retries;
  }
  co_return Translate(status);
}

Task<absl::StatusOr<std::string>> Io::Read(std::string path) {
  std::unique_ptr<File> file;
  for (int i = 0; file == nullptr; ++i) {
    absl::StatusOr<std::unique_ptr<File>> opened =
        co_await storage_->Open(path, OpenOptions::ReadOnly());
    if (opened.ok()) {
      file = *std::move(opened);
    } else if (!absl::IsDataLoss(opened.status()) || i == kReadTries) {
      co_return Translate(opened.status());
    } else {
      ++stats_->read_retries;
    }
  }
  CO_ASSIGN_OR_RETURN(const uint64_t size, file->Size());
  std::string bytes(size, '\0');
  const absl::Span<char> all = absl::MakeSpan(bytes);
  absl::Status status = co_await ReadRange(*file, 0, all);
  if (!absl::IsDataLoss(status)) {
    CO_RETURN_IF_ERROR(status);
    co_return bytes;
  }
  for (size_t offset = 0; offset < size; offset += kSectorBytes) {
    const absl::Span<char> sector = all.subspan(offset, kSectorBytes);
    status = co_await ReadRange(*file, offset, sector);
    if (absl::IsDataLoss(status)) {
      std::fill(sector.begin(), sector.end(), '\0');
      ++stats_->bad_sectors;
    } else {
      CO_RETURN_IF_ERROR(status);
    }
  }
  co_return bytes;
}

Task<absl::Status> Io::ReadRange(File& file, uint64_t offset,
                                 absl::Span<char> buffer) {
  absl::Status status;
  for (int i = 0; i < kReadTries; ++i) {
    status = co_await file.ReadFull(offset, buffer);
    if (!absl::IsDataLoss(status)) break;
    ++stats_->read_retries;
  }
  co_return status;
}

Task<absl::StatusOr<std::unique_ptr<File>>> Io::Open(std::string path,
                                                     OpenOptions options) {
  absl::Status status;
  for (int i = 0; i < kReadTries; ++i) {
    absl::StatusOr<std::unique_ptr<File>> file =
        co_await storage_->Open(path, options);
    if (file.ok()) co_return *std::move(file);
    status = file.status();
    // Looking the name up may fail as any read.
    if (!absl::IsDataLoss(status)) break;
    ++stats_->read_retries;
  }
  co_return Written(status);
}

Task<absl::Status> Io::Allocate(File& file, uint64_t size) {
  co_return Written(co_await file.Allocate(0, size));
}

Task<absl::Status> Io::WriteAt(File& file, uint64_t offset,
                               absl::string_view bytes) {
  co_return Written(co_await file.WriteAt(offset, bytes));
}

Task<absl::Status> Io::Sync(File& file) {
  const absl::Status status = co_await file.Sync();
  if (status.ok()) co_return status;
  ++stats_->failed_syncs;
  if (bug_ == Bug::kFsyncErrorIgnored) co_return absl::OkStatus();
  co_return Translate(status);
}

Task<absl::Status> Io::Rename(std::string from, std::string to) {
  co_return Written(co_await storage_->Rename(std::move(from), std::move(to)));
}

Task<absl::Status> Io::Remove(std::string path) {
  co_return Written(co_await storage_->Remove(std::move(path)));
}

Task<absl::Status> Io::SyncDirectory(std::string path) {
  if (bug_ == Bug::kNoDirsync) co_return absl::OkStatus();
  const absl::Status status = co_await storage_->SyncDirectory(std::move(path));
  if (status.ok()) co_return status;
  ++stats_->failed_syncs;
  if (bug_ == Bug::kFsyncErrorIgnored) co_return absl::OkStatus();
  co_return Translate(status);
}

absl::Status Io::Written(absl::Status status) {
  if (!status.ok()) ++stats_->failed_writes;
  return Translate(std::move(status));
}

}  // namespace moonpool::wal
