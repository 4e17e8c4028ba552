// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/directory/search_log.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "providers/base/status_macros.h"

namespace moonpool {
namespace {

absl::Status Damaged(const std::string& path, absl::string_view what) {
  return absl::DataLossError(absl::StrCat(path, ": ", what));
}

std::string ParametersOf(const SearchConfig& config) {
  return absl::StrJoin(
      config.parameters(), " ",
      [](std::string* out, const CampaignParameter& parameter) {
        absl::StrAppend(out, parameter.name(), "=", parameter.value());
      });
}

std::string SplitsOf(const SearchConfig& config) {
  std::string text = absl::StrJoin(config.split_at(), ",");
  if (config.split_every() != 0) {
    absl::StrAppend(&text, text.empty() ? "" : ",", "every ",
                    config.split_every());
  }
  return text;
}

// OK if both are the same search.
absl::Status CheckSameSearch(const std::string& path, const SearchConfig& logged,
                             const SearchConfig& wanted) {
  auto differs = [&path](absl::string_view what, const auto& is,
                         const auto& should) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, " is the log of another search: its ", what, " is '", is,
        "', not '", should, "'; repeat that, or give another --out"));
  };
  if (logged.schema_version() != wanted.schema_version()) {
    return differs("schema version", logged.schema_version(),
                   wanted.schema_version());
  }
  if (logged.campaign() != wanted.campaign()) {
    return differs("campaign", logged.campaign(), wanted.campaign());
  }
  if (ParametersOf(logged) != ParametersOf(wanted)) {
    return differs("parameters", ParametersOf(logged), ParametersOf(wanted));
  }
  if (logged.seed() != wanted.seed()) {
    return differs("seed", logged.seed(), wanted.seed());
  }
  if (logged.policy() != wanted.policy()) {
    return differs("policy", logged.policy(), wanted.policy());
  }
  if (logged.lag() != wanted.lag()) {
    return differs("lag", logged.lag(), wanted.lag());
  }
  if (logged.around() != wanted.around()) {
    return differs("recipe to search around", logged.around(),
                   wanted.around());
  }
  if (SplitsOf(logged) != SplitsOf(wanted)) {
    return differs("splits", SplitsOf(logged), SplitsOf(wanted));
  }
  if (logged.build_id() != wanted.build_id()) {
    return differs("build", logged.build_id(), wanted.build_id());
  }
  if (logged.ignores_edges() != wanted.ignores_edges()) {
    auto edges = [](const SearchConfig& config) {
      return config.ignores_edges() ? "off" : "on";
    };
    return differs("--edges", edges(logged), edges(wanted));
  }
  return absl::OkStatus();
}

}  // namespace

std::string SearchLogFile(const std::string& directory) {
  return absl::StrCat(directory, "/search.log");
}

std::string BugRecipeFile(size_t number) {
  return absl::StrCat("bugs/", number, ".textproto");
}

absl::StatusOr<RecordFileExtent> ReadSearchLog(
    const std::string& path, const SearchLogVisitor& visitor) {
  bool has_config = false;
  uint64_t next = 0;
  auto each = [&](absl::string_view bytes) -> absl::Status {
    LogRecord record;
    if (!record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      return Damaged(path, "a record is no LogRecord");
    }
    if (record.has_config() == has_config) {
      return Damaged(path, "the configuration is not the first record");
    }
    has_config = true;
    switch (record.record_case()) {
      case LogRecord::kConfig:
        if (record.config().schema_version() > kLogSchemaVersion) {
          return absl::InvalidArgumentError(absl::StrCat(
              path, " was written by a newer version of this program"));
        }
        return visitor.config ? visitor.config(record.config())
                              : absl::OkStatus();
      case LogRecord::kAssertion:
        return visitor.assertion ? visitor.assertion(record.assertion())
                                 : absl::OkStatus();
      case LogRecord::kBatch:
        if (record.batch().first() != next) {
          return Damaged(path, absl::StrCat("timeline ", next, " is missing"));
        }
        next += record.batch().count();
        return visitor.batch ? visitor.batch(std::move(*record.mutable_batch()))
                             : absl::OkStatus();
      case LogRecord::RECORD_NOT_SET:
        break;  // a newer version's
    }
    return absl::OkStatus();
  };
  ASSIGN_OR_RETURN(const RecordFileExtent extent, ReadRecords(path, each));
  if (!has_config) return Damaged(path, "it has no configuration");
  return extent;
}

absl::StatusOr<std::unique_ptr<SearchLog>> SearchLog::Create(
    const std::string& path, const SearchConfig& config,
    absl::Span<const AssertionEntry> assertions) {
  std::vector<std::string> records;
  LogRecord record;
  *record.mutable_config() = config;
  records.push_back(record.SerializeAsString());
  for (const AssertionEntry& entry : assertions) {
    LoggedAssertionName& name = *record.mutable_assertion();
    name.set_id(entry.id);
    name.set_kind(std::string(AssertionKindName(entry.kind)));
    name.set_message(std::string(entry.message));
    name.set_place(absl::StrCat(entry.file, ":", entry.line));
    records.push_back(record.SerializeAsString());
  }
  std::unique_ptr<SearchLog> log(new SearchLog(path));
  ASSIGN_OR_RETURN(log->writer_, RecordWriter::Create(path, records));
  return log;
}

absl::StatusOr<std::unique_ptr<SearchLog>> SearchLog::Resume(
    const std::string& path, const SearchConfig& config) {
  std::unique_ptr<SearchLog> log(new SearchLog(path));
  SearchLogVisitor visitor;
  visitor.config = [&](const SearchConfig& logged) {
    return CheckSameSearch(path, logged, config);
  };
  visitor.batch = [&](const LoggedBatch& batch) {
    log->Restore(batch);
    return absl::OkStatus();
  };
  const absl::StatusOr<RecordFileExtent> extent = ReadSearchLog(path, visitor);
  if (absl::IsNotFound(extent.status())) {
    return absl::NotFoundError(
        absl::StrCat("there is nothing to resume, as there is no ", path,
                     ": to begin a search there, leave out --resume"));
  }
  RETURN_IF_ERROR(extent.status());
  log->restored_.dropped_bytes = extent->dropped_bytes;
  ASSIGN_OR_RETURN(log->writer_, RecordWriter::Continue(path, *extent));
  return log;
}

void SearchLog::Restore(const LoggedBatch& batch) {
  restored_.timelines += batch.count();
  restored_.draws += batch.draws();
  restored_.events += batch.events();
  restored_.tree_hash = batch.tree_hash();
  restored_.wall_seconds = batch.wall_seconds();
  restored_.cpu_seconds = batch.cpu_seconds();
  for (const LoggedAssertion& assertion : batch.assertions()) {
    Restored::Counts& counts = restored_.assertions[assertion.id()];
    counts.passes += assertion.passes();
    counts.fails += assertion.fails();
  }
  for (int i = 0; i < batch.again_marks_size() && i < batch.again_counts_size();
       ++i) {
    restored_.again[batch.again_marks(i)] += batch.again_counts(i);
  }
}

absl::StatusOr<const LoggedTimeline*> SearchLog::Find(uint64_t number) {
  if (reader_ == nullptr && found_until_ == 0) {
    ASSIGN_OR_RETURN(reader_, RecordReader::Open(path_));
  }
  while (number >= found_until_ && number < restored_.timelines) {
    ASSIGN_OR_RETURN(const std::string* bytes, reader_->Next());
    LogRecord record;
    if (bytes == nullptr || !record.ParseFromString(*bytes)) {
      return Damaged(path_, "it has changed while it was read");
    }
    found_until_ += record.batch().count();
    for (LoggedTimeline& timeline :
         *record.mutable_batch()->mutable_timelines()) {
      const uint64_t at = timeline.number();
      timelines_[at] = std::move(timeline);
    }
  }
  if (found_until_ >= restored_.timelines) reader_ = nullptr;
  auto it = timelines_.find(number);
  return it == timelines_.end() ? nullptr : &it->second;
}

absl::Status SearchLog::Append(const LoggedBatch& batch) {
  LogRecord record;
  *record.mutable_batch() = batch;
  RETURN_IF_ERROR(writer_->Append(record.SerializeAsString()));
  return writer_->Sync();
}

}  // namespace moonpool
