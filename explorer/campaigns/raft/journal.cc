// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/raft/journal.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "explorer/campaigns/raft/codec.h"
#include "providers/base/check.h"
#include "providers/base/hash.h"
#include "providers/base/status_macros.h"
#include "sim/assertions/assertions.h"

namespace moonpool::raft {
namespace {

// A record: magic (u32), length of the payload (u32), where the record stands
// in its file (u32), up to where that had been synced (u32), the checksum of
// those and the payload (u64), the payload. The place is in it so that an old
// record in the wrong place is none.
constexpr uint32_t kMagic = 0x7243666A;
constexpr size_t kHeaderBytes = 24;

constexpr char kTemporaryPath[] = "raft.journal.new";

enum class RecordKind : uint8_t { kHardState, kSnapshot, kTruncate, kEntry };

struct Header {
  uint32_t magic;
  uint32_t length;
  uint32_t place;
  uint32_t synced;
  uint64_t checksum;
};
static_assert(sizeof(Header) == kHeaderBytes);

uint64_t ChecksumOf(const Header& header, absl::string_view payload) {
  return HashBytes(payload,
                   Combine64(uint64_t{header.place} << 32 | header.length,
                             header.synced));
}

// Appends records to what will be written at offset.
class RecordWriter {
 public:
  RecordWriter(uint64_t offset, uint64_t synced, std::string* bytes)
      : offset_(offset), synced_(synced), bytes_(bytes) {}
  void Add(absl::string_view payload) {
    Header header = {
        .magic = kMagic,
        .length = static_cast<uint32_t>(payload.size()),
        .place = static_cast<uint32_t>(offset_ + bytes_->size()),
        .synced = static_cast<uint32_t>(synced_),
    };
    header.checksum = ChecksumOf(header, payload);
    bytes_->append(reinterpret_cast<const char*>(&header), kHeaderBytes);
    bytes_->append(payload.data(), payload.size());
  }

 private:
  const uint64_t offset_;
  const uint64_t synced_;
  std::string* bytes_;
};

struct Record {
  Header header;
  absl::string_view payload;
  bool checksum_ok;
};

// The record at offset; nullopt if there is none, whole or with a wrong
// checksum.
std::optional<Record> RecordAt(absl::string_view bytes, uint64_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < kHeaderBytes) {
    return std::nullopt;
  }
  Record record;
  std::memcpy(&record.header, bytes.data() + offset, kHeaderBytes);
  if (record.header.magic != kMagic || record.header.place != offset ||
      record.header.length > bytes.size() - offset - kHeaderBytes) {
    return std::nullopt;
  }
  record.payload = bytes.substr(offset + kHeaderBytes, record.header.length);
  record.checksum_ok =
      ChecksumOf(record.header, record.payload) == record.header.checksum;
  return record;
}

// False if the payload is malformed or contradicts what came before it.
bool ApplyRecord(absl::string_view payload, JournalContents& contents) {
  Reader reader(payload);
  const auto kind = static_cast<RecordKind>(
      reader.Int(static_cast<uint64_t>(RecordKind::kEntry)));
  const uint64_t base =
      contents.snapshot == nullptr ? 0 : contents.snapshot->index;
  std::vector<Entry>& entries = contents.entries;
  switch (kind) {
    case RecordKind::kHardState:
      contents.hard_state.term = reader.Int();
      contents.hard_state.vote = static_cast<NodeId>(reader.Int(kMaxNodes));
      break;
    case RecordKind::kSnapshot: {
      const bool keep_tail = reader.Int(1) != 0;
      auto snapshot = std::make_shared<const Snapshot>(ReadSnapshot(reader));
      const uint64_t covered = snapshot->index - base;
      if (keep_tail && snapshot->index > base && covered <= entries.size() &&
          entries[covered - 1].term == snapshot->term) {
        entries.erase(entries.begin(),
                      entries.begin() + static_cast<ptrdiff_t>(covered));
      } else if (!keep_tail || snapshot->index != base) {
        entries.clear();
      }
      contents.snapshot = std::move(snapshot);
      break;
    }
    case RecordKind::kTruncate: {
      const uint64_t index = reader.Int();
      if (index < base) return false;
      entries.resize(std::min<uint64_t>(entries.size(), index - base));
      break;
    }
    case RecordKind::kEntry: {
      const uint64_t index = reader.Int();
      if (index != base + entries.size() + 1) return false;
      entries.push_back(ReadEntry(reader));
      break;
    }
  }
  return reader.done();
}

// The furthest place that any record behind offset knows to be durable.
uint64_t SyncedAccordingTo(absl::string_view bytes, uint64_t offset) {
  uint64_t synced = 0;
  for (; offset + kHeaderBytes <= bytes.size(); ++offset) {
    const std::optional<Record> record = RecordAt(bytes, offset);
    if (!record.has_value() || !record->checksum_ok) continue;
    synced = std::max<uint64_t>(synced, record->header.synced);
    offset += kHeaderBytes + record->header.length - 1;
  }
  return synced;
}

std::string Payload(RecordKind kind) {
  return std::string(1, static_cast<char>(kind));
}

void AddHardState(const HardState& hard_state, RecordWriter& records) {
  std::string payload = Payload(RecordKind::kHardState);
  Writer writer(&payload);
  writer.Int(hard_state.term);
  writer.Int(hard_state.vote);
  records.Add(payload);
}

void AddSnapshot(const Snapshot& snapshot, bool keep_tail,
                 RecordWriter& records) {
  std::string payload = Payload(RecordKind::kSnapshot);
  Writer writer(&payload);
  writer.Int(keep_tail);
  WriteSnapshot(snapshot, writer);
  records.Add(payload);
}

void AddEntry(uint64_t index, const Entry& entry, RecordWriter& records) {
  std::string payload = Payload(RecordKind::kEntry);
  Writer writer(&payload);
  writer.Int(index);
  WriteEntry(entry, writer);
  records.Add(payload);
}

// A whole file. It gets its name only when it is durable, so each record may
// say that all of it is; for that its size must be known beforehand.
template <typename AddAll>
std::string EncodeWhole(Bug bug, AddAll add_all) {
  std::string draft;
  RecordWriter draft_records(0, 0, &draft);
  add_all(draft_records);
  if (bug == Bug::kFsyncIgnored) return draft;
  std::string bytes;
  RecordWriter records(0, draft.size(), &bytes);
  add_all(records);
  return bytes;
}

}  // namespace

bool Journal::IsDamage(const absl::Status& status) {
  return absl::IsDataLoss(status) && 
         absl::StartsWith(status.message(), kDamaged);
}

void Journal::EncodeReady(const Ready& ready, uint64_t offset, uint64_t synced,
                          std::string& bytes) {
  RecordWriter records(offset, synced, &bytes);
  if (ready.hard_state.has_value()) AddHardState(*ready.hard_state, records);
  if (ready.snapshot != nullptr) {
    AddSnapshot(*ready.snapshot, ready.keep_tail, records);
  }
  if (ready.truncate_after.has_value()) {
    std::string payload = Payload(RecordKind::kTruncate);
    Writer(&payload).Int(*ready.truncate_after);
    records.Add(payload);
  }
  uint64_t index = ready.first_entry;
  for (const Entry& entry : ready.entries) AddEntry(index++, entry, records);
}

absl::StatusOr<JournalContents> Journal::Decode(absl::string_view bytes,
                                                Bug bug) {
  JournalContents contents;
  uint64_t good = 0;
  while (good < bytes.size()) {
    const std::optional<Record> record = RecordAt(bytes, good);
    if (!record.has_value()) break;
    if (!record->checksum_ok && bug != Bug::kTornTail) break;
    if (!ApplyRecord(record->payload, contents)) {
      if (!record->checksum_ok) break;
      return absl::DataLossError(
          absl::StrCat(kDamaged, ": the record at ", good,
                       " contradicts those before it"));
    }
    good += kHeaderBytes + record->payload.size();
  }
  if (good == bytes.size()) return contents;
  contents.torn = true;
  const uint64_t synced = SyncedAccordingTo(bytes, good + 1);
  if (good < synced) {
    return absl::DataLossError(absl::StrCat(
        kDamaged, " at ", good, ", though it was durable up to ", synced,
        ": restore the machine from the others, with a new identity"));
  }
  return contents;
}

Task<absl::StatusOr<Journal>> Journal::Open(Options options) {
  Journal journal(options);
  std::string bytes;
  absl::StatusOr<std::unique_ptr<File>> old =
      co_await options.storage->Open(kPath, OpenOptions::ReadOnly());
  if (old.ok()) {
    CO_ASSIGN_OR_RETURN(bytes, co_await (*old)->ReadAll());
  } else if (!absl::IsNotFound(old.status())) {
    co_return old.status();
  }
  CO_ASSIGN_OR_RETURN(journal.contents_, Decode(bytes, options.bug));
  JournalContents& contents = journal.contents_;
  CO_RETURN_IF_ERROR(co_await journal.Replace(
      EncodeWhole(options.bug, [&contents](RecordWriter& records) {
        AddHardState(contents.hard_state, records);
        uint64_t index = 0;
        if (contents.snapshot != nullptr) {
          index = contents.snapshot->index;
          AddSnapshot(*contents.snapshot, false, records);
        }
        for (const Entry& entry : contents.entries) {
          AddEntry(++index, entry, records);
        }
      })));
  co_return journal;
}

Log Journal::TakeLog() {
  std::shared_ptr<const Snapshot> snapshot = std::move(contents_.snapshot);
  if (snapshot == nullptr) {
    auto first = std::make_shared<Snapshot>();
    first->members = options_.first_members;
    snapshot = std::move(first);
  }
  Log log(std::move(snapshot));
  for (Entry& entry : contents_.entries) log.Append(std::move(entry));
  contents_.entries.clear();
  return log;
}

Task<absl::Status> Journal::Write(const Ready& ready, const Core& core) {
  if (size_ > kRotateBytes) {
    // Everything, with what ready brings: the core has it all already.
    HardState hard_state = {.term = core.term(), .vote = core.vote()};
    if (options_.bug == Bug::kVoteNotPersisted) hard_state.vote = 0;
    if (options_.bug == Bug::kTermNotPersisted) hard_state = {};
    const Log& log = core.log();
    std::string fresh = EncodeWhole(options_.bug, [&](RecordWriter& records) {
      AddHardState(hard_state, records);
      AddSnapshot(*log.snapshot(), false, records);
      for (uint64_t i = log.base_index() + 1; i <= log.last_index(); ++i) {
        AddEntry(i, log.at(i), records);
      }
    });
    ASSERT_REACHABLE("a journal is written anew");
    co_return co_await Replace(std::move(fresh));
  }
  std::string bytes;
  // Who ignores failed syncs knows nothing of what is durable.
  const uint64_t synced = options_.bug == Bug::kFsyncIgnored ? 0 : size_;
  EncodeReady(ready, size_, synced, bytes);
  CO_RETURN_IF_ERROR(co_await file_->WriteAt(size_, bytes));
  CO_RETURN_IF_ERROR(co_await Sync(*file_));
  size_ += bytes.size();
  co_return absl::OkStatus();
}

Task<absl::Status> Journal::Replace(std::string bytes) {
  Storage& storage = *options_.storage;
  CO_ASSIGN_OR_RETURN(
      std::unique_ptr<File> file,
      co_await storage.Open(kTemporaryPath, OpenOptions::CreateWrite()));
  CO_RETURN_IF_ERROR(co_await file->WriteAt(0, bytes));
  CO_RETURN_IF_ERROR(co_await Sync(*file));
  CO_RETURN_IF_ERROR(co_await storage.Rename(kTemporaryPath, kPath));
  const absl::Status named = co_await storage.SyncDirectory("");
  // Storage whose names are durable at once need not implement it.
  if (!named.ok() && !absl::IsUnimplemented(named)) co_return named;
  file_ = std::move(file);
  size_ = bytes.size();
  co_return absl::OkStatus();
}

Task<absl::Status> Journal::Sync(File& file) {
  const absl::Status synced = co_await file.Sync();
  if (options_.bug == Bug::kFsyncIgnored && !absl::IsCancelled(synced)) {
    co_return absl::OkStatus();
  }
  co_return synced;
}

}  // namespace moonpool::raft
