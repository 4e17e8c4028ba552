// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Contract of files: opening, positional and append I/O, sizes, names.
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "providers/base/status_macros.h"
#include "providers/conformance/conformance.h"

namespace moonpool {
namespace {

using Text = absl::StatusOr<std::string>;
using Size = absl::StatusOr<uint64_t>;

// GetAt(file, offset, size): up to so many bytes.
Task<Text> GetAt(File* file, uint64_t offset, size_t size) {
  std::string buffer(size, '\0');
  CO_ASSIGN_OR_RETURN(const size_t count,
                      co_await file->ReadAt(offset, absl::MakeSpan(buffer)));
  buffer.resize(count);
  co_return buffer;
}

Task<Text> Contents(Storage* storage, std::string path) {
  CO_ASSIGN_OR_RETURN(auto file, co_await storage->Open(path));
  co_return co_await file->ReadAll();
}

Task<absl::Status> Put(Storage* storage, std::string path,
                       std::string contents) {
  CO_ASSIGN_OR_RETURN(auto file,
                      co_await storage->Open(path, OpenOptions::CreateWrite()));
  CO_RETURN_IF_ERROR(co_await file->WriteAt(0, contents));
  co_return co_await file->Sync();
}

TEST_P(StorageConformance, WhatIsWrittenIsRead) {
  Run([&]() -> Task<absl::Status> {
    CO_ASSIGN_OR_RETURN(
        auto file, co_await storage().Open("f", OpenOptions::CreateWrite()));
    CO_RETURN_IF_ERROR(co_await file->WriteAt(0, "hello"));
    EXPECT_EQ(co_await file->ReadAll(), Text("hello"));
    EXPECT_EQ(file->Size(), Size(5));
    CO_RETURN_IF_ERROR(co_await file->Sync());
    file.reset();
    EXPECT_EQ(co_await Contents(&storage(), "f"), Text("hello"));
    co_return absl::OkStatus();
  });
}

TEST_P(StorageConformance, OpeningModes) {
  Run([&]() -> Task<absl::Status> {
    auto missing = co_await storage().Open("f");
    EXPECT_TRUE(absl::IsNotFound(missing.status())) << missing.status();
    missing = co_await storage().Open("f", OpenOptions::ReadOnly());
    EXPECT_TRUE(absl::IsNotFound(missing.status())) << missing.status();

    OpenOptions create;
    create.create = true;
    CO_ASSIGN_OR_RETURN(auto file, co_await storage().Open("f", create));
    CO_RETURN_IF_ERROR(co_await file->WriteAt(0, "kept"));
    // It is there now: kept by create, refused by create_new, emptied by
    // truncate.
    CO_ASSIGN_OR_RETURN(file, co_await storage().Open("f", create));
    EXPECT_EQ(co_await file->ReadAll(), Text("kept"));
    auto exists = co_await storage().Open("f", OpenOptions::CreateNewWrite());
    EXPECT_TRUE(absl::IsAlreadyExists(exists.status())) << exists.status();
    EXPECT_EQ(co_await Contents(&storage(), "f"), Text("kept"));
    CO_ASSIGN_OR_RETURN(
        file, co_await storage().Open("f", OpenOptions::CreateWrite()));
    EXPECT_EQ(file->Size(), Size(0));

    CO_ASSIGN_OR_RETURN(
        file, co_await storage().Open("g", OpenOptions::CreateNewWrite()));
    EXPECT_EQ(file->Size(), Size(0));
    auto nothing = co_await storage().Open("");
    EXPECT_FALSE(nothing.ok());
    co_return absl::OkStatus();
  });
}

TEST_P(StorageConformance, ReadsEndWithTheFile) {
  Run([&]() -> Task<absl::Status> {
    CO_ASSIGN_OR_RETURN(
        auto file, co_await storage().Open("f", OpenOptions::CreateWrite()));
    EXPECT_EQ(co_await GetAt(file.get(), 0, 10), Text(""));
    CO_RETURN_IF_ERROR(co_await file->WriteAt(0, "0123456789"));
    EXPECT_EQ(co_await GetAt(file.get(), 7, 10), Text("789"));
    EXPECT_EQ(co_await GetAt(file.get(), 2, 3), Text("234"));
    EXPECT_EQ(co_await GetAt(file.get(), 10, 10), Text(""));
    EXPECT_EQ(co_await GetAt(file.get(), 1000000, 10), Text(""));
    EXPECT_EQ(co_await GetAt(file.get(), 0, 0), Text(""));
    std::string buffer(11, '\0');
    EXPECT_TRUE(
        absl::IsOutOfRange(co_await file->ReadFull(0, absl::MakeSpan(buffer))));
    buffer.resize(4);
    CO_RETURN_IF_ERROR(co_await file->ReadFull(6, absl::MakeSpan(buffer)));
    EXPECT_EQ(buffer, "6789");
    co_return absl::OkStatus();
  });
}

TEST_P(StorageConformance, WritesReplaceAndExtend) {
  Run([&]() -> Task<absl::Status> {
    CO_ASSIGN_OR_RETURN(
        auto file, co_await storage().Open("f", OpenOptions::CreateWrite()));
    CO_RETURN_IF_ERROR(co_await file->WriteAt(0, "0123456789"));
    CO_RETURN_IF_ERROR(co_await file->WriteAt(3, "abc"));
    CO_RETURN_IF_ERROR(co_await file->WriteAt(9, "xyz"));
    CO_RETURN_IF_ERROR(co_await file->WriteAt(5, ""));
    EXPECT_EQ(co_await file->ReadAll(), Text("012abc678xyz"));
    co_return absl::OkStatus();
  });
}

TEST_P(StorageConformance, HolesReadAsZeros) {
  Run([&]() -> Task<absl::Status> {
    CO_ASSIGN_OR_RETURN(
        auto file, co_await storage().Open("f", OpenOptions::CreateWrite()));
    CO_RETURN_IF_ERROR(co_await file->WriteAt(2, "a"));
    CO_RETURN_IF_ERROR(co_await file->WriteAt(20000, "b"));
    std::string expected(20001, '\0');
    expected[2] = 'a';
    expected[20000] = 'b';
    EXPECT_TRUE(co_await file->ReadAll() == Text(expected));
    co_return absl::OkStatus();
  });
}

TEST_P(StorageConformance, AppendWritesAtTheEndOfTheMoment) {
  Run([&]() -> Task<absl::Status> {
    CO_ASSIGN_OR_RETURN(
        auto file, co_await storage().Open("f", OpenOptions::CreateWrite()));
    CO_ASSIGN_OR_RETURN(auto other, co_await storage().Open("f"));
    CO_RETURN_IF_ERROR(co_await file->Append("one,"));
    CO_RETURN_IF_ERROR(co_await other->Append("two,"));
    CO_RETURN_IF_ERROR(co_await file->Append("three"));
    EXPECT_EQ(co_await file->ReadAll(), Text("one,two,three"));
    CO_RETURN_IF_ERROR(co_await file->Truncate(3));
    CO_RETURN_IF_ERROR(co_await other->Append("!"));
    EXPECT_EQ(co_await file->ReadAll(), Text("one!"));
    co_return absl::OkStatus();
  });
}

TEST_P(StorageConformance, TruncateCutsAndExtendsWithZeros) {
  Run([&]() -> Task<absl::Status> {
    CO_ASSIGN_OR_RETURN(
        auto file, co_await storage().Open("f", OpenOptions::CreateWrite()));
    CO_RETURN_IF_ERROR(co_await file->WriteAt(0, "0123456789"));
    CO_RETURN_IF_ERROR(co_await file->Truncate(4));
    EXPECT_EQ(co_await file->ReadAll(), Text("0123"));
    CO_RETURN_IF_ERROR(co_await file->Truncate(6));
    // Zeros, not what was cut off.
    EXPECT_EQ(co_await file->ReadAll(), Text(std::string("0123\0\0", 6)));
    CO_RETURN_IF_ERROR(co_await file->Truncate(0));
    EXPECT_EQ(file->Size(), Size(0));
    co_return absl::OkStatus();
  });
}

TEST_P(StorageConformance, LargeFiles) {
  Run([&]() -> Task<absl::Status> {
    CO_ASSIGN_OR_RETURN(
        auto file, co_await storage().Open("f", OpenOptions::CreateWrite()));
    const std::vector<size_t> sizes = {1, 511, 512, 4095, 4096, 4097, 1 << 20};
    std::string expected;
    for (const size_t size : sizes) {
      const std::string bytes = ConformanceBytes(size, size);
      CO_RETURN_IF_ERROR(co_await file->Append(bytes));
      expected += bytes;
    }
    CO_RETURN_IF_ERROR(co_await file->Sync());
    EXPECT_TRUE(co_await file->ReadAll() == Text(expected));
    // An overwrite that is aligned to nothing.
    const std::string patch = ConformanceBytes(10000, 7);
    CO_RETURN_IF_ERROR(co_await file->WriteAt(3333, patch));
    expected.replace(3333, patch.size(), patch);
    EXPECT_TRUE(co_await file->ReadAll() == Text(expected));
    co_return absl::OkStatus();
  });
}

TEST_P(StorageConformance, FilesOpenedTwiceAreOneFile) {
  Run([&]() -> Task<absl::Status> {
    CO_ASSIGN_OR_RETURN(
        auto one, co_await storage().Open("f", OpenOptions::CreateWrite()));
    CO_ASSIGN_OR_RETURN(auto two, co_await storage().Open("f"));
    CO_RETURN_IF_ERROR(co_await one->WriteAt(0, "shared"));
    EXPECT_EQ(co_await two->ReadAll(), Text("shared"));
    EXPECT_EQ(two->Size(), Size(6));
    co_return absl::OkStatus();
  });
}

TEST_P(StorageConformance, ListIsSortedAndComplete) {
  Run([&]() -> Task<absl::Status> {
    const std::vector<std::string> names = {"b", "a10", "a", "c.log", "a2"};
    for (const std::string& name : names) {
      CO_RETURN_IF_ERROR(co_await Put(&storage(), name, "x"));
    }
    CO_ASSIGN_OR_RETURN(const auto listed, co_await storage().List(""));
    EXPECT_EQ(listed,
              std::vector<std::string>({"a", "a10", "a2", "b", "c.log"}));
    co_return absl::OkStatus();
  });
}

TEST_P(StorageConformance, RenameMovesAndReplaces) {
  Run([&]() -> Task<absl::Status> {
    CO_RETURN_IF_ERROR(co_await Put(&storage(), "new", "fresh"));
    CO_RETURN_IF_ERROR(co_await Put(&storage(), "old", "stale"));
    CO_ASSIGN_OR_RETURN(auto replaced, co_await storage().Open("old"));
    CO_ASSIGN_OR_RETURN(auto moved, co_await storage().Open("new"));
    CO_RETURN_IF_ERROR(co_await storage().Rename("new", "old"));
    EXPECT_EQ(co_await Contents(&storage(), "old"), Text("fresh"));
    const Text gone = co_await Contents(&storage(), "new");
    EXPECT_TRUE(absl::IsNotFound(gone.status())) << gone.status();
    // Open files follow their contents, not their names.
    EXPECT_EQ(co_await replaced->ReadAll(), Text("stale"));
    CO_RETURN_IF_ERROR(co_await moved->Append("!"));
    EXPECT_EQ(co_await Contents(&storage(), "old"), Text("fresh!"));
    const absl::Status missing = co_await storage().Rename("none", "x");
    EXPECT_TRUE(absl::IsNotFound(missing)) << missing;
    // Onto itself: nothing happens.
    CO_RETURN_IF_ERROR(co_await storage().Rename("old", "old"));
    EXPECT_EQ(co_await Contents(&storage(), "old"), Text("fresh!"));
    co_return absl::OkStatus();
  });
}

TEST_P(StorageConformance, RemoveTakesTheNameNotTheOpenFile) {
  Run([&]() -> Task<absl::Status> {
    CO_RETURN_IF_ERROR(co_await Put(&storage(), "f", "before"));
    CO_ASSIGN_OR_RETURN(auto open, co_await storage().Open("f"));
    CO_RETURN_IF_ERROR(co_await storage().Remove("f"));
    const Text gone = co_await Contents(&storage(), "f");
    EXPECT_TRUE(absl::IsNotFound(gone.status())) << gone.status();
    const absl::Status again = co_await storage().Remove("f");
    EXPECT_TRUE(absl::IsNotFound(again)) << again;
    CO_RETURN_IF_ERROR(co_await open->WriteAt(0, "AFTER!"));
    EXPECT_EQ(co_await open->ReadAll(), Text("AFTER!"));
    // A new file of that name is another one.
    CO_RETURN_IF_ERROR(co_await Put(&storage(), "f", "new"));
    EXPECT_EQ(co_await open->ReadAll(), Text("AFTER!"));
    EXPECT_EQ(co_await Contents(&storage(), "f"), Text("new"));
    co_return absl::OkStatus();
  });
}

TEST_P(StorageConformance, HostsShareNothing) {
  Run([&]() -> Task<absl::Status> {
    CO_RETURN_IF_ERROR(co_await Put(&storage(), "f", "mine"));
    auto other = co_await b().storage().Open("f");
    EXPECT_TRUE(absl::IsNotFound(other.status())) << other.status();
    co_return absl::OkStatus();
  });
}

TEST_P(StorageConformance, OperationsMayOverlap) {
  Run([&]() -> Task<absl::Status> {
    CO_ASSIGN_OR_RETURN(
        auto file, co_await storage().Open("f", OpenOptions::CreateWrite()));
    const auto write = [](File* to, int at) -> Task<absl::Status> {
      const std::string bytes(100, static_cast<char>('a' + at));
      CO_RETURN_IF_ERROR(
          co_await to->WriteAt(100 * static_cast<uint64_t>(at), bytes));
      co_return co_await to->Sync();
    };
    std::vector<JoinHandle> jobs;
    std::string expected;
    for (int i = 0; i < 10; ++i) {
      jobs.push_back(tasks().Spawn(write, file.get(), i));
      expected += std::string(100, static_cast<char>('a' + i));
    }
    for (JoinHandle& job : jobs) CO_RETURN_IF_ERROR(co_await job.Join());
    EXPECT_EQ(co_await file->ReadAll(), Text(expected));
    co_return absl::OkStatus();
  });
}

TEST_P(StorageConformance, AnAbandonedOperationHarmsNoLaterOne) {
  Run([&]() -> Task<absl::Status> {
    CO_ASSIGN_OR_RETURN(
        auto file, co_await storage().Open("f", OpenOptions::CreateWrite()));
    CO_RETURN_IF_ERROR(co_await file->WriteAt(0, "kept"));
    JoinHandle sync = tasks().Spawn(
        [&]() -> Task<absl::Status> { co_return co_await file->Sync(); });
    co_await tasks().YieldNow();
    sync.Abort();
    CO_RETURN_IF_ERROR(co_await file->Sync());
    EXPECT_EQ(co_await file->ReadAll(), Text("kept"));
    co_return absl::OkStatus();
  });
}

}  // namespace
}  // namespace moonpool
