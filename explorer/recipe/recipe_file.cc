// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The file half of recipe.h.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "explorer/recipe/atomic_file.h"
#include "explorer/recipe/outcome.h"
#include "explorer/recipe/recipe.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/stubs/logging.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/unknown_field_set.h"
#include "providers/base/check.h"
#include "providers/base/hash.h"
#include "providers/base/status_macros.h"

namespace moonpool {
namespace {

using google::protobuf::TextFormat;

constexpr absl::string_view kWhatToDo =
    "give a file that 'explore' wrote to its --out";

bool IsText(absl::string_view path) {
  return absl::EndsWith(path, ".textproto");
}

absl::Status Malformed(const std::string& path, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("malformed recipe file ", path, ": ", why, "; ", kWhatToDo));
}

absl::StatusOr<std::string> ReadWhole(const std::string& path) {
  // No recipe is near this; a device or a wrong file may be endless.
  constexpr size_t kMaxBytes = size_t{64} << 20;
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return absl::NotFoundError(absl::StrCat("cannot read recipe file ", path,
                                            ": ", strerror(errno), "; ",
                                            kWhatToDo));
  }
  absl::Cleanup close_fd = [fd] { close(fd); };
  std::string contents;
  char buffer[1 << 16];
  while (true) {
    const ssize_t size = read(fd, buffer, sizeof(buffer));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("cannot read recipe file ", path, ": ", strerror(errno),
                       "; ", kWhatToDo));
    }
    if (size == 0) return contents;
    contents.append(buffer, static_cast<size_t>(size));
    if (contents.size() > kMaxBytes) {
      return Malformed(path, "it is larger than 64 MiB");
    }
  }
}

// Keeps the first error and prints nothing.
class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    if (!text_.empty()) return;
    text_ = absl::StrCat("line ", line + 1, ", column ", column + 1, ": ");
    for (const char c : message) {
      text_ += absl::ascii_iscntrl(static_cast<unsigned char>(c)) ? '?' : c;
    }
  }
  void AddWarning(int, int, const std::string&) override {}
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

bool ParseText(const std::string& contents, bool lenient, BugRecipe* recipe,
               std::string* error) {
  TextFormat::Parser parser;
  FirstError errors;
  parser.RecordErrorsTo(&errors);
  parser.AllowUnknownField(lenient);
  // Sixteen levels are more than a recipe has, and a bound for the stack.
  parser.SetRecursionLimit(16);
  recipe->Clear();
  if (parser.ParseFromString(contents, recipe)) return true;
  *error = ToValidUtf8(errors.text());
  return false;
}

bool HasUnknownFields(const BugRecipe& recipe) {
  return !recipe.GetReflection()->GetUnknownFields(recipe).empty();
}

absl::Status CheckVersion(const std::string& path, const BugRecipe& recipe) {
  if (recipe.schema_version() == kRecipeSchemaVersion) return absl::OkStatus();
  if (recipe.schema_version() == 0) {
    return Malformed(path, "it has no schema_version");
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "recipe file ", path, " has schema version ", recipe.schema_version(),
      ", this program reads version ", kRecipeSchemaVersion,
      ": replay it with the release that wrote it"));
}

absl::Status CheckContents(const std::string& path, const BugRecipe& recipe) {
  if (recipe.campaign().empty()) {
    return Malformed(path, "it names no campaign");
  }
  for (const CampaignParameter& parameter : recipe.parameters()) {
    if (parameter.name().empty()) {
      return Malformed(path, "it has a parameter without a name");
    }
  }
  return absl::OkStatus();
}

// The version is looked at before anything that may depend on it.
absl::Status Parse(const std::string& path, const std::string& contents,
                   BugRecipe* recipe) {
  // Protobuf prints its opinion of bad UTF-8; the Status is enough.
  google::protobuf::LogSilencer silence;
  if (IsText(path)) {
    std::string error;
    if (!ParseText(contents, /*lenient=*/true, recipe, &error)) {
      return Malformed(path, error);
    }
    RETURN_IF_ERROR(CheckVersion(path, *recipe));
    if (!ParseText(contents, /*lenient=*/false, recipe, &error)) {
      return Malformed(path, error);
    }
    // Unlike the binary parser, this one lets any bytes through.
    if (!BugRecipe().ParseFromString(recipe->SerializeAsString())) {
      return Malformed(path, "it has text that is not UTF-8");
    }
    return absl::OkStatus();
  }
  if (!recipe->ParseFromString(contents)) {
    return Malformed(path, "it is not a serialized BugRecipe");
  }
  RETURN_IF_ERROR(CheckVersion(path, *recipe));
  if (HasUnknownFields(*recipe)) {
    return Malformed(path, "it has fields that no recipe has");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<BugRecipe> ReadRecipeFile(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string contents, ReadWhole(path));
  if (absl::StripAsciiWhitespace(contents).empty()) {
    return Malformed(path, "it is empty");
  }
  BugRecipe recipe;
  RETURN_IF_ERROR(Parse(path, contents, &recipe));
  RETURN_IF_ERROR(CheckContents(path, recipe));
  return recipe;
}

absl::Status WriteRecipeFile(const std::string& path, const BugRecipe& recipe) {
  BugRecipe stored = recipe;
  stored.set_schema_version(kRecipeSchemaVersion);
  if (stored.has_expected()) {
    ExpectedViolation* expected = stored.mutable_expected();
    expected->set_kind(ToValidUtf8(expected->kind()));
    expected->set_message(ToValidUtf8(expected->message()));
    expected->set_details(ToValidUtf8(expected->details()));
    expected->set_place(ToValidUtf8(expected->place()));
  }
  std::string contents;
  if (IsText(path)) {
    TextFormat::Printer printer;
    printer.SetUseUtf8StringEscaping(true);
    CHECK(printer.PrintToString(stored, &contents));
    contents = absl::StrCat(
        "# proto-file: explorer/recipe/recipe.proto\n"
        "# proto-message: moonpool.BugRecipe\n"
        "# ",
        FormatRecipe(stored), "\n", contents);
  } else {
    CHECK(stored.SerializeToString(&contents));
  }
  return WriteFileAtomically(path, contents);
}

const std::string& BuildId() {
  static const std::string* const id = [] {
    const int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0) << "cannot read /proc/self/exe: " << strerror(errno);
    struct stat found;
    CHECK_EQ(fstat(fd, &found), 0);
    const auto size = static_cast<size_t>(found.st_size);
    void* data = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
    CHECK(data != MAP_FAILED) << "cannot map /proc/self/exe";
    const uint64_t hash =
        HashBytes(absl::string_view(static_cast<const char*>(data), size));
    munmap(data, size);
    close(fd);
    return new std::string(HashToHex(hash));
  }();
  return *id;
}

}  // namespace moonpool
