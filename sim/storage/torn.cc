// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/storage/torn.h"

#include <algorithm>

#include "providers/storage.h"

namespace moonpool {
namespace {

// A sector that tore, after FoundationDB's AsyncFileNonDurable.
std::optional<std::string> DamagedPiece(const TornFile::Piece& piece,
                                        const CrashLaw& law,
                                        DetailRandom& random) {
  const size_t length = piece.current.size();
  if (random.Chance({1, 4})) return piece.current;
  if (random.Chance({1, 3})) return std::nullopt;
  size_t begin = 0;  // of the bad part
  size_t end = length;
  const uint64_t side = random.Below(3);
  if (side == 0) end = 1 + random.Below(length);
  if (side == 1) begin = random.Below(length);
  const bool garbage = law.garbage && random.Chance({1, 2});
  std::string bytes = piece.current;
  for (size_t i = begin; i < end; ++i) {
    bytes[i] =
        garbage ? static_cast<char>(random.Below(256)) : piece.durable[i];
  }
  return bytes;
}

}  // namespace

TornFile::TornFile(const PageFile& file, const Journal& journal,
                   const LostPages& lost)
    : journal_(journal), size_(file.size()) {
  RangeSet dirty;
  for (const Journal::Record& record : journal.records()) {
    record.ForEachWritten([&](uint64_t begin, uint64_t end) {
      end = std::min(end, size_);
      if (begin >= end) return;
      dirty.Add(begin, end);
      // A page is written as a whole, what was lost on it too.
      for (uint64_t page = begin / kPageBytes; page * kPageBytes < end;
           ++page) {
        if (!lost.has(page)) continue;
        dirty.Add(page * kPageBytes, std::min(size_, (page + 1) * kPageBytes));
      }
    });
  }
  for (const auto& [begin, end] : dirty.ranges()) {
    for (uint64_t at = begin; at < end;) {
      const uint64_t next =
          std::min(end, (at / kSectorBytes + 1) * kSectorBytes);
      const uint64_t page = at / kPageBytes;
      if (pages_.empty() || pages_.back() != page) pages_.push_back(page);
      pieces_.push_back({.offset = at,
                         .page = pages_.size() - 1,
                         .current = file.Copy(at, next - at)});
      at = next;
    }
  }
}

void TornFile::LearnDurable(const PageFile& file) {
  for (Piece& piece : pieces_) {
    piece.durable = file.Copy(piece.offset, piece.current.size());
  }
}

bool TornFile::truncates(size_t index) const {
  const Journal::Record& record = journal_.records()[index];
  uint64_t written_end = record.cut;
  record.ForEachWritten([&](uint64_t, uint64_t end) {
    written_end = std::max(written_end, end);
  });
  return record.cuts() || record.new_size > written_end;
}

TornFile::Choice TornFile::KeepAll() const {
  Choice choice;
  choice.truncated.assign(records(), true);
  choice.dropped.assign(pages_.size(), false);
  for (const Piece& piece : pieces_) choice.pieces.push_back(piece.current);
  return choice;
}

TornFile::Choice TornFile::Draw(const CrashLaw& law,
                                DetailRandom& random) const {
  Choice choice = KeepAll();
  choice.size_first = random.Chance({1, 2});
  for (size_t i = 0; i < records(); ++i) {
    if (truncates(i)) choice.truncated[i] = random.Chance({1, 2});
  }
  std::vector<bool> damaged(pages_.size(), false);
  for (size_t i = 0; i < pages_.size(); ++i) {
    const uint64_t fate = random.Below(3);
    choice.dropped[i] = fate == 1;
    damaged[i] = fate == 2;
  }
  for (size_t i = 0; i < pieces_.size(); ++i) {
    const size_t page = pieces_[i].page;
    if (choice.dropped[page]) choice.pieces[i].reset();
    if (damaged[page]) choice.pieces[i] = DamagedPiece(pieces_[i], law, random);
  }
  return choice;
}

size_t TornFile::PageIndex(uint64_t page) const {
  return static_cast<size_t>(
      std::lower_bound(pages_.begin(), pages_.end(), page) - pages_.begin());
}

void TornFile::Apply(const Choice& choice, PageFile& file) const {
  auto grow = [&](uint64_t size) {
    if (file.size() < size) file.Resize(size);
  };
  for (size_t i = 0; i < records(); ++i) {
    const Journal::Record& record = journal_.records()[i];
    const bool truncated = choice.truncated[i] && truncates(i);
    if (truncated && record.cuts() && file.size() > record.cut) {
      file.Resize(record.cut);
    }
    record.ForEachWritten([&](uint64_t begin, uint64_t end) {
      end = std::min(end, size_);
      if (begin >= end) return;
      if (choice.size_first) return grow(end);
      // Up to the last page that was not dropped.
      for (uint64_t page = (end - 1) / kPageBytes;; --page) {
        if (!choice.dropped[PageIndex(page)]) {
          return grow(std::min(end, (page + 1) * kPageBytes));
        }
        if (page == begin / kPageBytes) return;
      }
    });
    if (truncated) grow(record.new_size);
  }
  for (size_t i = 0; i < pieces_.size(); ++i) {
    if (!choice.pieces[i].has_value()) continue;
    const uint64_t offset = pieces_[i].offset;
    if (offset >= file.size()) break;
    file.Write(
        offset,
        absl::string_view(*choice.pieces[i]).substr(0, file.size() - offset));
  }
}

}  // namespace moonpool
