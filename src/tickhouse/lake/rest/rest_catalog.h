// A catalog behind the Iceberg REST API: the client.
#pragma once

#include <memory>
#include <string>

#include "tickhouse/lake/catalog/catalog.h"
#include "tickhouse/lake/rest/rest_session.h"

namespace tickhouse::lake {

struct RestCatalogSettings {
  std::string name = "rest";
  std::string uri;             ///< "http://127.0.0.1:8181", before "/v1".
  std::string warehouse = {};  ///< Said when asking for the configuration.
  /// Identity and transport; `token_url` empty: the server's own (or its oauth2-server-uri).
  RestSessionSettings session = {};
  /// As PyIceberg and Spark name them, put between the server's defaults and overrides: prefix,
  /// oauth2-server-uri, scope, rest.sigv4-enabled, rest.signing-name, rest.signing-region,
  /// header.NAME.
  Properties properties = {};
};

/// Asks for the configuration first: kUnavailable when nobody answers, kPermission when we may not.
/// Lists are read page by page. Tables are loaded by ETag: one that did not change is not sent
/// again. Where the server honours idempotency keys a lost answer is asked for again; what stays
/// unclear is kUnknownOutcome. Credentials for the store that a server hands out are not used:
/// files are read with our own.
Result<std::unique_ptr<Catalog>> OpenRestCatalog(RestCatalogSettings settings);

}  // namespace tickhouse::lake
