#include "tickhouse/app/spark/convert_spark.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstring>
#include <functional>
#include <map>
#include <optional>

#include "tickhouse/core/log.h"
#include "tickhouse/ingest/convert/convert_output.h"
#include "tickhouse/ingest/convert/text_blocks.h"
#include "tickhouse/io/compress/byte_stream.h"
#include "tickhouse/io/parquet/parquet_tick_reader.h"
#include "tickhouse/sql/scratch_folder.h"

namespace tickhouse::app {

namespace {

using ingest::ConvertContext;
using ingest::ConvertedItem;
using ingest::ConvertItem;
using ingest::CsvFacts;
using ingest::TextBlock;
using ingest::TextBlockReader;

constexpr int kRowBits = 33;  ///< monotonically_increasing_id: split * 2^33 + row.

struct Staged {
  const ConvertItem* item = nullptr;
  CsvFacts facts;
  sql::SparkSource source;
};

std::string_view UpTo(std::string_view* text, char end) {
  const std::size_t at = std::min(text->find(end), text->size());
  const std::string_view part = text->substr(0, at);
  text->remove_prefix(std::min(at + 1, text->size()));
  return part;
}

Result<int64_t> Number(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return Fail(ErrorKind::kCorrupt, fmt::format("Spark answered '{}' for a number", text));
  }
  return value;
}

class SparkConversion {
 public:
  SparkConversion(const sql::SparkProgram& program, const sql::ScratchFolder& scratch,
                  const ConvertContext& context)
      : program_(program), scratch_(scratch), context_(context) {}

  Result<std::vector<Result<ConvertedItem>>> Run(const std::vector<const ConvertItem*>& items) {
    std::vector<std::optional<Result<ConvertedItem>>> answers(items.size());
    std::vector<std::pair<std::size_t, Staged>> staged;
    std::vector<sql::SparkSource> sources;
    for (std::size_t i = 0; i < items.size(); ++i) {
      TICKHOUSE_TRY(context_.cancel.Check());
      Result<Staged> one = Stage(*items[i], i);
      if (!one) {
        answers[i] = std::unexpected(std::move(one).error());
      } else if (one->facts.empty || !sql::IsPlainForSpark(one->source)) {
        answers[i] = ingest::ConvertCsv(*items[i], context_);
      } else {
        sources.push_back(one->source);
        staged.emplace_back(i, std::move(*one));
      }
    }
    if (!sources.empty()) {
      TICKHOUSE_TRY(sql::RunSparkSql(program_, scratch_.path(), sql::SparkConvertSql(sources),
                                     context_.cancel));
    }
    for (const auto& [i, one] : staged) answers[i] = TakeOver(one);
    std::vector<Result<ConvertedItem>> all;
    for (auto& answer : answers) all.push_back(std::move(*answer));
    return all;
  }

 private:
  Result<Staged> Stage(const ConvertItem& item, std::size_t number) {
    Staged staged;
    staged.item = &item;
    const std::string& path = item.sources.front().path;
    TICKHOUSE_ASSIGN(auto reader, TextBlockReader::Open(*context_.files, path, {}));
    TICKHOUSE_ASSIGN(staged.facts, ingest::InspectCsv(item, reader->head(), *context_.options));
    if (staged.facts.empty) return staged;
    sql::SparkSource& source = staged.source;
    source.text = scratch_.File(fmt::format("in-{}.csv", number));
    source.ticks = scratch_.File(fmt::format("ticks-{}", number));
    source.odd = scratch_.File(fmt::format("odd-{}", number));
    source.dialect = staged.facts.parse.dialect;
    source.columns = ColumnsOf(staged.facts);
    source.symbol = staged.facts.carry.symbol;
    source.zone = staged.facts.parse.source_zone;
    if (context_.options->keep_volume) {
      source.volumes = staged.facts.carry.volumes.value_or(io::VolumeColumns{});
    }
    // Spark reads names as patterns and unpacks by extension: it gets a plain file of a plain name.
    if (reader->is_packed() || path.starts_with("s3://")) {
      TICKHOUSE_TRY(Unpack(*reader, source.text));
    } else {
      TICKHOUSE_TRY(scratch_.Link(path, fmt::format("in-{}.csv", number)));
    }
    return staged;
  }

  static io::CsvColumns ColumnsOf(const CsvFacts& facts) {
    if (!facts.carry.header.empty()) {
      if (auto columns = io::CsvColumnsOfHeader(facts.parse.dialect, facts.carry.header)) {
        return *columns;
      }
    }
    return io::DefaultCsvColumns(facts.parse.dialect);
  }

  Status Unpack(TextBlockReader& reader, const std::string& to) {
    TICKHOUSE_ASSIGN(auto file, context_.files->Create(to));
    TextBlock block;
    while (true) {
      TICKHOUSE_TRY(context_.cancel.Check());
      TICKHOUSE_ASSIGN(const bool more, reader.Next(&block));
      if (!more) return file->Commit();
      TICKHOUSE_TRY(file->Append(std::as_bytes(std::span(block.text()))));
    }
  }

  struct TickPart {
    std::string path;
    int64_t rows = 0;
  };

  // Spark's files of ticks in order, and how many rows of each split are in them.
  Result<std::vector<TickPart>> TickParts(const Staged& staged, std::map<int64_t, int64_t>* rows) {
    TICKHOUSE_ASSIGN(const auto files, context_.files->ListFiles(staged.source.ticks));
    std::vector<TickPart> parts;
    for (const io::FileInfo& info : files) {
      std::string_view name = io::BaseName(info.path);
      if (UpTo(&name, '-') != "part") continue;
      TICKHOUSE_ASSIGN(const int64_t split, Number(UpTo(&name, '-')));
      TICKHOUSE_ASSIGN(const auto file, context_.files->OpenRead(info.path));
      TICKHOUSE_ASSIGN(const io::ParquetTickInfo footer, io::ReadParquetTickInfo(*file));
      (*rows)[split] += footer.rows;
      if (footer.rows > 0) parts.push_back({info.path, footer.rows});
    }
    return parts;
  }

  // The lines that Spark handed back, in order: `take(split, row in the split, line)`.
  Status ForEachOddLine(
      const Staged& staged,
      const std::function<Status(int64_t split, int64_t row, std::string_view line)>& take) {
    TICKHOUSE_ASSIGN(const auto parts, context_.files->ListFiles(staged.source.odd));
    for (const io::FileInfo& part : parts) {
      if (!io::BaseName(part.path).starts_with("part-")) continue;
      TICKHOUSE_ASSIGN(auto reader, TextBlockReader::Open(*context_.files, part.path, {}));
      TextBlock block;
      while (true) {
        TICKHOUSE_ASSIGN(const bool more, reader->Next(&block));
        if (!more) break;
        for (std::string_view rest = block.text(); !rest.empty();) {
          std::string_view line = UpTo(&rest, '\n');
          TICKHOUSE_ASSIGN(const int64_t place, Number(UpTo(&line, '\t')));
          TICKHOUSE_TRY(take(place >> kRowBits, place & ((int64_t{1} << kRowBits) - 1), line));
        }
      }
    }
    return {};
  }

  // Where each split begins, in lines, from the rows that became ticks and the lines that did not;
  // the last entry is the whole file's number of lines.
  Result<std::vector<int64_t>> FirstLines(const Staged& staged, std::map<int64_t, int64_t> rows) {
    TICKHOUSE_TRY(ForEachOddLine(staged, [&](int64_t split, int64_t, std::string_view) {
      ++rows[split];
      return Status();
    }));
    std::vector<int64_t> first = {0};
    const int64_t splits = rows.empty() ? 0 : rows.rbegin()->first + 1;
    for (int64_t split = 0; split < splits; ++split) {
      first.push_back(first.back() + (rows.contains(split) ? rows[split] : 0));
    }
    return first;
  }

  // Whether our parser keeps none of the lines that Spark handed back; those it refuses are noted.
  Result<bool> JudgeOddLines(const Staged& staged, const std::map<int64_t, int64_t>& tick_rows,
                             ingest::ConvertOutput* output) {
    TICKHOUSE_ASSIGN(const std::vector<int64_t> first_lines, FirstLines(staged, tick_rows));
    TICKHOUSE_ASSIGN(const bool ends_whole, EndsWithLineEnd(staged.source.text));
    io::CsvCarry carry = staged.facts.carry;
    io::ParsedCsv parsed;
    bool same_rows = true;
    TICKHOUSE_TRY(
        ForEachOddLine(staged, [&](int64_t split, int64_t row, std::string_view line) -> Status {
          if (!same_rows) return {};
          const int64_t number = first_lines[static_cast<std::size_t>(split)] + row + 1;
          const bool whole = ends_whole || number != first_lines.back();
          io::ParseCsvChunk(std::string(line) + (whole ? "\n" : ""), false, staged.facts.parse,
                            &carry, &parsed);
          same_rows = parsed.rows() == 0 && carry.header == staged.facts.carry.header;
          return same_rows ? Note(staged, number, parsed, output) : Status();
        }));
    // After a refused row MetaTrader's empty fields mean something else than before it.
    return same_rows &&
           (staged.source.dialect != io::CsvDialect::kMetaTrader5 || output->rejected() == 0);
  }

  Status Note(const Staged& staged, int64_t number, const io::ParsedCsv& parsed,
              ingest::ConvertOutput* output) {
    for (const io::RejectedRow& row : parsed.rejected) {
      if (context_.options->strict) {
        return Fail(ErrorKind::kCorrupt,
                    fmt::format("{}: line {}: {}: {}", staged.item->sources.front().relative,
                                number, row.reason, row.row));
      }
      TICKHOUSE_TRY(output->Reject(number, row.reason, row.row));
    }
    return {};
  }

  Result<bool> EndsWithLineEnd(const std::string& path) {
    TICKHOUSE_ASSIGN(const auto file, context_.files->OpenRead(path));
    std::byte last{};
    if (file->size() == 0) return true;
    TICKHOUSE_TRY(file->ReadAt(file->size() - 1, {&last, 1}));
    return last == std::byte{'\n'};
  }

  Result<ConvertedItem> TakeOver(const Staged& staged) {
    const ConvertItem& item = *staged.item;
    ingest::ConvertOutput output(*context_.files, context_.out, item.name, {});
    std::map<int64_t, int64_t> tick_rows;
    TICKHOUSE_ASSIGN(const std::vector<TickPart> ticks, TickParts(staged, &tick_rows));
    TICKHOUSE_ASSIGN(const bool same_rows, JudgeOddLines(staged, tick_rows, &output));
    if (!same_rows) {
      LogInfo("{}: has rows of a form that Spark's job does not know; converted here",
              item.label());
      return ingest::ConvertCsv(item, context_);
    }
    for (const TickPart& part : ticks) TICKHOUSE_TRY(output.AppendFile(part.path, part.rows));
    ConvertedItem done;
    done.symbol = staged.facts.symbol;
    done.zone_assumed = staged.facts.zone_assumed;
    TICKHOUSE_ASSIGN(done.content, ingest::HashItem(item, *context_.files, context_.cancel));
    TICKHOUSE_TRY(CheckUnchanged(item));
    TICKHOUSE_ASSIGN(done.outputs, output.Publish({}));
    done.rows = output.rows();
    done.rejected = output.rejected();
    done.rejects_path = output.rejects_path();
    context_.progress->Advance(item.bytes());
    return done;
  }

  Status CheckUnchanged(const ConvertItem& item) {
    const ingest::SourceFile& source = item.sources.front();
    TICKHOUSE_ASSIGN(const io::FileInfo now, context_.files->Stat(source.path));
    if (now.size == source.size && ToNanos(now.modified) == source.modified_ns) return {};
    return Fail(ErrorKind::kConflict,
                fmt::format("{}: changed while it was read; run again when it is complete",
                            source.relative));
  }

  const sql::SparkProgram& program_;
  const sql::ScratchFolder& scratch_;
  const ConvertContext& context_;
};

}  // namespace

ingest::ConvertEngine SparkConvertEngine(sql::SparkProgram program, std::string scratch) {
  return [program = std::move(program), scratch = std::move(scratch)](
             const std::vector<const ConvertItem*>& items,
             const ConvertContext& context) -> Result<std::vector<Result<ConvertedItem>>> {
    TICKHOUSE_ASSIGN(const sql::ScratchFolder folder, sql::ScratchFolder::Make(scratch));
    // The path stands in SQL, where Spark reads it as a pattern.
    const auto is_plain = [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || std::strchr("/_-.", c) != nullptr;
    };
    if (!std::ranges::all_of(folder.path(), is_plain)) {
      return Fail(
          ErrorKind::kInvalidArgument,
          fmt::format("{}: set TMPDIR to a folder of plain letters and digits for Spark", scratch));
    }
    return SparkConversion(program, folder, context).Run(items);
  };
}

}  // namespace tickhouse::app
