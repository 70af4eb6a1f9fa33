// Random lines of every dialect, whole and damaged: the fast path, the slow path and a reference
// written apart (csv_reference_test.h) must see the same ticks and refuse the same lines, however
// the text is cut.

#include <algorithm>
#include <array>
#include <bit>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tickhouse/core/random.h"
#include "tickhouse/core/testing.h"
#include "tickhouse/io/csv/csv_reference_test.h"
#include "tickhouse/io/csv/csv_tick_parser.h"
#include "tickhouse/io/csv/csv_tick_reader.h"

namespace tickhouse::io {
namespace {

std::string Padded(uint64_t value, std::size_t digits) {
  std::string text = std::to_string(value);
  return std::string(digits - std::min(digits, text.size()), '0') + text;
}

/// Lines of one dialect and style, in rising time.
class LineMaker {
 public:
  LineMaker(CsvDialect dialect, uint64_t seed) : dialect_(dialect), random_(seed) {
    decimals_ = random_.Below(7);
    digits_ = 1 + random_.Below(4);
    crlf_ = random_.Below(4) == 0;
    varying_ = random_.Below(3) == 0;
    second_ =
        random_.Below(2) == 0 ? 1'730'590'000 : 1'609'739'400;  // Near 3 November 2024, or not.
    headless_ = random_.Below(4) == 0 && dialect != CsvDialect::kIso;
    short_ = random_.Below(4) == 0;
  }

  std::string Header() const {
    if (headless_) return "";
    switch (dialect_) {
      case CsvDialect::kQuantDataManager:
        return short_ ? "DateTime,Bid,Ask" : "DateTime,Bid,Ask,Volume";
      case CsvDialect::kDukascopyNode:
        return short_ ? "timestamp,askPrice,bidPrice"
                      : "timestamp,askPrice,bidPrice,askVolume,bidVolume";
      case CsvDialect::kDukascopyWeb: return "Gmt time,Ask,Bid,AskVolume,BidVolume";
      case CsvDialect::kMetaTrader5:
        return "<DATE>\t<TIME>\t<BID>\t<ASK>\t<LAST>\t<VOLUME>\t<FLAGS>";
      case CsvDialect::kIso: return short_ ? "ask,Time,BID,venue" : "timestamp,bid,ask";
      default: return "";
    }
  }

  std::string Row() {
    second_ += static_cast<int64_t>(random_.Below(random_.Below(50) == 0 ? 40'000 : 30));
    const bool brief = short_ && !headless_;
    switch (dialect_) {
      case CsvDialect::kQuantDataManager:
        return Day("") + " " + Clock(":", ".") + "," + Price() + "," + Price() +
               (brief ? "" : "," + Volume());
      case CsvDialect::kDukascopyNode:
        return std::to_string(second_) + Padded(random_.Below(1'000), 3) + "," + Price() + "," +
               Price() + (brief ? "" : "," + Volume() + "," + Volume());
      case CsvDialect::kDukascopyWeb:
        return DayFirst() + " " + Clock(":", ".") + "," + Price() + "," + Price() + "," + Volume() +
               "," + Volume();
      case CsvDialect::kTrueFx:
        return "EUR/USD," + Day("") + " " + Clock(":", ".") + "," + Price() + "," + Price();
      case CsvDialect::kHistData:
        return Day("") + " " + Clock("", "") + "," + Price() + "," + Price() + ",0";
      case CsvDialect::kMetaTrader5:
        return Day(".") + "\t" + Clock(":", ".") + "\t" + Maybe(Price()) + "\t" + Maybe(Price()) +
               "\t" + Maybe("") + "\t" + Maybe(Volume()) + "\t6";
      case CsvDialect::kIso: return IsoRow();
    }
    return "";
  }

  std::string Damaged(std::string line) {
    static constexpr std::string_view kBytes = "0123456789.,:;-+eE \t\"/TZ\r";
    for (uint64_t n = 1 + random_.Below(3); n > 0; --n) {
      const std::size_t at = random_.Below(line.size() + 1);
      const char byte = random_.Below(8) == 0 ? static_cast<char>(random_.Below(256))
                                              : kBytes[random_.Below(kBytes.size())];
      switch (random_.Below(6)) {
        case 0: line.insert(at, 1, byte); break;
        case 1: line.erase(at, 1); break;
        case 2: line.resize(at); break;
        case 3: line.insert(at, line.substr(random_.Below(line.size() + 1), 12)); break;
        default:
          if (at < line.size()) line[at] = byte;
      }
    }
    std::erase(line, '\n');
    return line;
  }

  std::string Text(int lines) {
    std::string text = random_.Below(4) == 0 ? "\xEF\xBB\xBF" : "";
    if (!headless_) text += Header() + End();
    for (int i = 0; i < lines; ++i) {
      const uint64_t kind = random_.Below(40);
      std::string line = kind == 0 ? Header() : kind == 1 ? "" : Row();
      if (random_.Below(12) == 0) line = Damaged(std::move(line));
      text += line + End();
    }
    if (random_.Below(2) == 0) text.resize(text.size() - random_.Below(30));
    return text;
  }

  uint64_t Below(uint64_t bound) { return random_.Below(bound); }

 private:
  std::string End() const { return crlf_ ? "\r\n" : "\n"; }
  std::string Maybe(std::string text) { return random_.Below(3) == 0 ? "" : text; }

  std::chrono::year_month_day Date() const {
    return std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(
        std::chrono::sys_seconds(std::chrono::seconds(second_))));
  }
  std::string Day(const std::string& between) const {
    const auto date = Date();
    return Padded(static_cast<uint64_t>(static_cast<int>(date.year())), 4) + between +
           Padded(static_cast<unsigned>(date.month()), 2) + between +
           Padded(static_cast<unsigned>(date.day()), 2);
  }
  std::string DayFirst() const {
    const auto date = Date();
    return Padded(static_cast<unsigned>(date.day()), 2) + "." +
           Padded(static_cast<unsigned>(date.month()), 2) + "." +
           Padded(static_cast<uint64_t>(static_cast<int>(date.year())), 4);
  }
  std::string Clock(const std::string& between, const std::string& point) {
    const auto of_day = static_cast<uint64_t>(second_ % 86'400);
    return Padded(of_day / 3'600, 2) + between + Padded(of_day / 60 % 60, 2) + between +
           Padded(of_day % 60, 2) + point + Padded(random_.Below(1'000), 3);
  }
  std::string IsoRow() {
    static constexpr std::array<std::string_view, 6> kOffsets = {"",      "Z",   "+00:00",
                                                                 "+0200", "-05", " UTC"};
    std::string time = Day("-") + (random_.Below(2) == 0 ? "T" : " ") + Clock(":", ".");
    time += Padded(random_.Below(1'000), 3);
    if (varying_) time += Padded(random_.Below(3) == 0 ? random_.Below(1'000) : 0, 3);
    time += kOffsets[varying_ ? random_.Below(kOffsets.size()) : decimals_ % kOffsets.size()];
    return short_ ? Price() + "," + time + "," + Price() + ",x"
                  : time + "," + Price() + "," + Price();
  }

  std::string Price() {
    if (random_.Below(500) == 0) return Strange();
    std::size_t decimals = decimals_;
    if (varying_ && decimals > 0) decimals -= random_.Below(decimals + 1);
    std::string text = std::to_string(1 + random_.Below(9));
    for (std::size_t i = 1; i < digits_; ++i) text += std::to_string(random_.Below(10));
    if (decimals > 0) text += ".";
    for (std::size_t i = 0; i < decimals; ++i) text += std::to_string(random_.Below(10));
    return text;
  }
  std::string Strange() {
    static constexpr std::array<std::string_view, 12> kStrange = {
        "-1.5", "+2", "1e2",  "1.2253100000000001", "0.123456789", "123456789012.5",
        ".5",   "7.", "-0.0", "12345678901234567",  "1e400",       "999999999"};
    return std::string(kStrange[random_.Below(kStrange.size())]);
  }
  std::string Volume() {
    switch (random_.Below(8)) {
      case 0: return std::to_string(random_.Below(100));
      case 1: return "1.1200000047683716";
      case 2: return "0." + Padded(random_.Below(1'000'000'000), 9);
      default: return std::to_string(random_.Below(100)) + "." + Padded(random_.Below(100), 2);
    }
  }

  CsvDialect dialect_;
  Random random_;
  std::size_t decimals_;
  std::size_t digits_;
  bool crlf_;
  bool varying_;
  bool headless_;
  bool short_;
  int64_t second_;
};

struct Outcome {
  TickBatch rows;
  std::vector<int64_t> rejected;
  std::vector<std::string> reasons;
};

void Collect(ParsedCsv* parsed, int64_t lines_before, Outcome* outcome) {
  for (const RejectedRow& row : parsed->rejected) {
    outcome->rejected.push_back(row.line + lines_before);
    outcome->reasons.push_back(row.reason + "|" + row.row);
  }
  TickBatch rows;
  parsed->MoveRowsTo(&rows);
  if (!rows.empty()) outcome->rows.AppendRows(rows, 0, rows.size());
}

/// Cuts behind random lines; pieces of 1 to about `piece` bytes.
Outcome ParseInPieces(std::string_view text, CsvParseOptions options, std::size_t piece,
                      LineMaker* random) {
  Outcome outcome;
  CsvCarry carry;
  ParsedCsv parsed;
  bool first = true;
  int64_t lines = 0;
  while (!text.empty() || first) {
    const std::size_t wanted = std::min<std::size_t>(1 + random->Below(piece), text.size());
    std::size_t end = wanted == 0 ? 0 : text.find('\n', wanted - 1);
    end = end == std::string_view::npos ? text.size() : std::min(end + 1, text.size());
    // A copy of its own, so that a sanitizer sees every byte read beyond it.
    const std::unique_ptr<char[]> copy(new char[end]);
    std::copy_n(text.data(), end, copy.get());
    ParseCsvChunk({copy.get(), end}, first, options, &carry, &parsed);
    const int64_t lines_here = parsed.lines;
    Collect(&parsed, lines, &outcome);
    lines += lines_here;
    text.remove_prefix(end);
    first = false;
  }
  return outcome;
}

void ExpectSame(const std::vector<double>& a, const std::vector<double>& b, const char* column) {
  ASSERT_EQ(a.size(), b.size()) << column;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const bool both_nan = a[i] != a[i] && b[i] != b[i];
    ASSERT_TRUE(both_nan || std::bit_cast<uint64_t>(a[i]) == std::bit_cast<uint64_t>(b[i]))
        << column << " of row " << i << ": " << a[i] << " and " << b[i];
  }
}

void ExpectSameRows(const TickBatch& a, const TickBatch& b) {
  ASSERT_EQ(a.time_ns, b.time_ns);
  ExpectSame(a.bid, b.bid, "bid");
  ExpectSame(a.ask, b.ask, "ask");
  ExpectSame(a.volume, b.volume, "volume");
  ExpectSame(a.bid_volume, b.bid_volume, "bid volume");
  ExpectSame(a.ask_volume, b.ask_volume, "ask volume");
}

/// Bytes in memory as a stream.
class MemoryStream : public ByteStream {
 public:
  explicit MemoryStream(std::string_view text) : text_(text) {}
  Result<std::size_t> Read(std::span<std::byte> out) override {
    const std::size_t bytes = std::min(out.size(), text_.size());
    std::copy_n(reinterpret_cast<const std::byte*>(text_.data()), bytes, out.data());
    text_.remove_prefix(bytes);
    return bytes;
  }
  int64_t consumed() const override { return 0; }

 private:
  std::string_view text_;
};

Outcome ReadInChunks(std::string_view text, const CsvParseOptions& parse, std::size_t chunk) {
  Outcome outcome;
  CsvReadOptions options;
  options.dialect = parse.dialect;
  options.source_zone = parse.source_zone;
  options.with_volumes = parse.with_volumes;
  options.chunk_bytes = chunk;
  options.on_reject = [&outcome](const RejectedRow& row) -> Status {
    outcome.rejected.push_back(row.line);
    return {};
  };
  auto reader = CsvChunkReader::Open(std::make_unique<MemoryStream>(text), "x.csv", options);
  EXPECT_OK(reader);
  ParsedCsv parsed;
  while ((*reader)->Next(&parsed).value_or(false)) {
    TickBatch rows;
    parsed.MoveRowsTo(&rows);
    outcome.rows.AppendRows(rows, 0, rows.size());
  }
  return outcome;
}

class CsvProperty : public ::testing::TestWithParam<CsvDialect> {};

TEST_P(CsvProperty, EveryPathAndEveryCutSeesTheSame) {
  static constexpr std::array<std::string_view, 4> kZones = {"UTC", "UTC+2", "America/New_York",
                                                             "Europe/Berlin"};
  std::size_t rows = 0;
  std::size_t rejects = 0;
  for (uint64_t seed = 0; seed < 120; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    LineMaker maker(GetParam(), seed * 7 + static_cast<uint64_t>(GetParam()));
    const std::string text = maker.Text(150);
    CsvParseOptions options;
    options.dialect = GetParam();
    options.source_zone = Zone::Parse(kZones[seed % kZones.size()]).value();
    options.with_volumes = seed % 2 == 0;

    const ReferenceRows expected =
        CsvReference(GetParam(), options.source_zone, options.with_volumes).Read(text);
    const Outcome fast = ParseInPieces(text, options, text.size() * 2, &maker);
    ASSERT_EQ(fast.rejected, expected.rejected);
    ASSERT_NO_FATAL_FAILURE(ExpectSameRows(fast.rows, expected.rows));

    CsvParseOptions slowly = options;
    slowly.allow_fast_path = false;
    const Outcome slow = ParseInPieces(text, slowly, text.size() * 2, &maker);
    ASSERT_NO_FATAL_FAILURE(ExpectSameRows(fast.rows, slow.rows));
    ASSERT_EQ(fast.reasons, slow.reasons);

    const Outcome pieces = ParseInPieces(text, options, 1 + maker.Below(3'000), &maker);
    ASSERT_EQ(pieces.reasons, slow.reasons);
    ASSERT_NO_FATAL_FAILURE(ExpectSameRows(pieces.rows, slow.rows));

    const Outcome read = ReadInChunks(text, options, 16 + maker.Below(2'000));
    ASSERT_EQ(read.rejected, expected.rejected);
    ASSERT_NO_FATAL_FAILURE(ExpectSameRows(read.rows, slow.rows));
    rows += fast.rows.size();
    rejects += fast.rejected.size();
  }
  EXPECT_GT(rows, 10'000u) << "most lines are good";
  EXPECT_GT(rejects, 300u) << "some are not";
}

INSTANTIATE_TEST_SUITE_P(Dialects, CsvProperty,
                         ::testing::Values(CsvDialect::kQuantDataManager,
                                           CsvDialect::kDukascopyNode, CsvDialect::kDukascopyWeb,
                                           CsvDialect::kTrueFx, CsvDialect::kHistData,
                                           CsvDialect::kMetaTrader5, CsvDialect::kIso));

}  // namespace
}  // namespace tickhouse::io
