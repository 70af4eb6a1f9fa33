#include "tickhouse/lake/rest/rest_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <span>
#include <utility>

#include "tickhouse/io/s3/sigv4.h"
#include "tickhouse/lake/catalog/table_store.h"
#include "tickhouse/lake/rest/idempotency.h"
#include "tickhouse/lake/rest/purge_table.h"
#include "tickhouse/lake/rest/rest_error.h"
#include "tickhouse/lake/rest/rest_routes.h"
#include "tickhouse/lake/rest/rest_wire.h"

namespace tickhouse::lake {

namespace {

using io::HttpResponse;
using Request = io::HttpServerRequest;
using Answer = Result<HttpResponse>;

constexpr char kKeyLifetime[] = "PT30M";

const std::vector<std::string>& Endpoints() {
  static const std::vector<std::string> endpoints = {
      "GET /v1/{prefix}/namespaces",
      "POST /v1/{prefix}/namespaces",
      "GET /v1/{prefix}/namespaces/{namespace}",
      "HEAD /v1/{prefix}/namespaces/{namespace}",
      "DELETE /v1/{prefix}/namespaces/{namespace}",
      "POST /v1/{prefix}/namespaces/{namespace}/properties",
      "GET /v1/{prefix}/namespaces/{namespace}/tables",
      "POST /v1/{prefix}/namespaces/{namespace}/tables",
      "POST /v1/{prefix}/namespaces/{namespace}/register",
      "GET /v1/{prefix}/namespaces/{namespace}/tables/{table}",
      "HEAD /v1/{prefix}/namespaces/{namespace}/tables/{table}",
      "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}",
      "DELETE /v1/{prefix}/namespaces/{namespace}/tables/{table}",
      "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/metrics",
      "POST /v1/{prefix}/tables/rename",
      "POST /v1/{prefix}/transactions/commit"};
  return endpoints;
}

HttpResponse Json(std::string body) {
  return {
      .status = 200, .headers = {{"Content-Type", "application/json"}}, .body = std::move(body)};
}

HttpResponse NoContent() {
  return {.status = 204, .headers = {}, .body = {}};
}

// Metadata files never change, so their location says what a table is.
std::string EtagOf(const LoadedTable& table, std::string_view flavour) {
  return fmt::format(
      "\"{}\"",
      io::Sha256Hex(fmt::format("{} {}", table.metadata_location, flavour)).substr(0, 32));
}

HttpResponse Loaded(const LoadedTable& table) {
  HttpResponse response = Json(PrintLoadedTable(table));
  if (!table.metadata_location.empty()) {
    response.headers.emplace_back("ETag", EtagOf(table, "all"));
  }
  return response;
}

// With ?snapshots=refs: only what branches and tags name.
LoadedTable WithReferredSnapshots(const LoadedTable& table) {
  std::set<int64_t> referred;
  for (const auto& [name, ref] : table.metadata->refs) referred.insert(ref.snapshot_id);
  TableMetadata fewer = *table.metadata;
  fewer.snapshots.EraseIf([&](const Snapshot& s) { return !referred.contains(s.id); });
  return {table.identifier, table.metadata_location,
          std::make_shared<const TableMetadata>(std::move(fewer))};
}

std::string FormValue(std::string_view form, std::string_view name) {
  const Request query{.target = "/?" + std::string(form)};
  return query.Query(name);
}

}  // namespace

class RestService::State {
 public:
  explicit State(RestServiceSettings settings)
      : settings_(std::move(settings)), answers_(settings_.clock, {}) {}

  HttpResponse Handle(const Request& request) {
    const std::vector<std::string> path = RouteSegments(request);
    if (path.size() == 2 && path[0] == "oauth" && path[1] == "tokens") return GiveToken(request);
    if (!MayUse(request)) {
      HttpResponse refused =
          ErrorAnswer(401, "NotAuthorizedException", "a bearer token is needed, or it is wrong");
      refused.headers.emplace_back("WWW-Authenticate", "Bearer");
      return refused;
    }
    const std::string_view key = request.Header("Idempotency-Key");
    if (key.empty() || request.method == "GET" || request.method == "HEAD") {
      return Route(request, path);
    }
    const std::string fingerprint =
        fmt::format("{} {} {}", request.method, request.target, io::Sha256Hex(request.body));
    return answers_.Once(std::string(key), fingerprint, [&] { return Route(request, path); });
  }

 private:
  using Segments = std::span<const std::string>;

  bool MayUse(const Request& request) const {
    if (settings_.token.empty()) return true;
    std::string_view given = request.Header("Authorization");
    if (given.size() < 7 || !io::SameHeaderName(given.substr(0, 7), "Bearer ")) return false;
    return SameSecret(given.substr(7), settings_.token);
  }

  // OAuth2 client credentials: whoever knows the token as a secret is given it.
  HttpResponse GiveToken(const Request& request) const {
    if (request.method != "POST") return WrongMethod(request);
    if (FormValue(request.body, "grant_type") != "client_credentials") {
      return ErrorAnswer(400, "OAuthException",
                         "unsupported_grant_type: only client_credentials is served");
    }
    if (!settings_.token.empty() &&
        !SameSecret(FormValue(request.body, "client_secret"), settings_.token)) {
      return ErrorAnswer(401, "OAuthException", "invalid_client: the client secret is wrong");
    }
    const std::string token = settings_.token.empty() ? "anonymous" : settings_.token;
    return Json(PrintTokenAnswer({.access_token = token, .expires_in_s = 3600}));
  }

  static HttpResponse WrongMethod(const Request& request) {
    return ErrorAnswer(405, "MethodNotAllowedException",
                       fmt::format("{} is not served here", request.method));
  }
  static HttpResponse NoRoute(const Request& request) {
    return ErrorAnswer(404, "NoSuchEndpointException",
                       fmt::format("no endpoint {}", request.RawPath()));
  }

  HttpResponse Route(const Request& request, Segments path) {
    if (path.size() == 1 && path[0] == "config") {
      return request.method == "GET" ? Config() : WrongMethod(request);
    }
    if (path.size() == 2 && path[0] == "tables" && path[1] == "rename") {
      return request.method == "POST" ? Told(RenameTable(request), {}) : WrongMethod(request);
    }
    if (path.size() == 2 && path[0] == "transactions" && path[1] == "commit") {
      return request.method == "POST" ? Told(CommitAll(request), {}) : WrongMethod(request);
    }
    if (path.empty() || path[0] != "namespaces") return NoRoute(request);
    if (path.size() == 1) return AllNamespaces(request);
    const Namespace ns = ParseNamespacePath(path[1]);
    if (path.size() == 2) return OneNamespace(request, ns);
    return BelowNamespace(request, ns, path.subspan(2));
  }

  HttpResponse BelowNamespace(const Request& request, const Namespace& ns, Segments path) {
    const bool post = request.method == "POST";
    if (path.size() == 1 && path[0] == "properties") {
      return post ? Told(ChangeProperties(request, ns), {}) : WrongMethod(request);
    }
    if (path.size() == 1 && path[0] == "register") {
      return post ? Told(Register(request, ns), {}) : WrongMethod(request);
    }
    if (path[0] == "views") return Views(request, ns, path.size());
    if (path[0] != "tables" || path.size() > 3) return NoRoute(request);
    if (path.size() == 1) {
      if (post) return Told(Create(request, ns), {});
      return request.method == "GET" ? Told(ListTables(request, ns), {}) : WrongMethod(request);
    }
    const TableIdentifier table{ns, path[1]};
    if (path.size() == 2) return OneTable(request, table);
    if (path[2] != "metrics") return NoRoute(request);
    return post ? NoContent() : WrongMethod(request);  // Reports of scans: nobody reads them here.
  }

  HttpResponse Config() const {
    CatalogConfig config;
    config.endpoints = Endpoints();
    config.idempotency_key_lifetime = kKeyLifetime;
    if (!settings_.warehouse.empty()) config.defaults["warehouse"] = settings_.warehouse;
    return Json(PrintCatalogConfig(config));
  }

  HttpResponse AllNamespaces(const Request& request) {
    if (request.method == "GET") return Told(ListNamespaces(request), {});
    if (request.method == "POST") return Told(CreateNamespace(request), {});
    return WrongMethod(request);
  }

  HttpResponse OneNamespace(const Request& request, const Namespace& ns) {
    if (request.method == "GET") return Told(LoadNamespace(ns), {});
    if (request.method == "HEAD") {
      const auto found = settings_.catalog->LoadNamespace(ns);
      return Told(Done(found ? Status() : std::unexpected(found.error())), {});
    }
    if (request.method == "DELETE") return Told(DropNamespace(ns), {});
    return WrongMethod(request);
  }

  HttpResponse OneTable(const Request& request, const TableIdentifier& table) {
    if (request.method == "GET") return Told(Load(request, table), table);
    if (request.method == "HEAD") {
      const auto found = settings_.catalog->LoadTable(table);
      return Told(Done(found ? Status() : std::unexpected(found.error())), table);
    }
    if (request.method == "POST") return Told(Commit(request, table), table);
    if (request.method == "DELETE") return Told(Drop(request, table), table);
    return WrongMethod(request);
  }

  HttpResponse Views(const Request& request, const Namespace& ns, std::size_t depth) {
    const auto exists = settings_.catalog->LoadNamespace(ns);
    if (!exists) return Told(std::unexpected(exists.error()), {});
    if (request.method == "GET" && depth == 1) return Json(PrintTablePage({}));
    if (request.method != "GET" && request.method != "HEAD") return WrongMethod(request);
    return ErrorAnswer(404, "NoSuchViewException", "this catalog has no views");
  }

  static Answer Done(const Status& status) {
    if (status) return NoContent();
    return std::unexpected(status.error());
  }

  Answer DropNamespace(const Namespace& ns) {
    const Status done = settings_.catalog->DropNamespace(ns);
    if (!done && done.error().kind == ErrorKind::kConflict) {
      return ErrorAnswer(409, "NamespaceNotEmptyException", done.error().message);
    }
    return Done(done);
  }

  Answer ListNamespaces(const Request& request) {
    const std::string parent = request.Query("parent");
    TICKHOUSE_ASSIGN(std::vector<Namespace> all,
                     settings_.catalog->ListNamespaces(
                         parent.empty() ? Namespace() : ParseNamespacePath(parent)));
    TICKHOUSE_ASSIGN(PageSpan span, PageOf(request, all.size()));
    const auto at = [&](std::size_t i) { return all.begin() + static_cast<std::ptrdiff_t>(i); };
    return Json(PrintNamespacePage(
        {.namespaces = {at(span.begin), at(span.end)}, .next_page = std::move(span.next_page)}));
  }

  Answer CreateNamespace(const Request& request) {
    TICKHOUSE_ASSIGN(const NamespaceBody body, ParseNamespaceBody(request.body));
    TICKHOUSE_TRY(settings_.catalog->CreateNamespace(body.ns, body.properties));
    return Json(PrintNamespaceBody(body));
  }

  Answer LoadNamespace(const Namespace& ns) {
    TICKHOUSE_ASSIGN(Properties properties, settings_.catalog->LoadNamespace(ns));
    return Json(PrintNamespaceBody({.ns = ns, .properties = std::move(properties)}));
  }

  Answer ChangeProperties(const Request& request, const Namespace& ns) {
    TICKHOUSE_ASSIGN(const PropertiesChange change, ParsePropertiesChange(request.body));
    for (const std::string& key : change.removals) {
      if (!change.updates.contains(key)) continue;
      return ErrorAnswer(422, "UnprocessableEntityException",
                         fmt::format("property {} is both updated and removed", key));
    }
    TICKHOUSE_ASSIGN(const Properties before, settings_.catalog->LoadNamespace(ns));
    TICKHOUSE_TRY(settings_.catalog->UpdateNamespace(ns, change.updates, change.removals));
    return Json(PrintPropertiesAnswer(change, before));
  }

  Answer ListTables(const Request& request, const Namespace& ns) {
    TICKHOUSE_ASSIGN(const std::vector<TableIdentifier> all, settings_.catalog->ListTables(ns));
    TICKHOUSE_ASSIGN(PageSpan span, PageOf(request, all.size()));
    const auto at = [&](std::size_t i) { return all.begin() + static_cast<std::ptrdiff_t>(i); };
    return Json(PrintTablePage(
        {.tables = {at(span.begin), at(span.end)}, .next_page = std::move(span.next_page)}));
  }

  Answer Create(const Request& request, const Namespace& ns) {
    TICKHOUSE_ASSIGN(const CreateTableBody body, ParseCreateTable(ns, request.body));
    TICKHOUSE_ASSIGN(const LoadedTable table, body.stage
                                                  ? settings_.catalog->StageTable(body.request)
                                                  : settings_.catalog->CreateTable(body.request));
    return Loaded(table);
  }

  Answer Register(const Request& request, const Namespace& ns) {
    TICKHOUSE_ASSIGN(const RegisterBody body, ParseRegister(request.body));
    if (body.overwrite) {
      return Fail(ErrorKind::kUnsupported, "register: overwriting a table is not served");
    }
    auto table = settings_.catalog->RegisterTable({ns, body.name}, body.metadata_location);
    // That a metadata file is missing or broken is the caller's fault here.
    if (!table && (table.error().kind == ErrorKind::kCorrupt ||
                   (table.error().kind == ErrorKind::kNotFound &&
                    settings_.catalog->LoadNamespace(ns).has_value()))) {
      return Fail(ErrorKind::kInvalidArgument, table.error().message);
    }
    if (!table) return std::unexpected(table.error());
    return Loaded(*table);
  }

  Answer Load(const Request& request, const TableIdentifier& identifier) {
    const std::string wanted = request.Query("snapshots");
    if (!wanted.empty() && wanted != "all" && wanted != "refs") {
      return Fail(ErrorKind::kInvalidArgument, "snapshots: all or refs");
    }
    TICKHOUSE_ASSIGN(LoadedTable table, settings_.catalog->LoadTable(identifier));
    const std::string etag = EtagOf(table, wanted == "refs" ? "refs" : "all");
    if (MatchesEtag(request.Header("If-None-Match"), etag)) {
      return HttpResponse{.status = 304, .headers = {{"ETag", etag}}, .body = {}};
    }
    if (wanted == "refs") table = WithReferredSnapshots(table);
    HttpResponse response = Json(PrintLoadedTable(table));
    response.headers.emplace_back("ETag", etag);
    return response;
  }

  Answer Commit(const Request& request, const TableIdentifier& identifier) {
    TICKHOUSE_ASSIGN(const TableCommit commit, ParseCommit(identifier, request.body));
    TICKHOUSE_ASSIGN(const LoadedTable table, settings_.catalog->CommitTable(
                                                  identifier, commit.requirements, commit.updates));
    return Loaded(table);
  }

  Answer CommitAll(const Request& request) {
    TICKHOUSE_ASSIGN(const std::vector<TableCommit> commits, ParseTransaction(request.body));
    return Done(settings_.catalog->CommitTables(commits));
  }

  Answer RenameTable(const Request& request) {
    TICKHOUSE_ASSIGN(const RenameBody body, ParseRename(request.body));
    const Status done = settings_.catalog->RenameTable(body.source, body.destination);
    if (!done && done.error().kind == ErrorKind::kNotFound)
      return Missing(body.source, done.error());
    return Done(done);
  }

  Answer Drop(const Request& request, const TableIdentifier& table) {
    // PyIceberg writes True.
    if (io::SameHeaderName(request.Query("purgeRequested"), "true")) {
      return Done(PurgeTable(*settings_.catalog, *settings_.files, table));
    }
    return Done(settings_.catalog->DropTable(table));
  }

  // Which of the two is missing, or whether only the file behind the pointer is.
  HttpResponse Missing(const TableIdentifier& table, const Error& error) {
    const auto tables = settings_.catalog->ListTables(table.ns);
    if (!tables) return ErrorAnswer(404, "NoSuchNamespaceException", error.message);
    if (std::ranges::find(*tables, table) == tables->end()) {
      return ErrorAnswer(404, "NoSuchTableException", error.message);
    }
    return ErrorAnswer(500, kMissingMetadataType, error.message);
  }

  // An outcome as HTTP. `table`: what the request was about, when it was about one table.
  HttpResponse Told(Answer answer, const TableIdentifier& table) {
    if (answer) return std::move(*answer);
    const Error& error = answer.error();
    const std::string& text = error.message;
    switch (error.kind) {
      case ErrorKind::kInvalidArgument: return ErrorAnswer(400, "BadRequestException", text);
      case ErrorKind::kUnsupported: return ErrorAnswer(406, "UnsupportedOperationException", text);
      case ErrorKind::kPermission: return ErrorAnswer(403, "ForbiddenException", text);
      case ErrorKind::kAlreadyExists: return ErrorAnswer(409, "AlreadyExistsException", text);
      case ErrorKind::kNotFound:
        if (!table.name.empty()) return Missing(table, error);
        return ErrorAnswer(404, "NoSuchNamespaceException", text);
      case ErrorKind::kConflict: return ErrorAnswer(409, "CommitFailedException", text);
      case ErrorKind::kUnknownOutcome: return ErrorAnswer(500, "CommitStateUnknownException", text);
      case ErrorKind::kCorrupt: return ErrorAnswer(500, kCorruptMetadataType, text);
      case ErrorKind::kUnavailable:
      case ErrorKind::kBusy:
      case ErrorKind::kTimeout: return ErrorAnswer(503, "ServiceUnavailableException", text);
      default: return ErrorAnswer(500, "InternalServerError", text);
    }
  }

  const RestServiceSettings settings_;
  IdempotentAnswers answers_;
};

RestService::RestService(RestServiceSettings settings)
    : state_(std::make_unique<State>(std::move(settings))) {}
RestService::~RestService() = default;

HttpResponse RestService::Handle(const Request& request) {
  return state_->Handle(request);
}

}  // namespace tickhouse::lake
