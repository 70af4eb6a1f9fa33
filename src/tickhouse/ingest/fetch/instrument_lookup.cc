#include "tickhouse/ingest/fetch/instrument_lookup.h"

#include <fmt/format.h>

#include <optional>

#include "tickhouse/core/log.h"
#include "tickhouse/ingest/fetch/fetch_manifest.h"
#include "tickhouse/io/dukascopy/dukascopy_address.h"
#include "tickhouse/io/dukascopy/dukascopy_instrument.h"

namespace tickhouse::ingest {

namespace {

constexpr int64_t kMaxDescriptionBytes = int64_t{4} << 20;

bool IsAddress(std::string_view text) {
  return text.starts_with("http://") || text.starts_with("https://");
}

std::string WithCode(std::string text, std::string_view code) {
  constexpr std::string_view kHole = "{CODE}";
  const std::size_t at = text.find(kHole);
  if (at != text.npos) text.replace(at, kHole.size(), code);
  return text;
}

Result<std::string> Download(io::HttpClient& http, const std::string& url,
                             const CancelToken& cancel) {
  io::HttpRequest request;
  request.url = url;
  request.headers = {{"Accept", "application/json"}, {"User-Agent", "tickhouse"}};
  request.total_timeout = std::chrono::seconds(60);
  request.max_response_bytes = kMaxDescriptionBytes;
  TICKHOUSE_ASSIGN(io::HttpResponse response, http.Send(request, cancel));
  if (response.status == 200) return std::move(response.body);
  const ErrorKind kind = response.status == 404   ? ErrorKind::kNotFound
                         : response.status >= 500 ? ErrorKind::kUnavailable
                                                  : ErrorKind::kPermission;
  return Fail(kind, fmt::format("{}: HTTP {}", url, response.status));
}

std::string KeptPath(const InstrumentLookup& lookup, std::string_view symbol) {
  return io::JoinPath(FetchFolder(lookup.out, symbol), "instrument.json");
}

Result<KnownInstrument> Understand(std::string_view json, std::string_view symbol,
                                   const std::string& where) {
  auto described = io::ParseDukascopyInstrument(json);
  if (!described) return Fail(described.error().WithContext(where));
  if (described->instrument.symbol != symbol) {
    return Fail(ErrorKind::kInvalidArgument, fmt::format("{}: describes {}, not {}", where,
                                                         described->instrument.symbol, symbol));
  }
  return KnownInstrument{std::move(described->instrument), std::move(described->holidays)};
}

Result<KnownInstrument> UnderstandAndKeep(const InstrumentLookup& lookup, std::string_view symbol,
                                          const std::string& json, const std::string& where) {
  TICKHOUSE_ASSIGN(KnownInstrument known, Understand(json, symbol, where));
  TICKHOUSE_TRY(lookup.files->WriteWhole(KeptPath(lookup, symbol), json));
  return known;
}

Result<std::optional<KnownInstrument>> Kept(const InstrumentLookup& lookup,
                                            std::string_view symbol) {
  const std::string path = KeptPath(lookup, symbol);
  TICKHOUSE_ASSIGN(const bool exists, lookup.files->Exists(path));
  if (!exists) return std::nullopt;
  TICKHOUSE_ASSIGN(const std::string json, lookup.files->ReadWhole(path, kMaxDescriptionBytes));
  return Understand(json, symbol, path);
}

}  // namespace

std::string GuessCode(std::string_view name) {
  std::string code;
  for (const char c : name) {
    code += c == '/' || c == '_' || c == ' ' ? '-'
            : c >= 'a' && c <= 'z'           ? static_cast<char>(c - 'a' + 'A')
                                             : c;
  }
  if (code.size() <= 3 || code.find('-') != code.npos) return code;
  const std::string quote = code.substr(code.size() - 3);
  std::string base = code.substr(0, code.size() - 3);
  if (base.size() > 3 && base.find('.') == base.npos &&
      (base.ends_with("IDX") || base.ends_with("CMD"))) {
    base.insert(base.size() - 3, ".");
  }
  return base + "-" + quote;
}

Result<KnownInstrument> FindKnownInstrument(const InstrumentLookup& lookup, std::string_view name,
                                            const CancelToken& cancel) {
  const std::string symbol = CanonicalSymbol(name);
  if (symbol.empty()) {
    return Fail(ErrorKind::kInvalidArgument, fmt::format("\"{}\" is no symbol", name));
  }
  auto built_in = FindInstrument(name);
  const std::string code = built_in ? built_in->code : GuessCode(name);
  if (!lookup.description.empty()) {
    const std::string where = WithCode(lookup.description, code);
    auto json = IsAddress(where) ? Download(*lookup.http, where, cancel)
                                 : lookup.files->ReadWhole(where, kMaxDescriptionBytes);
    if (!json) return Fail(json.error());
    return UnderstandAndKeep(lookup, symbol, *json, where);
  }
  TICKHOUSE_ASSIGN(std::optional<KnownInstrument> kept, Kept(lookup, symbol));
  if (kept) return std::move(*kept);
  if (built_in) return KnownInstrument{std::move(*built_in), {}};
  if (lookup.root.empty()) {
    return Fail(built_in.error().kind,
                built_in.error().message + "; name its description with --instruments FILE or URL");
  }
  const std::string url = io::DukascopyInstrumentUrl(lookup.root, code);
  LogInfo("{} is not in the built-in table; asking {}", symbol, url);
  auto json = Download(*lookup.http, url, cancel);
  if (!json && json.error().kind == ErrorKind::kNotFound) {
    return Fail(ErrorKind::kNotFound,
                fmt::format("{}; the feed does not know {} either ({})", built_in.error().message,
                            code, json.error().message));
  }
  if (!json) return Fail(json.error());
  return UnderstandAndKeep(lookup, symbol, *json, url);
}

}  // namespace tickhouse::ingest
