// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/kv_log.h"

#include <cstdint>
#include <optional>

#include "explorer/campaigns/kv_protocol.h"
#include "providers/base/hash.h"
#include "providers/base/status_macros.h"

namespace moonpool {
namespace {

constexpr size_t kHeaderBytes = 12;

}  // namespace

Task<absl::StatusOr<KvLog>> KvLog::Open(Storage& storage) {
  OpenOptions options;
  options.create = true;
  CO_ASSIGN_OR_RETURN(std::unique_ptr<File> file,
                      co_await storage.Open(kPath, options));
  CO_ASSIGN_OR_RETURN(const std::string bytes, co_await file->ReadAll());
  std::vector<Record> records;
  const size_t good = Decode(bytes, records);
  if (good < bytes.size()) CO_RETURN_IF_ERROR(co_await file->Truncate(good));
  CO_RETURN_IF_ERROR(co_await file->Sync());
  CO_RETURN_IF_ERROR(co_await storage.SyncDirectory(""));
  co_return KvLog(std::move(file), std::move(records));
}

Task<absl::Status> KvLog::Append(std::vector<Record> records) {
  std::string bytes;
  for (const Record& record : records) Encode(record, bytes);
  CO_RETURN_IF_ERROR(co_await file_->Append(bytes));
  co_return co_await file_->Sync();
}

void KvLog::Encode(const Record& record, std::string& bytes) {
  const std::string payload = EncodeKvSet(record.key, record.value);
  const uint64_t checksum = HashBytes(payload);
  AppendU32(bytes, static_cast<uint32_t>(payload.size()));
  AppendU32(bytes, static_cast<uint32_t>(checksum));
  AppendU32(bytes, static_cast<uint32_t>(checksum >> 32));
  bytes += payload;
}

size_t KvLog::Decode(absl::string_view bytes, std::vector<Record>& records) {
  size_t good = 0;
  while (bytes.size() - good >= kHeaderBytes) {
    const absl::string_view rest = bytes.substr(good);
    const size_t length = ReadU32(rest.data());
    const uint64_t checksum = ReadU32(rest.data() + 4) |
                              static_cast<uint64_t>(ReadU32(rest.data() + 8))
                                  << 32;
    if (length > rest.size() - kHeaderBytes) break;
    const absl::string_view payload = rest.substr(kHeaderBytes, length);
    if (HashBytes(payload) != checksum) break;
    std::optional<KvRequest> set = DecodeKvRequest(payload);
    if (!set.has_value() || !set->is_set) break;
    records.push_back(Record{std::move(set->key), std::move(set->value)});
    good += kHeaderBytes + length;
  }
  return good;
}

}  // namespace moonpool
