// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/checkpoint/mappings.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace moonpool::explorer {
namespace {

// The next number of the line, up to and including the separator.
bool TakeNumber(absl::string_view& line, int base, char separator,
                uint64_t& value) {
  value = 0;
  size_t i = 0;
  for (; i < line.size() && line[i] != separator; ++i) {
    const char c = line[i];
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                             : base;
    if (digit >= base) return false;
    value = value * static_cast<uint64_t>(base) + static_cast<uint64_t>(digit);
  }
  if (i == 0 || i == line.size()) return false;
  line.remove_prefix(i + 1);
  return true;
}

// 551000000000-551400400000 rw-p 00000000 00:00 0       [name]
bool ParseLine(absl::string_view line, MemoryMapping& mapping) {
  uint64_t begin = 0;
  uint64_t end = 0;
  uint64_t ignored = 0;
  if (!TakeNumber(line, 16, '-', begin) || !TakeNumber(line, 16, ' ', end) ||
      line.size() < 5) {
    return false;
  }
  mapping.begin = begin;
  mapping.end = end;
  mapping.is_readable = line[0] == 'r';
  mapping.is_writable = line[1] == 'w';
  mapping.is_executable = line[2] == 'x';
  mapping.is_private = line[3] == 'p';
  line.remove_prefix(5);
  if (!TakeNumber(line, 16, ' ', ignored) ||
      !TakeNumber(line, 16, ':', ignored) ||
      !TakeNumber(line, 16, ' ', ignored) ||
      !TakeNumber(line, 10, ' ', mapping.inode)) {
    return false;
  }
  mapping.is_stack = absl::EndsWith(line, "[stack]");
  return true;
}

bool Append(const MemoryMapping& mapping, MappingList& mappings) {
  if (mappings.size > 0) {
    MemoryMapping& last = mappings.at[mappings.size - 1];
    MemoryMapping joined = mapping;
    joined.begin = last.begin;
    MemoryMapping before = last;
    before.end = mapping.end;
    if (last.end == mapping.begin && joined == before) {
      last.end = mapping.end;
      return true;
    }
  }
  if (mappings.size == MappingList::kMax) return false;
  mappings.at[mappings.size++] = mapping;
  return true;
}

class LineReader {
 public:
  explicit LineReader(int file) : file_(file) {}
  // False at the end, or if a line is too long.
  bool Next(absl::string_view& line) {
    for (;;) {
      const absl::string_view rest(buffer_ + begin_, end_ - begin_);
      const size_t newline = rest.find('\n');
      if (newline != absl::string_view::npos) {
        line = rest.substr(0, newline);
        begin_ += newline + 1;
        return true;
      }
      if (!Fill()) return false;
    }
  }
  bool is_complete() const { return is_complete_; }

 private:
  bool Fill() {
    __builtin_memmove(buffer_, buffer_ + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    if (end_ == sizeof(buffer_)) return false;
    const ssize_t got = read(file_, buffer_ + end_, sizeof(buffer_) - end_);
    if (got < 0 && errno == EINTR) return true;
    is_complete_ = got == 0 && end_ == 0;
    if (got <= 0) return false;
    end_ += static_cast<size_t>(got);
    return true;
  }

  const int file_;
  size_t begin_ = 0;
  size_t end_ = 0;
  bool is_complete_ = false;
  char buffer_[8192];
};

}  // namespace

bool MappingList::operator==(const MappingList& other) const {
  if (size != other.size) return false;
  for (size_t i = 0; i < size; ++i) {
    if (at[i] != other.at[i]) return false;
  }
  return true;
}

bool ReadMappings(uintptr_t skip_begin, uintptr_t skip_end,
                  MappingList& mappings) {
  mappings.size = 0;
  const int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  LineReader reader(file);
  absl::string_view line;
  bool is_good = true;
  while (is_good && reader.Next(line)) {
    MemoryMapping mapping;
    is_good = ParseLine(line, mapping);
    if (!is_good) break;
    if (mapping.begin >= skip_begin && mapping.end <= skip_end) continue;
    is_good = Append(mapping, mappings);
  }
  close(file);
  return is_good && reader.is_complete();
}

}  // namespace moonpool::explorer
