#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "tickhouse/core/market/instrument.h"
#include "tickhouse/ingest/convert/convert_item.h"
#include "tickhouse/ingest/convert/convert_output.h"
#include "tickhouse/ingest/convert/ordered_pipeline.h"
#include "tickhouse/io/bi5/bi5.h"
#include "tickhouse/io/dukascopy/dukascopy_hour.h"
#include "tickhouse/lineage/sha256.h"

namespace tickhouse::ingest {

namespace {

// An hour holds a few thousand ticks: several of them make a piece of work worth handing over.
constexpr std::size_t kHoursPerSlot = 8;
constexpr int64_t kLargestHour = int64_t{256} << 20;

struct DecodedHour {
  Status status;  ///< kCorrupt: goes to the side file.
  std::string sha256;
  io::PointTicks ticks;
};

struct Slot {
  std::size_t begin = 0;  ///< Index of the first source.
  std::vector<DecodedHour> hours;
  io::Bi5Decoder decoder;  ///< Keeps its memory from hour to hour.
};

// The memory stays for the next hour.
void Clear(io::PointTicks* ticks) {
  ticks->time_us.clear();
  ticks->bid.points.clear();
  ticks->ask.points.clear();
  ticks->bid_volume.clear();
  ticks->ask_volume.clear();
}

std::string HourLine(const SourceFile& source, const std::string& sha256) {
  return fmt::format("{} {}\n", source.hour_ns, sha256);
}

Status AppendBi5(std::span<const io::Bi5Record> records, int64_t hour_ns, bool with_volumes,
                 io::PointTicks* ticks) {
  constexpr auto kMost = static_cast<uint32_t>(std::numeric_limits<int32_t>::max());
  ticks->time_us.reserve(records.size());
  ticks->bid.points.reserve(records.size());
  ticks->ask.points.reserve(records.size());
  for (const io::Bi5Record& record : records) {
    if (record.ask_points > kMost || record.bid_points > kMost) {
      return Fail(ErrorKind::kCorrupt, fmt::format("a price of {} points is absurd",
                                                   std::max(record.ask_points, record.bid_points)));
    }
  }
  ticks->time_us.resize(records.size());
  ticks->bid.points.resize(records.size());
  ticks->ask.points.resize(records.size());
  const int64_t hour_us = hour_ns / kNanosPerMicro;
  for (std::size_t i = 0; i < records.size(); ++i) {
    ticks->time_us[i] = hour_us + int64_t{records[i].ms} * 1000;
    ticks->bid.points[i] = static_cast<int32_t>(records[i].bid_points);
    ticks->ask.points[i] = static_cast<int32_t>(records[i].ask_points);
  }
  if (!with_volumes) return {};
  for (const io::Bi5Record& record : records) {
    ticks->bid_volume.push_back(static_cast<double>(record.bid_volume) * 1e6);
    ticks->ask_volume.push_back(static_cast<double>(record.ask_volume) * 1e6);
  }
  return {};
}

void TakeJson(io::DukascopyHour hour, bool with_volumes, io::PointTicks* ticks) {
  ticks->decimals = hour.decimals;
  ticks->time_us.reserve(hour.size());
  for (const int64_t ms : hour.time_ms) ticks->time_us.push_back(ms * 1000);
  ticks->bid.points = std::move(hour.bid_points);
  ticks->ask.points = std::move(hour.ask_points);
  if (with_volumes) {
    ticks->bid_volume = std::move(hour.bid_volume);
    ticks->ask_volume = std::move(hour.ask_volume);
  }
}

class HoursConversion {
 public:
  HoursConversion(const ConvertItem& item, const ConvertContext& context)
      : item_(item), context_(context), output_(*context.files, context.out, item.name, Writer()) {}

  Result<ConvertedItem> Run() {
    if (item_.kind == InputKind::kBi5) {
      Result<Instrument> instrument = FindInstrument(item_.symbol);
      if (!instrument) {
        return Fail(instrument.error().WithContext(
            fmt::format("{}: bi5 prices need the instrument's decimals", item_.label())));
      }
      decimals_ = instrument->decimals;
    }
    const std::size_t pieces = (item_.sources.size() + kHoursPerSlot - 1) / kHoursPerSlot;
    slots_.resize(std::min(pieces, static_cast<std::size_t>(2 * context_.threads + 2)));
    PipelineStages stages;
    stages.slots = static_cast<int>(slots_.size());
    stages.load = [this](int i) { return Load(&slots_[static_cast<std::size_t>(i)]); };
    stages.work = [this](int i) { return Decode(&slots_[static_cast<std::size_t>(i)]); };
    stages.write = [this](int i) { return Write(slots_[static_cast<std::size_t>(i)]); };
    TICKHOUSE_TRY(RunPipeline(stages, context_.threads, context_.cancel));
    return Finish();
  }

 private:
  io::ParquetTickWriter::Options Writer() const {
    io::ParquetTickWriter::Options options;
    options.volumes.both_sides = context_.options->keep_volume;
    // Most folders are one row group, encoded when all is decoded: then every thread is free.
    options.threads = context_.threads;
    return options;
  }

  Result<bool> Load(Slot* slot) {
    if (next_source_ == item_.sources.size()) return false;
    slot->begin = next_source_;
    next_source_ = std::min(item_.sources.size(), next_source_ + kHoursPerSlot);
    slot->hours.resize(next_source_ - slot->begin);
    return true;
  }

  Status Decode(Slot* slot) {
    for (std::size_t k = 0; k < slot->hours.size(); ++k) {
      const SourceFile& source = item_.sources[slot->begin + k];
      TICKHOUSE_ASSIGN(const std::string bytes,
                       context_.files->ReadWhole(source.path, kLargestHour));
      if (static_cast<int64_t>(bytes.size()) != source.size) {
        return Fail(
            ErrorKind::kConflict,
            fmt::format("{}: changed while it was read ({} bytes, then {}); run again when it "
                        "is complete",
                        source.relative, source.size, bytes.size()));
      }
      DecodedHour& hour = slot->hours[k];
      Clear(&hour.ticks);
      hour.sha256 = lineage::Sha256Of(bytes);
      hour.status = DecodeHour(bytes, source, &slot->decoder, &hour.ticks);
      context_.progress->Advance(source.size);
    }
    return {};
  }

  Status DecodeHour(const std::string& bytes, const SourceFile& source, io::Bi5Decoder* decoder,
                    io::PointTicks* ticks) {
    const bool with_volumes = context_.options->keep_volume;
    if (item_.kind == InputKind::kBi5) {
      TICKHOUSE_ASSIGN(const std::span<const io::Bi5Record> records,
                       decoder->Decode(std::as_bytes(std::span(bytes))));
      ticks->decimals = decimals_;
      return AppendBi5(records, source.hour_ns, with_volumes, ticks);
    }
    if (bytes.empty()) return {};  // As with bi5: an hour that was proven empty.
    TICKHOUSE_ASSIGN(io::DukascopyHour hour, io::ParseDukascopyHour(bytes));
    TakeJson(std::move(hour), with_volumes, ticks);
    return CheckHour(source, *ticks);
  }

  // A file under the wrong name would put its ticks into another hour's place.
  static Status CheckHour(const SourceFile& source, const io::PointTicks& ticks) {
    if (source.hour_ns == 0) return {};
    for (const int64_t time_us : ticks.time_us) {
      const int64_t since_ns = time_us * kNanosPerMicro - source.hour_ns;
      if (since_ns < 0 || since_ns >= kNanosPerHour) {
        return Fail(ErrorKind::kCorrupt,
                    fmt::format("holds a tick of {}, which is not the hour of its name",
                                FormatUtc(FromNanos(time_us * kNanosPerMicro))));
      }
    }
    return {};
  }

  Status Write(const Slot& slot) {
    for (std::size_t k = 0; k < slot.hours.size(); ++k) {
      const SourceFile& source = item_.sources[slot.begin + k];
      const DecodedHour& hour = slot.hours[k];
      lines_ += HourLine(source, hour.sha256);
      if (!hour.status) {
        const std::string& reason = hour.status.error().message;
        if (context_.options->strict) {
          return Fail(ErrorKind::kCorrupt, fmt::format("{}: {}", source.relative, reason));
        }
        const auto line = static_cast<int64_t>(slot.begin + k + 1);
        TICKHOUSE_TRY(output_.Reject(line, reason, source.relative));
        continue;
      }
      if (hour.ticks.size() > 0) decimals_ = hour.ticks.decimals;
      TICKHOUSE_TRY(output_.Write(0, hour.ticks));
    }
    return {};
  }

  Result<ConvertedItem> Finish() {
    ConvertedItem done;
    done.symbol = item_.symbol;
    done.content = lineage::Sha256Of(lines_);
    io::TickFileMetadata metadata;
    metadata.symbol = item_.symbol;
    metadata.decimals = decimals_;
    metadata.source_file = item_.label();
    metadata.source_zone = "UTC";
    metadata.more["dialect"] = std::string(InputKindName(item_.kind));
    metadata.more["sources_sha256"] = done.content;
    metadata.more["program"] = context_.options->program;
    TICKHOUSE_ASSIGN(done.outputs, output_.Publish(metadata));
    done.rows = output_.rows();
    done.rejected = output_.rejected();
    done.rejects_path = output_.rejects_path();
    return done;
  }

  const ConvertItem& item_;
  const ConvertContext& context_;
  ConvertOutput output_;
  std::vector<Slot> slots_;
  std::string lines_;
  std::size_t next_source_ = 0;
  int decimals_ = -1;
};

}  // namespace

Result<ConvertedItem> ConvertHours(const ConvertItem& item, const ConvertContext& context) {
  return HoursConversion(item, context).Run();
}

Result<std::string> HashItem(const ConvertItem& item, io::FileSystem& files,
                             const CancelToken& cancel) {
  std::string lines;
  for (const SourceFile& source : item.sources) {
    TICKHOUSE_TRY(cancel.Check());
    TICKHOUSE_ASSIGN(const auto file, files.OpenRead(source.path));
    TICKHOUSE_ASSIGN(std::string sha256, lineage::Sha256OfFile(*file));
    if (item.kind == InputKind::kCsv) return sha256;
    lines += HourLine(source, sha256);
  }
  return lineage::Sha256Of(lines);
}

}  // namespace tickhouse::ingest
