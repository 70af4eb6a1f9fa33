// HTTP/1.1 requests in, answers out: the listening side of the program.
//
// Connections are read and written by a few I/O threads; handlers run on threads of their own, so a
// slow one holds up nobody's bytes. Bounded everywhere: connections, header, body, waiting.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "tickhouse/core/error.h"
#include "tickhouse/core/time.h"
#include "tickhouse/io/net/http_client.h"

namespace tickhouse::io {

struct HttpServerOptions {
  std::string address = "127.0.0.1";  ///< An IP address of this machine.
  uint16_t port = 0;                  ///< 0: any free one.
  int io_threads = 1;
  int handler_threads = 2;
  int64_t max_header_bytes = 64 << 10;  ///< More is answered with 431.
  int64_t max_body_bytes = 64 << 20;    ///< More is answered with 413.
  int max_connections = 1024;           ///< More are answered with 503 and closed.
  /// From the first byte (or the opening) to the end of the header; of the body; of the answer.
  Nanos header_timeout = std::chrono::seconds(10);
  Nanos body_timeout = std::chrono::seconds(60);
  Nanos write_timeout = std::chrono::seconds(60);
  /// Between two requests of a connection.
  Nanos idle_timeout = std::chrono::seconds(60);
};

struct HttpServerRequest {
  std::string method = {};
  std::string target = {};  ///< Path and query as sent, still percent-encoded.
  HttpHeaders headers = {};
  std::string body = {};
  std::string peer = {};  ///< "127.0.0.1:54321"
  /// The first header of that name, or empty.
  std::string_view Header(std::string_view name) const;
  /// `target` without the query.
  std::string_view RawPath() const;
  /// The first value of a query parameter, decoded; empty when absent.
  std::string Query(std::string_view name) const;
};

/// Called from several threads at once. What it throws is answered with 500.
/// `HttpResponse::headers` may hold anything but Content-Length, Connection and Date, which the
/// server sets.
using HttpHandler = std::function<HttpResponse(const HttpServerRequest& request)>;

class HttpServer {
 public:
  /// Listens when it returns. kInvalidArgument for a bad address, kBusy when the port is taken,
  /// kPermission.
  static Result<std::unique_ptr<HttpServer>> Start(const HttpServerOptions& options,
                                                   HttpHandler handler);
  /// As `Stop`.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  uint16_t port() const;
  /// Takes no more connections, lets running handlers end and their answers go out, closes idle
  /// connections, and returns when all threads have ended. Any thread but a handler's.
  void Stop();

 private:
  class State;
  explicit HttpServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// "%41b+c" -> "Ab+c"; malformed escapes stay as they are. `plus_is_space` for queries.
std::string PercentDecode(std::string_view text, bool plus_is_space = false);

}  // namespace tickhouse::io
