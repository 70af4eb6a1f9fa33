#include "tickhouse/lake/rest/rest_catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include "tickhouse/lake/catalog/table_store.h"
#include "tickhouse/lake/rest/rest_wire.h"

namespace tickhouse::lake {

namespace {

using io::HttpResponse;

constexpr std::size_t kMostKeptTables = 64;
constexpr std::size_t kMostPages = 1'000'000;

Error Unreadable(const Error& error) {
  return {ErrorKind::kCorrupt, "REST catalog: its answer: " + error.message};
}

// The answer to a change that we cannot read: it happened, or not.
template <typename T>
Result<T> ReadAnswer(Result<T> value, RestEffect effect) {
  if (value) return value;
  Error error = Unreadable(value.error());
  if (effect == RestEffect::kChanges) error.kind = ErrorKind::kUnknownOutcome;
  return Fail(std::move(error));
}

std::string WithoutSlash(std::string text) {
  while (text.ends_with('/')) text.pop_back();
  return text;
}

class RestCatalog : public Catalog {
 public:
  RestCatalog(std::string name, std::string base, bool idempotent,
              std::unique_ptr<RestSession> session)
      : name_(std::move(name)),
        base_(std::move(base)),
        idempotent_(idempotent),
        session_(std::move(session)) {}

  const std::string& name() const override { return name_; }

  Status CreateNamespace(const Namespace& ns, const Properties& properties) override {
    TICKHOUSE_TRY(CheckNamespace(ns));
    return Drained(Post("/namespaces", PrintNamespaceBody({ns, properties})));
  }

  Status DropNamespace(const Namespace& ns) override {
    TICKHOUSE_TRY(CheckNamespace(ns));
    return Drained(Change("DELETE", NamespaceUrl(ns), ""));
  }

  Result<std::vector<Namespace>> ListNamespaces(const Namespace& parent) override {
    std::vector<Namespace> all;
    const std::string query = parent.empty() ? "?" : "?parent=" + NamespacePath(parent) + "&";
    TICKHOUSE_TRY(Pages("/namespaces" + query, [&](const std::string& body) -> Result<std::string> {
      TICKHOUSE_ASSIGN(NamespacePage page, ParseNamespacePage(body));
      std::ranges::move(page.namespaces, std::back_inserter(all));
      return page.next_page;
    }));
    std::ranges::sort(all);
    return all;
  }

  Result<Properties> LoadNamespace(const Namespace& ns) override {
    TICKHOUSE_TRY(CheckNamespace(ns));
    TICKHOUSE_ASSIGN(const HttpResponse response, Get(NamespaceUrl(ns)));
    TICKHOUSE_ASSIGN(NamespaceBody body,
                     ReadAnswer(ParseNamespaceBody(response.body), RestEffect::kReads));
    return std::move(body.properties);
  }

  Status UpdateNamespace(const Namespace& ns, const Properties& updates,
                         const std::vector<std::string>& removals) override {
    TICKHOUSE_TRY(CheckNamespace(ns));
    PropertiesChange change{.updates = updates, .removals = {}};
    for (const std::string& key : removals) {
      if (!updates.contains(key)) change.removals.push_back(key);
    }
    return Drained(Post(NamespaceUrl(ns) + "/properties", PrintPropertiesChange(change)));
  }

  Result<std::vector<TableIdentifier>> ListTables(const Namespace& ns) override {
    TICKHOUSE_TRY(CheckNamespace(ns));
    std::vector<TableIdentifier> all;
    TICKHOUSE_TRY(
        Pages(NamespaceUrl(ns) + "/tables?", [&](const std::string& body) -> Result<std::string> {
          TICKHOUSE_ASSIGN(TablePage page, ParseTablePage(body));
          std::ranges::move(page.tables, std::back_inserter(all));
          return page.next_page;
        }));
    std::ranges::sort(all);
    return all;
  }

  Result<LoadedTable> LoadTable(const TableIdentifier& identifier) override {
    TICKHOUSE_TRY(CheckIdentifier(identifier));
    const std::optional<Kept> kept = Find(identifier);
    RestRequest request{.url = base_ + TableUrl(identifier)};
    if (kept) request.headers.emplace_back("If-None-Match", kept->etag);
    TICKHOUSE_ASSIGN(const HttpResponse response, session_->Send(request));
    if (kept && response.status == 304) return kept->table;
    return Table(identifier, response, RestEffect::kReads);
  }

  Result<LoadedTable> CreateTable(const CreateTableRequest& request) override {
    return Create(request, false);
  }
  Result<LoadedTable> StageTable(const CreateTableRequest& request) override {
    return Create(request, true);
  }

  Result<LoadedTable> RegisterTable(const TableIdentifier& identifier,
                                    const std::string& metadata_location) override {
    TICKHOUSE_TRY(CheckIdentifier(identifier));
    TICKHOUSE_ASSIGN(const HttpResponse response,
                     Post(NamespaceUrl(identifier.ns) + "/register",
                          PrintRegister({identifier.name, metadata_location})));
    return Table(identifier, response, RestEffect::kChanges);
  }

  Status DropTable(const TableIdentifier& identifier) override {
    TICKHOUSE_TRY(CheckIdentifier(identifier));
    return Drained(Change("DELETE", TableUrl(identifier) + "?purgeRequested=false", ""));
  }

  Status RenameTable(const TableIdentifier& from, const TableIdentifier& to) override {
    TICKHOUSE_TRY(CheckIdentifier(from));
    TICKHOUSE_TRY(CheckIdentifier(to));
    return Drained(Post("/tables/rename", PrintRename({from, to})));
  }

  Result<LoadedTable> CommitTable(const TableIdentifier& identifier,
                                  const std::vector<TableRequirement>& requirements,
                                  const std::vector<TableUpdate>& updates) override {
    TICKHOUSE_TRY(CheckIdentifier(identifier));
    TICKHOUSE_ASSIGN(const HttpResponse response,
                     Post(TableUrl(identifier), PrintCommit({identifier, requirements, updates})));
    return Table(identifier, response, RestEffect::kChanges);
  }

  Status CommitTables(const std::vector<TableCommit>& commits) override {
    return Drained(Post("/transactions/commit", PrintTransaction(commits)));
  }

 private:
  struct Kept {
    std::string etag;
    LoadedTable table;
  };

  static std::string NamespaceUrl(const Namespace& ns) {
    return "/namespaces/" + NamespacePath(ns);
  }
  static std::string TableUrl(const TableIdentifier& identifier) {
    return NamespaceUrl(identifier.ns) + "/tables/" + io::PercentEncode(identifier.name);
  }

  Result<HttpResponse> Get(const std::string& path) {
    return session_->Send({.url = base_ + path});
  }
  Result<HttpResponse> Change(const std::string& method, const std::string& path,
                              std::string body) {
    return session_->Send({.method = method,
                           .url = base_ + path,
                           .body = std::move(body),
                           .idempotent = idempotent_});
  }
  Result<HttpResponse> Post(const std::string& path, std::string body) {
    return Change("POST", path, std::move(body));
  }
  static Status Drained(const Result<HttpResponse>& response) {
    if (response) return {};
    return std::unexpected(response.error());
  }

  // `take` reads one page and answers the token of the next, or "".
  template <typename Take>
  Status Pages(const std::string& url, Take take) {
    std::string token;
    for (std::size_t page = 0; page < kMostPages; ++page) {
      TICKHOUSE_ASSIGN(const HttpResponse response,
                       Get(url + "pageToken=" + io::PercentEncode(token)));
      TICKHOUSE_ASSIGN(std::string next, ReadAnswer(take(response.body), RestEffect::kReads));
      if (next.empty()) return {};
      if (next == token) break;
      token = std::move(next);
    }
    return Fail(ErrorKind::kCorrupt, "REST catalog: a list whose pages do not end");
  }

  Result<LoadedTable> Create(const CreateTableRequest& request, bool stage) {
    TICKHOUSE_TRY(CheckIdentifier(request.identifier));
    TICKHOUSE_ASSIGN(
        const HttpResponse response,
        Post(NamespaceUrl(request.identifier.ns) + "/tables", PrintCreateTable(request, stage)));
    return Table(request.identifier, response, RestEffect::kChanges);
  }

  Result<LoadedTable> Table(const TableIdentifier& identifier, const HttpResponse& response,
                            RestEffect effect) {
    TICKHOUSE_ASSIGN(LoadedTable table,
                     ReadAnswer(ParseLoadedTable(identifier, response.body), effect));
    if (const std::string_view etag = response.Header("ETag"); !etag.empty()) {
      const std::scoped_lock lock(mutex_);
      if (kept_.size() >= kMostKeptTables && !kept_.contains(identifier)) kept_.clear();
      kept_.insert_or_assign(identifier, Kept{std::string(etag), table});
    }
    return table;
  }

  std::optional<Kept> Find(const TableIdentifier& identifier) {
    const std::scoped_lock lock(mutex_);
    const auto found = kept_.find(identifier);
    if (found == kept_.end()) return std::nullopt;
    return found->second;
  }

  const std::string name_;
  const std::string base_;
  const bool idempotent_;
  std::unique_ptr<RestSession> session_;
  std::mutex mutex_;
  std::map<TableIdentifier, Kept> kept_;
};

void Apply(const Properties& properties, const std::string& uri, RestSessionSettings* session) {
  const auto value = [&](const char* key, const std::string& fallback) {
    const auto found = properties.find(key);
    return found == properties.end() ? fallback : found->second;
  };
  session->scope = value("scope", session->scope);
  if (session->token_url.empty()) {
    session->token_url = value("oauth2-server-uri", uri + "/v1/oauth/tokens");
  }
  session->sign = value("rest.sigv4-enabled", session->sign ? "true" : "false") == "true";
  session->signing_name = value("rest.signing-name", session->signing_name);
  session->signing_region = value("rest.signing-region", session->signing_region);
  constexpr std::string_view kHeader = "header.";
  for (const auto& [key, text] : properties) {
    if (key.starts_with(kHeader)) session->headers.emplace_back(key.substr(kHeader.size()), text);
  }
}

Result<CatalogConfig> AskConfig(const RestCatalogSettings& settings, const std::string& uri) {
  RestSessionSettings first = settings.session;
  Apply(settings.properties, uri, &first);
  RestSession session(std::move(first));
  std::string url = uri + "/v1/config";
  if (!settings.warehouse.empty()) url += "?warehouse=" + io::PercentEncode(settings.warehouse);
  TICKHOUSE_ASSIGN(const HttpResponse response, session.Send({.url = url}));
  return ReadAnswer(ParseCatalogConfig(response.body), RestEffect::kReads);
}

}  // namespace

Result<std::unique_ptr<Catalog>> OpenRestCatalog(RestCatalogSettings settings) {
  std::string uri = WithoutSlash(settings.uri);
  TICKHOUSE_ASSIGN(const CatalogConfig config, AskConfig(settings, uri));
  Properties merged = config.overrides;
  merged.insert(settings.properties.begin(), settings.properties.end());
  merged.insert(config.defaults.begin(), config.defaults.end());
  if (const auto moved = config.overrides.find("uri"); moved != config.overrides.end()) {
    uri = WithoutSlash(moved->second);
  }
  Apply(merged, uri, &settings.session);
  std::string base = uri + "/v1";
  if (const auto prefix = merged.find("prefix"); prefix != merged.end()) {
    base += "/" + io::PercentEncode(prefix->second, true);
  }
  return std::make_unique<RestCatalog>(std::move(settings.name), std::move(base),
                                       !config.idempotency_key_lifetime.empty(),
                                       std::make_unique<RestSession>(std::move(settings.session)));
}

}  // namespace tickhouse::lake
