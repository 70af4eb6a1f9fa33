#include "tickhouse/io/http_server/http_server.h"

#include <fmt/format.h>

#include <atomic>
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "tickhouse/core/log.h"

namespace tickhouse::io {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;
using boost::system::error_code;

constexpr int kInternalError = 500;
constexpr std::chrono::milliseconds kAcceptPause(100);

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char small = static_cast<char>(c | 0x20);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

// What sessions share. Outlives them: the server joins its threads before it goes.
struct Shared {
  HttpServerOptions options;
  HttpHandler handler;
  asio::io_context io;
  std::optional<asio::thread_pool> handlers;
  std::atomic<int> connections = 0;
  std::atomic<bool> stopping = false;
};

bool IsOurs(std::string_view name) {
  return SameHeaderName(name, "Content-Length") || SameHeaderName(name, "Connection") ||
         SameHeaderName(name, "Date") || SameHeaderName(name, "Transfer-Encoding");
}

// One connection: header, body, handler, answer, and again. All of it on its strand but the
// handler.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Shared& shared, tcp::socket socket) : shared_(shared), stream_(std::move(socket)) {
    ++shared_.connections;
    error_code ignored;
    const auto peer = stream_.socket().remote_endpoint(ignored);
    if (!ignored) peer_ = fmt::format("{}:{}", peer.address().to_string(), peer.port());
    std::ignore = stream_.socket().set_option(tcp::no_delay(true), ignored);
  }
  ~Session() { --shared_.connections; }

  void Start() {
    asio::dispatch(stream_.get_executor(), [self = shared_from_this()] {
      if (self->shared_.connections.load() > self->shared_.options.max_connections) {
        self->Refuse(http::status::service_unavailable, "too many connections\n");
        return;
      }
      self->ReadHeader(self->shared_.options.header_timeout);
    });
  }

  // From any thread: ends a connection that waits for a request.
  void CloseIfIdle() {
    asio::post(stream_.get_executor(), [self = shared_from_this()] {
      if (self->idle_) self->Close();
    });
  }

 private:
  void ReadHeader(Nanos timeout) {
    if (shared_.stopping.load()) return Close();
    idle_ = true;
    parser_.emplace();
    parser_->header_limit(static_cast<uint32_t>(shared_.options.max_header_bytes));
    parser_->body_limit(static_cast<uint64_t>(shared_.options.max_body_bytes));
    stream_.expires_after(timeout);
    http::async_read_header(stream_, buffer_, *parser_,
                            [self = shared_from_this()](error_code error, std::size_t) {
                              self->idle_ = false;
                              self->OnHeader(error);
                            });
  }

  void OnHeader(error_code error) {
    if (error) return OnReadError(error);
    if (beast::iequals(parser_->get()[http::field::expect], "100-continue")) return Continue();
    ReadBody();
  }

  void Continue() {
    continue_.emplace(http::status::continue_, parser_->get().version());
    http::async_write(stream_, *continue_,
                      [self = shared_from_this()](error_code error, std::size_t) {
                        if (error) return self->Close();
                        self->ReadBody();
                      });
  }

  void ReadBody() {
    stream_.expires_after(shared_.options.body_timeout);
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](error_code error, std::size_t) {
                       if (error) return self->OnReadError(error);
                       self->Handle();
                     });
  }

  void OnReadError(error_code error) {
    if (error == http::error::body_limit) {
      return Refuse(http::status::payload_too_large, "the body is too large\n");
    }
    if (error == http::error::header_limit) {
      return Refuse(http::status::request_header_fields_too_large, "the header is too large\n");
    }
    if (error == beast::error::timeout) {
      return parser_->got_some() ? Refuse(http::status::request_timeout, "too slow\n") : Close();
    }
    if (error.category() == http::make_error_code(http::error::bad_method).category() &&
        error != http::error::end_of_stream && error != http::error::partial_message) {
      return Refuse(http::status::bad_request, "not HTTP/1.1\n");
    }
    Close();
  }

  void Handle() {
    stream_.expires_never();
    auto message = parser_->release();
    keep_alive_ = message.keep_alive();
    version_ = message.version();
    auto request = std::make_shared<HttpServerRequest>();
    request->method = std::string(message.method_string());
    request->target = std::string(message.target());
    request->peer = peer_;
    for (const auto& field : message) {
      request->headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    }
    request->body = std::move(message.body());
    // While the handler runs nothing of this connection waits in the I/O threads, and a server that
    // stops must not take that for their end.
    auto pending = asio::make_work_guard(stream_.get_executor());
    asio::post(
        *shared_.handlers, [self = shared_from_this(), request, pending = std::move(pending)] {
          HttpResponse response = self->Answer(*request);
          asio::post(self->stream_.get_executor(), [self, head = request->method == "HEAD",
                                                    response = std::move(response)]() mutable {
            self->Write(std::move(response), head);
          });
        });
  }

  HttpResponse Answer(const HttpServerRequest& request) const {
    try {
      return shared_.handler(request);
    } catch (const std::exception& error) {
      LogWarn("{} {}: {}", request.method, request.target, error.what());
      return {.status = kInternalError, .body = "internal error\n"};
    }
  }

  void Write(HttpResponse response, bool head) {
    response_.emplace(http::int_to_status(static_cast<unsigned>(response.status)), version_);
    if (response_->result() == http::status::unknown) {
      response_->result(static_cast<unsigned>(response.status));
    }
    for (const auto& [name, value] : response.headers) {
      if (!IsOurs(name)) response_->insert(name, value);
    }
    response_->keep_alive(keep_alive_ && !shared_.stopping.load());
    const std::size_t length = response.body.size();
    if (!head) response_->body() = std::move(response.body);
    if (response.status >= 200 && response.status != 204 && response.status != 304) {
      response_->content_length(length);
    }
    Send();
  }

  void Refuse(http::status status, std::string text) {
    keep_alive_ = false;
    response_.emplace(status, version_);
    response_->set(http::field::content_type, "text/plain");
    response_->keep_alive(false);
    response_->body() = std::move(text);
    response_->prepare_payload();
    Send();
  }

  void Send() {
    stream_.expires_after(shared_.options.write_timeout);
    serializer_.emplace(*response_);
    // The body of an answer to HEAD is announced and not sent: its buffer is empty by now.
    http::async_write(stream_, *serializer_,
                      [self = shared_from_this()](error_code error, std::size_t) {
                        self->serializer_.reset();
                        const bool again = self->response_->keep_alive();
                        self->response_.reset();
                        if (error || !again) return self->Close();
                        self->ReadHeader(self->shared_.options.idle_timeout);
                      });
  }

  void Close() {
    error_code ignored;
    std::ignore = stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    stream_.close();
  }

  Shared& shared_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::optional<http::response<http::empty_body>> continue_;
  std::optional<http::response<http::string_body>> response_;
  std::optional<http::response_serializer<http::string_body>> serializer_;
  std::string peer_;
  unsigned version_ = 11;
  bool keep_alive_ = false;
  bool idle_ = false;
};

std::unexpected<Error> ListenError(const HttpServerOptions& options, const error_code& error) {
  ErrorKind kind = ErrorKind::kIo;
  if (error == asio::error::address_in_use) kind = ErrorKind::kBusy;
  if (error == asio::error::access_denied) kind = ErrorKind::kPermission;
  if (error == boost::system::errc::address_not_available) kind = ErrorKind::kInvalidArgument;
  return Fail(kind, fmt::format("cannot listen on {} port {}: {}", options.address, options.port,
                                error.message()));
}

}  // namespace

std::string PercentDecode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 &&
        HexDigit(text[i + 2]) >= 0) {
      out += static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2]));
      i += 2;
    } else {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::string_view HttpServerRequest::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (SameHeaderName(key, name)) return value;
  }
  return {};
}

std::string_view HttpServerRequest::RawPath() const {
  return std::string_view(target).substr(0, target.find('?'));
}

std::string HttpServerRequest::Query(std::string_view name) const {
  const std::size_t mark = target.find('?');
  if (mark == std::string::npos) return {};
  std::string_view rest = std::string_view(target).substr(mark + 1);
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const std::size_t equals = pair.find('=');
    if (PercentDecode(pair.substr(0, equals), true) != name) continue;
    return equals == std::string_view::npos ? std::string()
                                            : PercentDecode(pair.substr(equals + 1), true);
  }
  return {};
}

// Listens, accepts, and owns the threads.
class HttpServer::State {
 public:
  State(const HttpServerOptions& options, HttpHandler handler)
      : acceptor_(asio::make_strand(shared_.io)), pause_(acceptor_.get_executor()) {
    shared_.options = options;
    shared_.handler = std::move(handler);
  }

  Status Listen() {
    error_code error;
    const auto address = asio::ip::make_address(shared_.options.address, error);
    if (error) {
      return Fail(ErrorKind::kInvalidArgument,
                  shared_.options.address + ": not an IP address to listen on");
    }
    const tcp::endpoint endpoint(address, shared_.options.port);
    std::ignore = acceptor_.open(endpoint.protocol(), error);
    if (!error) std::ignore = acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) std::ignore = acceptor_.bind(endpoint, error);
    if (!error) std::ignore = acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) return ListenError(shared_.options, error);
    port_ = acceptor_.local_endpoint().port();
    shared_.handlers.emplace(static_cast<std::size_t>(shared_.options.handler_threads));
    Accept();
    for (int i = 0; i < shared_.options.io_threads; ++i) {
      threads_.emplace_back([this] { shared_.io.run(); });
    }
    return {};
  }

  void Stop() {
    if (shared_.stopping.exchange(true)) return;
    asio::post(acceptor_.get_executor(), [this] {
      error_code ignored;
      std::ignore = acceptor_.close(ignored);
      pause_.cancel();
    });
    {
      const std::lock_guard lock(mutex_);
      for (const auto& known : sessions_) {
        if (const auto session = known.lock()) session->CloseIfIdle();
      }
    }
    for (std::thread& thread : threads_) thread.join();
    if (shared_.handlers) shared_.handlers->join();
  }

  uint16_t port() const { return port_; }

 private:
  void Accept() {
    acceptor_.async_accept(asio::make_strand(shared_.io),
                           [this](error_code error, tcp::socket socket) {
                             if (shared_.stopping.load()) return;
                             if (error) return AcceptLater(error);
                             Begin(std::move(socket));
                             Accept();
                           });
  }

  // Out of descriptors or memory: the connection still waits, and asking at once would only spin.
  void AcceptLater(error_code error) {
    LogWarn("cannot take a connection: {}", error.message());
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([this](error_code cancelled) {
      if (!cancelled && !shared_.stopping.load()) Accept();
    });
  }

  void Begin(tcp::socket socket) {
    const auto session = std::make_shared<Session>(shared_, std::move(socket));
    {
      const std::lock_guard lock(mutex_);
      std::erase_if(sessions_, [](const auto& known) { return known.expired(); });
      sessions_.push_back(session);
    }
    session->Start();
  }

  Shared shared_;
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  uint16_t port_ = 0;
  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::vector<std::weak_ptr<Session>> sessions_;
};

HttpServer::HttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpServer::~HttpServer() {
  try {
    Stop();
  } catch (const std::exception&) {
    std::terminate();  // A thread that cannot be joined would outlive what it uses.
  }
}

Result<std::unique_ptr<HttpServer>> HttpServer::Start(const HttpServerOptions& options,
                                                      HttpHandler handler) {
  auto state = std::make_unique<State>(options, std::move(handler));
  TICKHOUSE_TRY(state->Listen());
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

uint16_t HttpServer::port() const {
  return state_->port();
}

void HttpServer::Stop() {
  state_->Stop();
}

}  // namespace tickhouse::io
