// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/wal/store.h"

#include <array>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "providers/base/check.h"
#include "providers/base/status_macros.h"

namespace moonpool::wal {

Task<absl::StatusOr<std::unique_ptr<Store>>> Store::Open(Storage* storage,
                                                         const Options& options,
                                                         Stats* stats) {
  std::unique_ptr<Store> store(new Store(storage, options, stats));
  CO_RETURN_IF_ERROR(co_await store->io_.MakeDirectories());
  CO_ASSIGN_OR_RETURN(Image image,
                      co_await Recover(store->io_, store->options_));
  CO_RETURN_IF_ERROR(co_await store->BeginEpoch(std::move(image)));
  co_return std::move(store);
}

Task<absl::Status> Store::BeginEpoch(Image image) {
  state_ = std::move(image.state);
  sequence_ = image.sequence;
  epoch_ = image.epoch + 1;
  const Header header = {.epoch = epoch_, .floor = image.floor};
  CO_RETURN_IF_ERROR(co_await WriteHeader(header));
  CO_RETURN_IF_ERROR(co_await WriteCheckpoints());
  for (size_t copy = 0; copy < kCopies; ++copy) {
    for (const std::string& name : image.leftovers[copy]) {
      // An unfinished header or checkpoint was overwritten, and has its name.
      if (absl::EndsWith(name, kNewSuffix)) continue;
      CO_RETURN_IF_ERROR(co_await io_.Remove(PathIn(copy, name)));
    }
  }
  log_.emplace(&io_, options_, epoch_, image.next_segment,
               std::move(image.segments));
  co_return absl::OkStatus();
}

Task<absl::Status> Store::WriteHeader(Header header) {
  const std::string bytes = EncodeHeader(header);
  if (io_.bug() != Bug::kTornHeader) {
    for (size_t copy = 0; copy < kCopies; ++copy) {
      std::unique_ptr<File> file;
      CO_RETURN_IF_ERROR(co_await Replace(copy, kHeaderName, bytes,
                                          /*sync_first=*/true, file));
    }
    co_return absl::OkStatus();
  }
  std::array<std::unique_ptr<File>, kCopies> files;
  for (size_t copy = 0; copy < kCopies; ++copy) {
    OpenOptions options;
    options.create = true;
    CO_ASSIGN_OR_RETURN(files[copy],
                        co_await io_.Open(PathIn(copy, kHeaderName), options));
    CO_RETURN_IF_ERROR(co_await io_.WriteAt(*files[copy], 0, bytes));
  }
  for (size_t copy = 0; copy < kCopies; ++copy) {
    CO_RETURN_IF_ERROR(co_await io_.Sync(*files[copy]));
    CO_RETURN_IF_ERROR(co_await io_.SyncDirectory(kCopyNames[copy]));
  }
  co_return absl::OkStatus();
}

Task<absl::Status> Store::WriteCheckpoints() {
  const bool sync_first = io_.bug() != Bug::kRenameBeforeSync;
  const std::string bytes = EncodeCheckpoint(epoch_, sequence_, state_);
  std::array<std::unique_ptr<File>, kCopies> files;
  for (size_t copy = 0; copy < kCopies; ++copy) {
    CO_RETURN_IF_ERROR(co_await Replace(copy, kCheckpointName, bytes,
                                        sync_first, files[copy]));
  }
  if (sync_first) co_return absl::OkStatus();
  for (const std::unique_ptr<File>& file : files) {
    CO_RETURN_IF_ERROR(co_await io_.Sync(*file));
  }
  co_return absl::OkStatus();
}

// In place, the only good version could be overwritten: after a failed sync the
// newer one that is read may be nowhere but in the page cache.
Task<absl::Status> Store::Replace(size_t copy, absl::string_view name,
                                  const std::string& bytes, bool sync_first,
                                  std::unique_ptr<File>& file) {
  const std::string path = PathIn(copy, name);
  const std::string temporary = absl::StrCat(path, kNewSuffix);
  CO_ASSIGN_OR_RETURN(file,
                      co_await io_.Open(temporary, OpenOptions::CreateWrite()));
  CO_RETURN_IF_ERROR(co_await io_.WriteAt(*file, 0, bytes));
  if (sync_first) CO_RETURN_IF_ERROR(co_await io_.Sync(*file));
  CO_RETURN_IF_ERROR(co_await io_.Rename(temporary, path));
  co_return co_await io_.SyncDirectory(kCopyNames[copy]);
}

Task<absl::Status> Store::Commit(const std::vector<Change>& changes) {
  CHECK(!is_dead_) << "a store is used after an error";
  const absl::Status status = co_await CommitAlive(changes);
  is_dead_ = !status.ok();
  co_return status;
}

Task<absl::Status> Store::CommitAlive(const std::vector<Change>& changes) {
  if (log_->live_segments() > options_.live_segments_max) {
    CO_RETURN_IF_ERROR(co_await WriteCheckpoints());
    log_->Release();
    ++io_.stats().checkpoints;
  }
  CO_RETURN_IF_ERROR(co_await log_->Append(sequence_ + 1, changes));
  for (const Change& change : changes) Apply(change, state_);
  sequence_ += changes.size();
  co_return absl::OkStatus();
}

}  // namespace moonpool::wal
