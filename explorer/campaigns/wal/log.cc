// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/wal/log.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "providers/base/check.h"
#include "providers/base/status_macros.h"

namespace moonpool::wal {
namespace {

constexpr absl::string_view kPrefix = "log-";

}  // namespace

std::string SegmentName(uint64_t number) {
  return absl::StrCat(kPrefix, absl::Dec(number, absl::kZeroPad6));
}

std::optional<uint64_t> ParseSegmentName(absl::string_view name) {
  uint64_t number = 0;
  if (!absl::StartsWith(name, kPrefix)) return std::nullopt;
  if (!absl::SimpleAtoi(name.substr(kPrefix.size()), &number)) {
    return std::nullopt;
  }
  return number;
}

Log::Log(Io* io, const Options& options, uint64_t epoch, uint64_t next_segment,
         FreeLists free)
    : io_(io),
      segment_bytes_(options.segment_sectors * kSectorBytes),
      epoch_(epoch),
      number_(next_segment - 1) {
  CHECK_GE(options.segment_sectors, 4u);
  CHECK_GE(next_segment, 1u);
  for (size_t i = 0; i < kCopies; ++i) copies_[i].free = std::move(free[i]);
}

Task<absl::Status> Log::Append(uint64_t sequence,
                               const std::vector<Change>& changes) {
  for (const Change& change : changes) {
    Record record = {{epoch_, number_}, sequence++, change};
    std::string bytes = EncodeRecord(record, io_->bug());
    CHECK_LE(bytes.size(), segment_bytes_ - kSectorBytes);
    const bool fits =
        copies_[0].file != nullptr &&
        position_ + pending_.size() + bytes.size() <= segment_bytes_;
    if (!fits) {
      CO_RETURN_IF_ERROR(co_await Flush());
      CO_RETURN_IF_ERROR(co_await Rotate());
      record.segment.number = number_;
      bytes = EncodeRecord(record, io_->bug());
    }
    pending_ += bytes;
  }
  co_return co_await Flush();
}

Task<absl::Status> Log::Flush() {
  if (pending_.empty()) co_return absl::OkStatus();
  for (Copy& copy : copies_) {
    CO_RETURN_IF_ERROR(co_await io_->WriteAt(*copy.file, position_, pending_));
  }
  position_ += pending_.size();
  pending_.clear();
  if (io_->bug() == Bug::kNoFsync) co_return absl::OkStatus();
  for (Copy& copy : copies_) {
    CO_RETURN_IF_ERROR(co_await io_->Sync(*copy.file));
  }
  co_return absl::OkStatus();
}

Task<absl::Status> Log::Rotate() {
  ++number_;
  for (size_t i = 0; i < kCopies; ++i) {
    CO_RETURN_IF_ERROR(co_await BeginSegment(i, SegmentName(number_)));
  }
  position_ = kSectorBytes;
  ++io_->stats().rotations;
  co_return absl::OkStatus();
}

// The segment's header, and its size, become durable with its first records.
Task<absl::Status> Log::BeginSegment(size_t index, std::string name) {
  Copy& copy = copies_[index];
  const std::string path = PathIn(index, name);
  OpenOptions options;
  if (copy.free.empty()) {
    options = OpenOptions::CreateNewWrite();
  } else {
    CO_RETURN_IF_ERROR(
        co_await io_->Rename(PathIn(index, copy.free.back()), path));
    copy.free.pop_back();
    ++io_->stats().recycled_segments;
  }
  CO_ASSIGN_OR_RETURN(copy.file, co_await io_->Open(path, options));
  if (options.create_new) {
    CO_RETURN_IF_ERROR(co_await io_->Allocate(*copy.file, segment_bytes_));
  }
  const std::string header = EncodeSegmentHeader({epoch_, number_});
  CO_RETURN_IF_ERROR(co_await io_->WriteAt(*copy.file, 0, header));
  CO_RETURN_IF_ERROR(co_await io_->SyncDirectory(kCopyNames[index]));
  copy.live.push_back(std::move(name));
  co_return absl::OkStatus();
}

void Log::Release() {
  CHECK(pending_.empty());
  for (Copy& copy : copies_) {
    copy.file.reset();
    for (std::string& name : copy.live) copy.free.push_back(std::move(name));
    copy.live.clear();
  }
}

}  // namespace moonpool::wal
