#include "tickhouse/io/journal/object_journal.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <mutex>
#include <optional>
#include <tuple>
#include <utility>

#include "tickhouse/io/journal/journal_bytes.h"

namespace tickhouse::io {

namespace {

constexpr std::size_t kMostObjects = 32;  ///< More are made one.

/// Records `first` to `last`, in one object.
struct Piece {
  int64_t first = 0;
  int64_t last = 0;
  std::string path;
};

std::string PiecePath(const std::string& path, int64_t first, int64_t last) {
  return fmt::format("{}/{:010}-{:010}", path, first, last);
}

std::optional<Piece> PieceOf(const std::string& path) {
  const std::string_view name = BaseName(path);
  const std::size_t dash = name.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  Piece piece{0, 0, path};
  const auto read = [](std::string_view text, int64_t* number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
    return error == std::errc() && end == text.data() + text.size() && *number > 0;
  };
  if (!read(name.substr(0, dash), &piece.first) || !read(name.substr(dash + 1), &piece.last) ||
      piece.last < piece.first) {
    return std::nullopt;
  }
  return piece;
}

struct Pieces {
  std::vector<Piece> used;     ///< In order, without a gap.
  std::vector<Piece> covered;  ///< What a killed merge left: a larger one holds the same records.
  int64_t last = 0;
};

Result<Pieces> FindPieces(FileSystem& fs, const std::string& path) {
  const auto files = fs.ListFiles(path);
  Pieces pieces;
  if (!files && files.error().kind == ErrorKind::kNotFound) return pieces;
  if (!files) return Fail(files.error());
  std::vector<Piece> all;
  for (const FileInfo& file : *files) {
    if (auto piece = PieceOf(file.path)) all.push_back(std::move(*piece));
  }
  std::ranges::sort(all, [](const Piece& a, const Piece& b) {
    return std::tuple(a.first, -a.last) < std::tuple(b.first, -b.last);
  });
  for (Piece& piece : all) {
    if (piece.last <= pieces.last) {
      pieces.covered.push_back(std::move(piece));
      continue;
    }
    if (piece.first != pieces.last + 1) {
      return Fail(ErrorKind::kCorrupt,
                  fmt::format("{}: record {} is missing, but {} is there; restore it or remove all "
                              "of them to start over",
                              path, pieces.last + 1, piece.path));
    }
    pieces.last = piece.last;
    pieces.used.push_back(std::move(piece));
  }
  return pieces;
}

Status ReadPiece(FileSystem& fs, const Piece& piece, std::vector<std::string>* records) {
  TICKHOUSE_ASSIGN(const std::string bytes, fs.ReadWhole(piece.path, kMaxJournalBytes));
  TICKHOUSE_ASSIGN(JournalBytes read, ReadJournalBytes(bytes, piece.path));
  if (read.good_bytes != bytes.size() ||
      static_cast<int64_t>(read.records.size()) != piece.last - piece.first + 1) {
    return Fail(ErrorKind::kCorrupt,
                fmt::format("{}: damaged; restore it or remove all of {} to start over", piece.path,
                            ParentPath(piece.path)));
  }
  std::ranges::move(read.records, std::back_inserter(*records));
  return {};
}

std::string BytesOf(std::span<const std::string> records) {
  std::string bytes(kJournalMagic);
  for (const std::string& record : records) {
    bytes += EncodeJournalRecord(static_cast<int64_t>(bytes.size()), record);
  }
  return bytes;
}

// First the whole, then the parts go: killed in between, the parts are seen to be covered.
Status Merge(FileSystem& fs, const std::string& path, const std::vector<std::string>& records,
             Pieces* pieces) {
  if (pieces->used.size() > kMostObjects) {
    Piece whole{1, pieces->last, PiecePath(path, 1, pieces->last)};
    TICKHOUSE_TRY(fs.WriteWhole(whole.path, BytesOf(records)));
    std::ranges::move(pieces->used, std::back_inserter(pieces->covered));
    pieces->used = {std::move(whole)};
  }
  for (const Piece& piece : pieces->covered) TICKHOUSE_TRY(fs.Remove(piece.path));
  return {};
}

class ObjectJournal : public Journal {
 public:
  ObjectJournal(FileSystem& fs, std::string path, std::vector<std::string> records)
      : fs_(fs),
        path_(std::move(path)),
        records_(std::move(records)),
        next_(static_cast<int64_t>(records_.size()) + 1) {}

  const std::vector<std::string>& records() const override { return records_; }
  int64_t dropped_bytes() const override { return 0; }

  Status Append(std::string_view record) override {
    TICKHOUSE_TRY(CheckJournalRecord(path_, record));
    std::scoped_lock lock(mutex_);
    const std::string one(record);
    Status written = fs_.WriteWhole(PiecePath(path_, next_, next_), BytesOf(std::span(&one, 1)),
                                    {.must_not_exist = true});
    if (written) {
      ++next_;
    } else if (written.error().kind == ErrorKind::kAlreadyExists) {
      return Fail(
          ErrorKind::kConflict,
          fmt::format("{}: another run appends to it; run again when that one is done", path_));
    }
    return written;
  }

 private:
  FileSystem& fs_;
  const std::string path_;
  const std::vector<std::string> records_;
  std::mutex mutex_;
  int64_t next_;
};

}  // namespace

Result<std::unique_ptr<Journal>> OpenObjectJournal(FileSystem& fs, const std::string& path) {
  TICKHOUSE_ASSIGN(Pieces pieces, FindPieces(fs, path));
  std::vector<std::string> records;
  for (const Piece& piece : pieces.used) TICKHOUSE_TRY(ReadPiece(fs, piece, &records));
  TICKHOUSE_TRY(Merge(fs, path, records, &pieces));
  return std::make_unique<ObjectJournal>(fs, path, std::move(records));
}

Result<std::vector<std::string>> ReadObjectJournal(FileSystem& fs, const std::string& path) {
  TICKHOUSE_ASSIGN(const Pieces pieces, FindPieces(fs, path));
  if (pieces.used.empty()) {
    return Fail(ErrorKind::kNotFound, fmt::format("{}: there is no journal", path));
  }
  std::vector<std::string> records;
  for (const Piece& piece : pieces.used) TICKHOUSE_TRY(ReadPiece(fs, piece, &records));
  return records;
}

}  // namespace tickhouse::io
