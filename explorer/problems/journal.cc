// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/problems/journal.h"

#include <cstddef>
#include <string>

#include "providers/base/status_macros.h"

namespace moonpool::problems {

Task<absl::StatusOr<Journal>> Journal::Open(Storage& storage) {
  OpenOptions options;
  options.create = true;
  CO_ASSIGN_OR_RETURN(std::unique_ptr<File> file,
                      co_await storage.Open("journal", options));
  CO_ASSIGN_OR_RETURN(const std::string bytes, co_await file->ReadAll());
  const Words words = DecodeWords(bytes);
  std::vector<Words> records;
  size_t at = 0;
  while (at < words.size()) {
    const auto size = static_cast<size_t>(words[at]);
    if (size > words.size() - at - 1) break;
    const auto first = words.begin() + static_cast<ptrdiff_t>(at) + 1;
    records.emplace_back(first, first + static_cast<ptrdiff_t>(size));
    at += size + 1;
  }
  if (at * sizeof(int64_t) < bytes.size()) {
    CO_RETURN_IF_ERROR(co_await file->Truncate(at * sizeof(int64_t)));
  }
  CO_RETURN_IF_ERROR(co_await file->Sync());
  CO_RETURN_IF_ERROR(co_await storage.SyncDirectory(""));
  co_return Journal(std::move(file), std::move(records));
}

Task<absl::Status> Journal::Append(Words record) {
  CO_RETURN_IF_ERROR(co_await AppendUnsynced(std::move(record)));
  co_return co_await file_->Sync();
}

Task<absl::Status> Journal::AppendUnsynced(Words record) {
  record.insert(record.begin(), static_cast<int64_t>(record.size()));
  co_return co_await file_->Append(EncodeWords(record));
}

}  // namespace moonpool::problems
