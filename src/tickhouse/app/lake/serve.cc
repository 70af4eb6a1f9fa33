#include "tickhouse/app/lake/serve.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <utility>

#include "tickhouse/core/log.h"
#include "tickhouse/io/http_server/http_server.h"
#include "tickhouse/lake/rest/rest_service.h"
#include "tickhouse/report/text/display_text.h"

namespace tickhouse::app {

namespace {

constexpr int kLastPort = 65'535;
constexpr int kFewestHandlers = 4;  // They wait for disks and databases more than they compute.
constexpr int64_t kMostTokenBytes = 64 << 10;
constexpr std::size_t kMostTargetColumns = 200;

bool IsLoopback(const std::string& address) {
  return address.starts_with("127.") || address == "::1";
}

bool IsTokenCharacter(char c) {
  return c > ' ' && c < '\x7F';
}

Result<std::string> TokenOf(const ServeRequest& request, io::FileSystem& files) {
  if (!request.token.empty() && !request.token_file.empty()) {
    return Fail(ErrorKind::kInvalidArgument, "give --token or --token-file, not both");
  }
  std::string token = request.token;
  if (!request.token_file.empty()) {
    TICKHOUSE_ASSIGN(token, files.ReadWhole(request.token_file, kMostTokenBytes));
    while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
    if (token.empty()) {
      return Fail(ErrorKind::kInvalidArgument, request.token_file + ": holds no token");
    }
  }
  if (!std::ranges::all_of(token, IsTokenCharacter)) {
    return Fail(ErrorKind::kInvalidArgument,
                "the token must be one line of printable ASCII without blanks");
  }
  return token;
}

Result<io::HttpServerOptions> OptionsOf(const ServeRequest& request, const std::string& token,
                                        const Environment& environment) {
  io::HttpServerOptions options;
  options.address = request.host == "localhost" ? "127.0.0.1" : request.host;
  if (request.port < 0 || request.port > kLastPort) {
    return Fail(ErrorKind::kInvalidArgument, fmt::format("no port {}", request.port));
  }
  options.port = static_cast<uint16_t>(request.port);
  options.handler_threads = std::max(environment.threads, kFewestHandlers);
  if (IsLoopback(options.address)) return options;
  if (!request.insecure) {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("{} is reached from other machines, and nothing is encrypted here: put "
                            "a proxy with TLS before 127.0.0.1, or say --insecure",
                            options.address));
  }
  if (token.empty()) {
    LogWarn("everybody who reaches {} may read and change every table: no --token-file was given",
            options.address);
  }
  return options;
}

std::string UrlOf(const std::string& address, uint16_t port) {
  return address.find(':') == std::string::npos ? fmt::format("http://{}:{}", address, port)
                                                : fmt::format("http://[{}]:{}", address, port);
}

class Service {
 public:
  Service(Workspace& workspace, std::string token, Environment& environment)
      : clock_(*environment.clock),
        rest_({.catalog = workspace.catalog.get(),
               .files = environment.files,
               .clock = environment.clock,
               .token = std::move(token),
               .warehouse = workspace.warehouse}) {}

  io::HttpResponse Handle(const io::HttpServerRequest& request) {
    const int64_t begin_ns = clock_.MonotonicNanos();
    io::HttpResponse response = rest_.Handle(request);
    ++requests_;
    if (response.status >= 500) ++failures_;
    LogDebug("{} {} {} {} {:.1f} ms", request.peer, request.method,
             report::Shorten(report::OneLine(request.target), kMostTargetColumns), response.status,
             static_cast<double>(clock_.MonotonicNanos() - begin_ns) / 1e6);
    return response;
  }

  int64_t requests() const { return requests_; }
  int64_t failures() const { return failures_; }

 private:
  Clock& clock_;
  lake::RestService rest_;
  std::atomic<int64_t> requests_ = 0;
  std::atomic<int64_t> failures_ = 0;
};

// The file is there as long as the server listens.
class PortFile {
 public:
  PortFile(io::FileSystem& files, std::string path) : files_(files), path_(std::move(path)) {}
  ~PortFile() {
    if (!written_) return;
    [[maybe_unused]] const Status removed = files_.Remove(path_);
  }
  PortFile(const PortFile&) = delete;
  PortFile& operator=(const PortFile&) = delete;

  Status Write(uint16_t port) {
    if (path_.empty()) return {};
    TICKHOUSE_TRY(files_.WriteWhole(path_, fmt::format("{}\n", port)));
    written_ = true;
    return {};
  }

 private:
  io::FileSystem& files_;
  std::string path_;
  bool written_ = false;
};

}  // namespace

Result<RunReport> LakeServe(const ServeRequest& request, Environment& environment) {
  TICKHOUSE_ASSIGN(const std::string token, TokenOf(request, *environment.files));
  TICKHOUSE_ASSIGN(const io::HttpServerOptions options, OptionsOf(request, token, environment));
  TICKHOUSE_ASSIGN(Workspace workspace, OpenWorkspace(request.workspace, environment));
  Service service(workspace, token, environment);
  TICKHOUSE_ASSIGN(const auto server,
                   io::HttpServer::Start(options, [&](const io::HttpServerRequest& asked) {
                     return service.Handle(asked);
                   }));
  PortFile port_file(*environment.files, request.port_file);
  TICKHOUSE_TRY(port_file.Write(server->port()));
  LogInfo("catalog {} ({}) is served at {}{}; Ctrl-C ends it", workspace.catalog->name(),
          workspace.kind, UrlOf(options.address, server->port()),
          token.empty() ? "" : " to those who have the token");
  while (environment.clock->Sleep(std::chrono::hours(1), environment.cancel)) {
  }
  server->Stop();
  return Fail(ErrorKind::kCancelled, fmt::format("ended after {} requests, {} of them failed here",
                                                 service.requests(), service.failures()));
}

}  // namespace tickhouse::app
