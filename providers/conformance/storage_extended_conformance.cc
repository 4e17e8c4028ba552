// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Contract of the rest of the storage: directories, modes of opening, locks,
// reserved space, direct I/O.
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "providers/base/status_macros.h"
#include "providers/conformance/conformance.h"

namespace moonpool {
namespace {

using Text = absl::StatusOr<std::string>;
using Size = absl::StatusOr<uint64_t>;
using Names = std::vector<std::string>;

Task<absl::Status> Put(Storage* storage, std::string path,
                       std::string contents) {
  CO_ASSIGN_OR_RETURN(auto file,
                      co_await storage->Open(path, OpenOptions::CreateWrite()));
  co_return co_await file->WriteAt(0, contents);
}

Task<Text> Contents(Storage* storage, std::string path) {
  CO_ASSIGN_OR_RETURN(auto file,
                      co_await storage->Open(path, OpenOptions::ReadOnly()));
  co_return co_await file->ReadAll();
}

// The code of what an operation gave, for short expectations.
absl::StatusCode CodeOf(const absl::Status& status) { return status.code(); }
template <typename T>
absl::StatusCode CodeOf(const absl::StatusOr<T>& result) {
  return result.status().code();
}
constexpr auto kNotFound = absl::StatusCode::kNotFound;
constexpr auto kExists = absl::StatusCode::kAlreadyExists;
constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr auto kPrecondition = absl::StatusCode::kFailedPrecondition;
constexpr auto kDenied = absl::StatusCode::kPermissionDenied;

TEST_P(StorageExtendedConformance, ExistsTellsOfFilesAndDirectories) {
  Run([&]() -> Task<absl::Status> {
    Storage& s = storage();
    CO_RETURN_IF_ERROR(co_await s.CreateDirectory("d"));
    CO_RETURN_IF_ERROR(co_await Put(&s, "d/f", "x"));
    EXPECT_EQ(co_await s.Exists("d"), absl::StatusOr<bool>(true));
    EXPECT_EQ(co_await s.Exists("d/f"), absl::StatusOr<bool>(true));
    EXPECT_EQ(co_await s.Exists("d/g"), absl::StatusOr<bool>(false));
    EXPECT_EQ(co_await s.Exists("e"), absl::StatusOr<bool>(false));
    CO_RETURN_IF_ERROR(co_await s.Remove("d/f"));
    EXPECT_EQ(co_await s.Exists("d/f"), absl::StatusOr<bool>(false));
    co_return absl::OkStatus();
  });
}

TEST_P(StorageExtendedConformance, DirectoriesHoldFilesAndDirectories) {
  Run([&]() -> Task<absl::Status> {
    Storage& s = storage();
    CO_RETURN_IF_ERROR(co_await s.CreateDirectory("d"));
    CO_RETURN_IF_ERROR(co_await s.CreateDirectory("d/inner"));
    CO_RETURN_IF_ERROR(co_await Put(&s, "d/f", "in d"));
    CO_RETURN_IF_ERROR(co_await Put(&s, "d/inner/f", "in inner"));
    CO_RETURN_IF_ERROR(co_await Put(&s, "f", "in the root"));
    EXPECT_EQ(co_await s.List(""), absl::StatusOr<Names>(Names{"d", "f"}));
    EXPECT_EQ(co_await s.List("d"), absl::StatusOr<Names>(Names{"f", "inner"}));
    EXPECT_EQ(co_await Contents(&s, "d/f"), Text("in d"));
    EXPECT_EQ(co_await Contents(&s, "d/inner/f"), Text("in inner"));
    CO_RETURN_IF_ERROR(co_await s.SyncDirectory("d/inner"));
    CO_RETURN_IF_ERROR(co_await s.SyncDirectory(""));
    co_return absl::OkStatus();
  });
}

TEST_P(StorageExtendedConformance, ErrorsOfDirectories) {
  Run([&]() -> Task<absl::Status> {
    Storage& s = storage();
    CO_RETURN_IF_ERROR(co_await s.CreateDirectory("d"));
    CO_RETURN_IF_ERROR(co_await Put(&s, "d/f", "x"));
    EXPECT_EQ(CodeOf(co_await s.CreateDirectory("d")), kExists);
    EXPECT_EQ(CodeOf(co_await s.CreateDirectory("d/f")), kExists);
    EXPECT_EQ(CodeOf(co_await s.CreateDirectory("none/d")), kNotFound);
    EXPECT_EQ(CodeOf(co_await s.Open("none/f", OpenOptions::CreateWrite())),
              kNotFound);
    EXPECT_EQ(CodeOf(co_await s.List("none")), kNotFound);
    EXPECT_EQ(CodeOf(co_await s.SyncDirectory("none")), kNotFound);
    EXPECT_EQ(CodeOf(co_await s.RemoveDirectory("none")), kNotFound);
    // Not empty, not a directory, not a file.
    EXPECT_EQ(CodeOf(co_await s.RemoveDirectory("d")), kPrecondition);
    EXPECT_EQ(CodeOf(co_await s.RemoveDirectory("d/f")), kPrecondition);
    EXPECT_EQ(CodeOf(co_await s.List("d/f")), kPrecondition);
    EXPECT_EQ(CodeOf(co_await s.CreateDirectory("d/f/g")), kPrecondition);
    EXPECT_EQ(CodeOf(co_await s.Remove("d")), kPrecondition);
    EXPECT_EQ(CodeOf(co_await s.Open("d")), kPrecondition);
    // All is as it was.
    EXPECT_EQ(co_await Contents(&s, "d/f"), Text("x"));
    CO_RETURN_IF_ERROR(co_await s.Remove("d/f"));
    CO_RETURN_IF_ERROR(co_await s.RemoveDirectory("d"));
    EXPECT_EQ(co_await s.List(""), absl::StatusOr<Names>(Names{}));
    co_return absl::OkStatus();
  });
}

TEST_P(StorageExtendedConformance, RenameMovesBetweenDirectories) {
  Run([&]() -> Task<absl::Status> {
    Storage& s = storage();
    CO_RETURN_IF_ERROR(co_await s.CreateDirectory("one"));
    CO_RETURN_IF_ERROR(co_await s.CreateDirectory("two"));
    CO_RETURN_IF_ERROR(co_await Put(&s, "one/f", "x"));
    CO_RETURN_IF_ERROR(co_await s.Rename("one/f", "two/g"));
    EXPECT_EQ(co_await Contents(&s, "two/g"), Text("x"));
    EXPECT_EQ(co_await s.List("one"), absl::StatusOr<Names>(Names{}));
    // A directory with what is in it.
    CO_RETURN_IF_ERROR(co_await s.Rename("two", "three"));
    EXPECT_EQ(co_await Contents(&s, "three/g"), Text("x"));
    EXPECT_EQ(co_await s.Exists("two"), absl::StatusOr<bool>(false));
    EXPECT_EQ(CodeOf(co_await s.Rename("three", "three/inner")), kInvalid);
    EXPECT_EQ(CodeOf(co_await s.Rename("three/g", "none/g")), kNotFound);
    EXPECT_EQ(co_await Contents(&s, "three/g"), Text("x"));
    co_return absl::OkStatus();
  });
}

TEST_P(StorageExtendedConformance, MalformedPathsAreInvalid) {
  Run([&]() -> Task<absl::Status> {
    Storage& s = storage();
    const std::vector<std::string> paths = {"/f", "d//f", "f/",
                                            "..", "../f", "./f"};
    for (const std::string& path : paths) {
      EXPECT_EQ(CodeOf(co_await s.Open(path, OpenOptions::CreateWrite())),
                kInvalid)
          << path;
      EXPECT_EQ(CodeOf(co_await s.CreateDirectory(path)), kInvalid) << path;
    }
    EXPECT_EQ(co_await s.List(""), absl::StatusOr<Names>(Names{}));
    co_return absl::OkStatus();
  });
}

TEST_P(StorageExtendedConformance, AFileAllowsWhatItWasOpenedFor) {
  Run([&]() -> Task<absl::Status> {
    Storage& s = storage();
    CO_RETURN_IF_ERROR(co_await Put(&s, "f", "kept"));
    CO_ASSIGN_OR_RETURN(auto reader,
                        co_await s.Open("f", OpenOptions::ReadOnly()));
    EXPECT_EQ(CodeOf(co_await reader->WriteAt(0, "x")), kDenied);
    EXPECT_EQ(CodeOf(co_await reader->Append("x")), kDenied);
    EXPECT_EQ(CodeOf(co_await reader->Truncate(0)), kDenied);
    EXPECT_EQ(CodeOf(co_await reader->Allocate(0, 10)), kDenied);
    EXPECT_EQ(co_await reader->ReadAll(), Text("kept"));
    OpenOptions write_only;
    write_only.read = false;
    CO_ASSIGN_OR_RETURN(auto writer, co_await s.Open("f", write_only));
    std::string buffer(4, '\0');
    EXPECT_EQ(CodeOf(co_await writer->ReadAt(0, absl::MakeSpan(buffer))),
              kDenied);
    CO_RETURN_IF_ERROR(co_await writer->Append("!"));
    EXPECT_EQ(co_await reader->ReadAll(), Text("kept!"));
    co_return absl::OkStatus();
  });
}

TEST_P(StorageExtendedConformance, ALockIsHeldUntilItsFileIsClosed) {
  Run([&]() -> Task<absl::Status> {
    Storage& s = storage();
    CO_RETURN_IF_ERROR(co_await Put(&s, "f", ""));
    CO_RETURN_IF_ERROR(co_await Put(&s, "g", ""));
    CO_ASSIGN_OR_RETURN(auto one, co_await s.Open("f"));
    CO_ASSIGN_OR_RETURN(auto two, co_await s.Open("f"));
    CO_ASSIGN_OR_RETURN(auto other, co_await s.Open("g"));
    EXPECT_TRUE(one->TryLock().ok());
    EXPECT_TRUE(absl::IsUnavailable(two->TryLock()));
    EXPECT_TRUE(other->TryLock().ok());
    // It is advisory.
    EXPECT_TRUE((co_await two->WriteAt(0, "x")).ok());
    one.reset();
    EXPECT_TRUE(two->TryLock().ok());
    co_return absl::OkStatus();
  });
}

TEST_P(StorageExtendedConformance, AllocateExtendsWithZerosAndNeverCuts) {
  Run([&]() -> Task<absl::Status> {
    CO_ASSIGN_OR_RETURN(
        auto file, co_await storage().Open("f", OpenOptions::CreateWrite()));
    CO_RETURN_IF_ERROR(co_await file->WriteAt(0, "abc"));
    CO_RETURN_IF_ERROR(co_await file->Allocate(0, 2));
    EXPECT_EQ(co_await file->ReadAll(), Text("abc"));
    CO_RETURN_IF_ERROR(co_await file->Allocate(1, 5));
    EXPECT_EQ(co_await file->ReadAll(), Text(std::string("abc\0\0\0", 6)));
    CO_RETURN_IF_ERROR(co_await file->Allocate(10000, 1));
    EXPECT_EQ(file->Size(), Size(10001));
    co_return absl::OkStatus();
  });
}

TEST_P(StorageExtendedConformance, DirectIoIsAligned) {
  Run([&]() -> Task<absl::Status> {
    CO_RETURN_IF_ERROR(co_await Put(&storage(), "f", ""));
    OpenOptions options;
    options.direct = true;
    CO_ASSIGN_OR_RETURN(auto direct, co_await storage().Open("f", options));
    CO_ASSIGN_OR_RETURN(auto cached, co_await storage().Open("f"));
    const std::string sector = ConformanceBytes(kSectorBytes, 1);
    EXPECT_EQ(CodeOf(co_await direct->WriteAt(1, sector)), kInvalid);
    EXPECT_EQ(CodeOf(co_await direct->WriteAt(0, "x")), kInvalid);
    std::string buffer(kSectorBytes, '\0');
    EXPECT_EQ(CodeOf(co_await direct->ReadAt(3, absl::MakeSpan(buffer))),
              kInvalid);
    // Either way in, either way out.
    CO_RETURN_IF_ERROR(co_await direct->WriteAt(kSectorBytes, sector));
    const Text seen = co_await cached->ReadAll();
    EXPECT_TRUE(seen == Text(std::string(kSectorBytes, '\0') + sector));
    CO_RETURN_IF_ERROR(co_await cached->WriteAt(0, sector));
    CO_RETURN_IF_ERROR(co_await direct->ReadFull(0, absl::MakeSpan(buffer)));
    EXPECT_TRUE(buffer == sector);
    CO_RETURN_IF_ERROR(co_await direct->Sync());
    co_return absl::OkStatus();
  });
}

}  // namespace
}  // namespace moonpool
