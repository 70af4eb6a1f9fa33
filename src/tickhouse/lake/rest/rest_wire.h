// The bodies and paths of the Iceberg REST catalog API (v1), as client and server write and read
// them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/lake/catalog/catalog.h"

namespace tickhouse::lake {

/// Levels joined by the unit separator, percent-encoded: {"a", "b"} -> "a%1Fb".
std::string NamespacePath(const Namespace& ns);
/// Of a decoded path segment.
Namespace ParseNamespacePath(std::string_view segment);

// Readers answer kInvalidArgument with the member at fault. What a body has beyond what is asked is
// left alone.

struct NamespaceBody {
  Namespace ns;
  Properties properties;
};
std::string PrintNamespaceBody(const NamespaceBody& body);
Result<NamespaceBody> ParseNamespaceBody(std::string_view text);

struct PropertiesChange {
  Properties updates;
  std::vector<std::string> removals;
};
std::string PrintPropertiesChange(const PropertiesChange& change);
/// A key that is both updated and removed is left to the caller.
Result<PropertiesChange> ParsePropertiesChange(std::string_view text);

/// What became of a change: updated, removed, missing (to be removed, but not among `before`).
std::string PrintPropertiesAnswer(const PropertiesChange& change, const Properties& before);

/// One page of a list; `next_page` empty: the last.
struct NamespacePage {
  std::vector<Namespace> namespaces;
  std::string next_page;
};
std::string PrintNamespacePage(const NamespacePage& page);
Result<NamespacePage> ParseNamespacePage(std::string_view text);

struct TablePage {
  std::vector<TableIdentifier> tables;
  std::string next_page;
};
std::string PrintTablePage(const TablePage& page);
Result<TablePage> ParseTablePage(std::string_view text);

/// The format version travels as property "format-version".
std::string PrintCreateTable(const CreateTableRequest& request, bool stage);
struct CreateTableBody {
  CreateTableRequest request;
  bool stage = false;
};
Result<CreateTableBody> ParseCreateTable(const Namespace& ns, std::string_view text);

struct RegisterBody {
  std::string name;
  std::string metadata_location;
  bool overwrite = false;
};
std::string PrintRegister(const RegisterBody& body);
Result<RegisterBody> ParseRegister(std::string_view text);

struct RenameBody {
  TableIdentifier source;
  TableIdentifier destination;
};
std::string PrintRename(const RenameBody& body);
Result<RenameBody> ParseRename(std::string_view text);

std::string PrintCommit(const TableCommit& commit);
/// `expected`: the table of the path; an identifier in the body must be the same.
Result<TableCommit> ParseCommit(const TableIdentifier& expected, std::string_view text);
std::string PrintTransaction(const std::vector<TableCommit>& commits);
Result<std::vector<TableCommit>> ParseTransaction(std::string_view text);

/// With an empty location (a staged table) there is no member metadata-location.
std::string PrintLoadedTable(const LoadedTable& table);
/// Metadata that cannot be read is kCorrupt.
Result<LoadedTable> ParseLoadedTable(const TableIdentifier& identifier, std::string_view text);

/// GET /v1/config.
struct CatalogConfig {
  Properties defaults;
  Properties overrides;
  std::vector<std::string> endpoints;
  std::string idempotency_key_lifetime;  ///< ISO 8601; empty: keys are not honoured.
};
std::string PrintCatalogConfig(const CatalogConfig& config);
Result<CatalogConfig> ParseCatalogConfig(std::string_view text);

/// Answer of a token endpoint.
struct TokenAnswer {
  std::string access_token;
  int64_t expires_in_s = 0;  ///< 0: not said.
};
std::string PrintTokenAnswer(const TokenAnswer& answer);
Result<TokenAnswer> ParseTokenAnswer(std::string_view text);

}  // namespace tickhouse::lake
