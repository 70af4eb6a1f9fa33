#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <tuple>

#include "tickhouse/core/market/instrument.h"
#include "tickhouse/ingest/convert/convert_item.h"
#include "tickhouse/ingest/convert/convert_output.h"
#include "tickhouse/ingest/convert/ordered_pipeline.h"
#include "tickhouse/ingest/convert/text_blocks.h"
#include "tickhouse/io/csv/csv_tick_parser.h"
#include "tickhouse/lineage/sha256.h"

namespace tickhouse::ingest {

namespace {

// Four blocks a thread keep every stage fed; small blocks stay in the cache from read to hash.
constexpr std::size_t kBlockBytes = std::size_t{1} << 20;
constexpr int64_t kMostChunks = 512;

struct Slot {
  TextBlock block;
  io::ParsedCsv parsed;
  io::CsvCarry began_with;
  io::CsvCarry ended_with;
};

// What a block needs from those before it when its rows do not lean on the row before.
bool SameStart(const io::CsvCarry& a, const io::CsvCarry& b) {
  const auto volumes = [](const io::CsvCarry& carry) {
    const io::VolumeColumns columns = carry.volumes.value_or(io::VolumeColumns{});
    return std::tuple(carry.volumes.has_value(), columns.both_sides, columns.single);
  };
  return a.header == b.header && a.symbol == b.symbol && volumes(a) == volumes(b);
}

// The zone of times that carry none: the dialect's own, then what the file name says, then
// --source-zone; nothing of these is empty.
std::optional<Zone> ZoneOf(io::CsvDialect dialect, const ConvertItem& item,
                           const ConvertOptions& options) {
  if (std::optional<Zone> fixed = io::ZoneOfDialect(dialect)) return fixed;
  if (item.name_zone) return item.name_zone;
  return options.source_zone;
}

class CsvConversion {
 public:
  CsvConversion(const ConvertItem& item, const ConvertContext& context)
      : item_(item), source_(item.sources.front()), context_(context) {}

  Result<ConvertedItem> Run() {
    TICKHOUSE_TRY(Open());
    if (reader_->head().empty()) return Finish();
    TICKHOUSE_ASSIGN(const CsvFacts facts, InspectCsv(item_, reader_->head(), *context_.options));
    parse_options_ = facts.parse;
    symbol_ = facts.symbol;
    zone_assumed_ = facts.zone_assumed;
    in_order_ = parse_options_.dialect == io::CsvDialect::kMetaTrader5 ||
                !parse_options_.source_zone.is_fixed();
    io::ParquetTickWriter::Options writer;
    // Two threads are busy with parsing, hashing and one column after the other; more can share
    // them.
    writer.threads = std::max(1, context_.threads / 2);
    output_.emplace(*context_.files, context_.out, item_.name, writer);
    TICKHOUSE_TRY(RunStages());
    return Finish();
  }

 private:
  Status Open() {
    TextBlockReader::Options options;
    options.chunk_bytes = context_.options->chunk_bytes;
    options.block_bytes = kBlockBytes;
    TICKHOUSE_ASSIGN(reader_, TextBlockReader::Open(*context_.files, source_.path, options));
    // Each chunk stays open until the end, when the hash of the source is known.
    const int64_t chunks = source_.size / context_.options->chunk_bytes + 1;
    if (!reader_->is_packed() && chunks > kMostChunks) {
      return Fail(ErrorKind::kInvalidArgument,
                  fmt::format("{}: would make {} files (at most {}); choose a larger --chunk-size",
                              source_.relative, chunks, kMostChunks));
    }
    if (reader_->is_packed()) {
      // The text is not what lies on disk: the packed bytes are hashed on their own, being few.
      TICKHOUSE_ASSIGN(content_, HashItem(item_, *context_.files, context_.cancel));
    }
    return {};
  }

  Status RunStages() {
    const auto blocks = static_cast<std::size_t>(source_.size) / kBlockBytes + 1;
    const int wanted = 4 * context_.threads + 4;
    slots_.resize(reader_->is_packed() ? static_cast<std::size_t>(wanted)
                                       : std::min(blocks + 1, static_cast<std::size_t>(wanted)));
    PipelineStages stages;
    stages.slots = static_cast<int>(slots_.size());
    stages.load = [this](int i) { return Load(&slots_[static_cast<std::size_t>(i)]); };
    stages.work = [this](int i) { return Parse(&slots_[static_cast<std::size_t>(i)]); };
    stages.digest = [this](int i) { return Digest(slots_[static_cast<std::size_t>(i)]); };
    stages.write = [this](int i) { return Write(&slots_[static_cast<std::size_t>(i)]); };
    stages.work_in_order = [this] { return in_order_; };
    return RunPipeline(stages, context_.threads, context_.cancel);
  }

  Result<bool> Load(Slot* slot) {
    TICKHOUSE_ASSIGN(const bool more, reader_->Next(&slot->block));
    const int64_t consumed = reader_->consumed();
    context_.progress->Advance(consumed - reported_);
    reported_ = consumed;
    return more;
  }

  // Blocks start from what the newest written block ended with; `Write` finds the rare one for
  // which that was not the truth (a header in the middle of a file).
  Status Parse(Slot* slot) {
    if (in_order_) {
      slot->began_with = chain_;
    } else {
      std::scoped_lock lock(guess_mutex_);
      slot->began_with = guess_;
    }
    ParseFrom(slot->began_with, slot);
    if (in_order_) {
      chain_ = slot->ended_with;
    } else if (slot->block.is_first()) {
      std::scoped_lock lock(guess_mutex_);
      guess_ = slot->ended_with;
    }
    return {};
  }

  void ParseFrom(const io::CsvCarry& carry, Slot* slot) {
    slot->ended_with = carry;
    io::ParseCsvChunk(slot->block.text(), slot->block.is_first(), parse_options_, &slot->ended_with,
                      &slot->parsed);
  }

  Status Digest(const Slot& slot) {
    if (reader_->is_packed()) return {};
    const std::string_view text = slot.block.text();
    sha_.Update(std::as_bytes(std::span(text.data(), text.size())));
    return {};
  }

  Status Write(Slot* slot) {
    if (!in_order_) {
      if (!slot->block.is_first() && !SameStart(slot->began_with, truth_)) ParseFrom(truth_, slot);
      if (!SameStart(slot->ended_with, truth_)) {
        std::scoped_lock lock(guess_mutex_);
        guess_ = slot->ended_with;
      }
    }
    truth_ = slot->ended_with;
    if (parse_options_.with_volumes)
      output_->set_volumes(truth_.volumes.value_or(io::VolumeColumns{}));
    TICKHOUSE_TRY(WriteRejected(slot->parsed));
    lines_ += slot->parsed.lines;
    if (!slot->parsed.in_points) return output_->Write(slot->block.chunk(), slot->parsed.batch);
    const io::PointTicks& points = slot->parsed.points;
    if (points.size() > 0) decimals_ = std::max(decimals_, points.decimals);
    return output_->Write(slot->block.chunk(), points);
  }

  Status WriteRejected(const io::ParsedCsv& parsed) {
    for (const io::RejectedRow& row : parsed.rejected) {
      const int64_t line = lines_ + row.line;
      if (context_.options->strict) {
        return Fail(ErrorKind::kCorrupt, fmt::format("{}: line {}: {}: {}", source_.relative, line,
                                                     row.reason, row.row));
      }
      TICKHOUSE_TRY(output_->Reject(line, row.reason, row.row));
    }
    return {};
  }

  // A file that was written to meanwhile may end in half a row: better none than a wrong one.
  Status CheckUnchanged() {
    TICKHOUSE_ASSIGN(const io::FileInfo now, context_.files->Stat(source_.path));
    if (now.size == source_.size && ToNanos(now.modified) == source_.modified_ns &&
        reader_->file_bytes() == source_.size) {
      return {};
    }
    return Fail(
        ErrorKind::kConflict,
        fmt::format("{}: changed while it was read ({} bytes, then {}); run again when it is "
                    "complete",
                    source_.relative, source_.size, now.size));
  }

  Result<ConvertedItem> Finish() {
    TICKHOUSE_TRY(CheckUnchanged());
    ConvertedItem done;
    done.symbol = symbol_;
    done.zone_assumed = zone_assumed_;
    done.content = reader_->is_packed() ? content_ : sha_.Finish();
    if (!output_) return done;
    io::TickFileMetadata metadata;
    metadata.symbol = symbol_;
    metadata.decimals = DecimalsOf();
    metadata.source_file = source_.relative;
    metadata.source_sha256 = done.content;
    metadata.source_zone = parse_options_.source_zone.name();
    metadata.more["dialect"] = std::string(io::CsvDialectName(parse_options_.dialect));
    metadata.more["program"] = context_.options->program;
    TICKHOUSE_ASSIGN(done.outputs, output_->Publish(metadata));
    done.rows = output_->rows();
    done.rejected = output_->rejected();
    done.rejects_path = output_->rejects_path();
    return done;
  }

  // What the text shows; prices beyond the fast form fall back on the instrument's own.
  int DecimalsOf() const {
    if (decimals_ >= 0) return decimals_;
    const Result<Instrument> known = FindInstrument(symbol_);
    return known ? known->decimals : -1;
  }

  const ConvertItem& item_;
  const SourceFile& source_;
  const ConvertContext& context_;
  std::unique_ptr<TextBlockReader> reader_;
  std::optional<ConvertOutput> output_;
  io::CsvParseOptions parse_options_;
  bool in_order_ = false;
  std::mutex guess_mutex_;
  io::CsvCarry guess_;  ///< Where a block probably starts from.
  io::CsvCarry truth_;  ///< Where the next block to be written starts from.
  io::CsvCarry chain_;  ///< In order: where the next block to be parsed starts from.
  lineage::Sha256 sha_;
  std::string content_;
  std::string symbol_;
  std::vector<Slot> slots_;
  int64_t lines_ = 0;
  int64_t reported_ = 0;
  int decimals_ = -1;
  bool zone_assumed_ = false;
};

}  // namespace

Result<CsvFacts> InspectCsv(const ConvertItem& item, std::string_view head,
                            const ConvertOptions& options) {
  CsvFacts facts;
  facts.empty = head.empty();
  if (facts.empty) return facts;
  const std::string& name = item.sources.front().relative;
  if (options.dialect) {
    facts.parse.dialect = *options.dialect;
  } else {
    Result<io::CsvDialect> dialect = io::DetectCsvDialect(head);
    if (!dialect) return Fail(dialect.error().WithContext(name));
    facts.parse.dialect = *dialect;
  }
  const std::optional<Zone> zone = ZoneOf(facts.parse.dialect, item, options);
  facts.parse.source_zone = zone.value_or(Zone());
  // ISO times usually carry their offset; who knows only the first rows cannot tell.
  facts.zone_assumed = !zone && facts.parse.dialect != io::CsvDialect::kIso;
  facts.parse.with_volumes = options.keep_volume;

  const std::size_t end = head.rfind('\n');
  facts.head = end == std::string_view::npos ? head : head.substr(0, end + 1);
  io::ParsedCsv parsed;
  io::ParseCsvChunk(facts.head, true, facts.parse, &facts.carry, &parsed);
  facts.symbol = item.symbol;
  if (facts.symbol.empty() && parsed.symbol) facts.symbol = *parsed.symbol;
  if (facts.symbol.empty()) {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("{}: neither the folder nor the file name tells the symbol; name the "
                            "folder after it or pass --symbol",
                            name));
  }
  return facts;
}

Result<ConvertedItem> ConvertCsv(const ConvertItem& item, const ConvertContext& context) {
  return CsvConversion(item, context).Run();
}

}  // namespace tickhouse::ingest
