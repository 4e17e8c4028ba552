// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/craft_log.h"

#include <algorithm>
#include <utility>

#include "providers/base/check.h"
#include "providers/base/status_macros.h"

namespace moonpool::craft {
namespace {

constexpr char kPath[] = "raft";
constexpr char kNewPath[] = "raft.new";

}  // namespace

std::string CraftLog::EncodeHead() const {
  std::string head;
  ByteWriter writer(&head);
  writer.U64(first_index_);
  writer.U8(snapshot_.has_value());
  if (!snapshot_.has_value()) return head;
  writer.U64(snapshot_->index);
  writer.U64(snapshot_->term);
  writer.U64(snapshot_->configuration_index);
  writer.U32(static_cast<uint32_t>(snapshot_->servers.size()));
  for (const Server& server : snapshot_->servers) {
    writer.U64(server.id);
    writer.U8(static_cast<uint8_t>(server.role));
    writer.Bytes(server.address);
  }
  writer.Bytes(snapshot_->data);
  return head;
}

bool CraftLog::DecodeHead(ByteReader& reader) {
  first_index_ = reader.U64();
  snapshot_.reset();
  if (reader.U8() == 0) return reader.ok();
  snapshot_.emplace();
  snapshot_->index = reader.U64();
  snapshot_->term = reader.U64();
  snapshot_->configuration_index = reader.U64();
  snapshot_->servers = ReadServers(reader);
  snapshot_->data = std::string(reader.Bytes());
  return reader.ok();
}

void CraftLog::DecodeEntries(ByteReader& reader) {
  entries_.clear();
  ends_.clear();
  const size_t start = reader.remaining();
  while (reader.remaining() > 0) {
    Entry entry = ReadEntry(reader);
    if (!reader.ok()) break;
    entries_.push_back(std::move(entry));
    ends_.push_back(start - reader.remaining());
  }
}

Task<absl::Status> CraftLog::Open() {
  const OpenOptions create{.create = true};
  CO_ASSIGN_OR_RETURN(file_, co_await storage_->Open(kPath, create));
  CO_ASSIGN_OR_RETURN(const std::string bytes, co_await file_->ReadAll());
  ByteReader reader(bytes);
  if (!DecodeHead(reader)) {
    // New, or cut before its first sync: nothing was promised yet.
    first_index_ = 1;
    snapshot_.reset();
    entries_.clear();
    ends_.clear();
    const std::string head = EncodeHead();
    entries_offset_ = head.size();
    CO_RETURN_IF_ERROR(co_await file_->Truncate(0));
    CO_RETURN_IF_ERROR(co_await file_->Append(head));
    CO_RETURN_IF_ERROR(co_await file_->Sync());
    co_return co_await storage_->SyncDirectory("");
  }
  entries_offset_ = bytes.size() - reader.remaining();
  DecodeEntries(reader);
  const uint64_t size = entries_offset_ + (ends_.empty() ? 0 : ends_.back());
  if (size < bytes.size()) {
    CO_RETURN_IF_ERROR(co_await file_->Truncate(size));
    CO_RETURN_IF_ERROR(co_await file_->Sync());
  }
  co_return absl::OkStatus();
}

Task<absl::Status> CraftLog::Append(std::vector<Entry> entries) {
  const uint64_t start = ends_.empty() ? 0 : ends_.back();
  std::string bytes;
  bytes.reserve(entries.size() * 32);  // commands are small
  ByteWriter writer(&bytes);
  std::vector<uint64_t> ends;
  for (const Entry& entry : entries) {
    WriteEntry(entry, writer);
    ends.push_back(start + bytes.size());
  }
  CO_RETURN_IF_ERROR(co_await file_->Append(bytes));
  CO_RETURN_IF_ERROR(co_await file_->Sync());
  for (Entry& entry : entries) entries_.push_back(std::move(entry));
  ends_.insert(ends_.end(), ends.begin(), ends.end());
  co_return absl::OkStatus();
}

Task<absl::Status> CraftLog::Truncate(raft_index index) {
  CHECK_GE(index, first_index_);
  const size_t keep = index - first_index_;
  if (keep >= entries_.size()) co_return absl::OkStatus();
  const uint64_t end = keep == 0 ? 0 : ends_[keep - 1];
  CO_RETURN_IF_ERROR(co_await file_->Truncate(entries_offset_ + end));
  CO_RETURN_IF_ERROR(co_await file_->Sync());
  entries_.resize(keep);
  ends_.resize(keep);
  co_return absl::OkStatus();
}

Task<absl::Status> CraftLog::PutSnapshot(Snapshot snapshot, unsigned trailing) {
  raft_index first = snapshot.index + 1;
  if (trailing > 0) {
    first = snapshot.index > trailing ? snapshot.index - trailing + 1 : 1;
    first = std::max(first, first_index_);
  }
  std::vector<Entry> kept;
  if (trailing > 0 && first < end_index()) {
    kept.assign(entries_.begin() + (first - first_index_), entries_.end());
  }
  first_index_ = first;
  snapshot_ = std::move(snapshot);
  std::string bytes = EncodeHead();
  entries_offset_ = bytes.size();
  entries_ = std::move(kept);
  ends_.clear();
  ByteWriter writer(&bytes);
  for (const Entry& entry : entries_) {
    WriteEntry(entry, writer);
    ends_.push_back(bytes.size() - entries_offset_);
  }
  const OpenOptions replace{.create = true, .truncate = true};
  CO_ASSIGN_OR_RETURN(file_, co_await storage_->Open(kNewPath, replace));
  CO_RETURN_IF_ERROR(co_await file_->Append(bytes));
  CO_RETURN_IF_ERROR(co_await file_->Sync());
  CO_RETURN_IF_ERROR(co_await storage_->Rename(kNewPath, kPath));
  co_return co_await storage_->SyncDirectory("");
}

}  // namespace moonpool::craft
