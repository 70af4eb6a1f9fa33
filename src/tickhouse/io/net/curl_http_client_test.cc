#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>

#include <cstdlib>
#include <optional>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/test_folder.h"
#include "tickhouse/io/net/test_http_server.h"

namespace tickhouse::io {
namespace {

/// Sets a variable of the environment for one test.
class ScopedVariable {
 public:
  ScopedVariable(const char* name, const char* value) : name_(name) {
    if (const char* old = std::getenv(name)) before_ = old;
    value == nullptr ? ::unsetenv(name) : ::setenv(name, value, 1);
  }
  ~ScopedVariable() { before_ ? ::setenv(name_, before_->c_str(), 1) : ::unsetenv(name_); }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

Certificate SelfSigned(EVP_PKEY* key, const char* names) {
  Certificate certificate(X509_new(), X509_free);
  X509* raw = certificate.get();
  X509_set_version(raw, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(raw), 1);
  X509_gmtime_adj(X509_getm_notBefore(raw), -3600);
  X509_gmtime_adj(X509_getm_notAfter(raw), 3600);
  X509_set_pubkey(raw, key);
  X509_NAME* subject = X509_get_subject_name(raw);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
  X509_set_issuer_name(raw, subject);
  for (const auto& [nid, value] :
       {std::pair{NID_basic_constraints, "critical,CA:TRUE"}, {NID_subject_alt_name, names}}) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
    X509_add_ext(raw, extension, -1);
    X509_EXTENSION_free(extension);
  }
  X509_sign(raw, key, EVP_sha256());
  return certificate;
}

/// Answers one request on each TLS connection with "secret".
class TlsServer {
 public:
  TlsServer(const std::string& certificate_path, const char* names)
      : key_(EVP_EC_gen("P-256"), EVP_PKEY_free),
        certificate_(SelfSigned(key_.get(), names)),
        context_(SSL_CTX_new(TLS_server_method()), SSL_CTX_free) {
    SSL_CTX_use_certificate(context_.get(), certificate_.get());
    SSL_CTX_use_PrivateKey(context_.get(), key_.get());
    FILE* file = std::fopen(certificate_path.c_str(), "w");
    TICKHOUSE_CHECK(file != nullptr && PEM_write_X509(file, certificate_.get()) == 1,
                    "the certificate is written");
    std::fclose(file);
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    TICKHOUSE_CHECK(
        ::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 &&
            ::listen(listener_, 16) == 0 &&
            ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) == 0,
        "a loopback port is free");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Run(); });
  }
  ~TlsServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  std::string url() const { return "https://127.0.0.1:" + std::to_string(port_) + "/"; }

 private:
  void Run() {
    sigset_t pipe;  // a client that hangs up must not end the test
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    while (true) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context_.get()), SSL_free);
      SSL_set_fd(ssl.get(), fd);
      char request[4096];
      if (SSL_accept(ssl.get()) == 1 && SSL_read(ssl.get(), request, sizeof(request)) > 0) {
        const std::string answer =
            "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecret";
        SSL_write(ssl.get(), answer.data(), static_cast<int>(answer.size()));
        SSL_shutdown(ssl.get());
      }
      ERR_clear_error();
      ::close(fd);
    }
  }

  Key key_;
  Certificate certificate_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  int listener_ = -1;
  int port_ = 0;
  std::thread thread_;
};

class CurlHttpClientTls : public testing::Test {
 protected:
  const TemporaryFolder folder_;
  const ScopedVariable no_proxy_{"no_proxy", "127.0.0.1"};
  const ScopedVariable bundle_{"CURL_CA_BUNDLE", nullptr};
  const ScopedVariable ssl_file_{"SSL_CERT_FILE", nullptr};
  const std::unique_ptr<HttpClient> client_ = MakeCurlHttpClient();
};

TEST_F(CurlHttpClientTls, TrustsTheStoreThatIsNamed) {
  const TlsServer server(folder_.File("ca.pem"), "IP:127.0.0.1");
  for (const char* variable : {"CURL_CA_BUNDLE", "SSL_CERT_FILE"}) {
    const ScopedVariable trusted(variable, folder_.File("ca.pem").c_str());
    ASSERT_OK_AND_ASSIGN(const HttpResponse response,
                         client_->Send({.url = server.url()}, CancelToken()));
    EXPECT_EQ(response.body, "secret");
  }
}

TEST_F(CurlHttpClientTls, RefusesAStrangersCertificate) {
  const TlsServer server(folder_.File("ca.pem"), "IP:127.0.0.1");
  const auto response = client_->Send({.url = server.url()}, CancelToken());
  EXPECT_THAT(response, IsError(ErrorKind::kUnavailable));
  EXPECT_THAT(response, HasErrorMessage("certificate"));
}

TEST_F(CurlHttpClientTls, RefusesACertificateForAnotherName) {
  const TlsServer server(folder_.File("ca.pem"), "DNS:elsewhere.example");
  const ScopedVariable trusted("SSL_CERT_FILE", folder_.File("ca.pem").c_str());
  EXPECT_THAT(client_->Send({.url = server.url()}, CancelToken()),
              IsError(ErrorKind::kUnavailable));
}

TEST_F(CurlHttpClientTls, PlainHttpWhereTlsIsExpectedIsNoConnection) {
  TestHttpServer server([](const TestRequest&) { return Reply(200, ""); });
  // The server waits for the end of a head that never comes; the handshake cannot succeed.
  server.CutRequestsAfter(0);
  const std::string url = "https" + server.url().substr(4);
  EXPECT_THAT(client_->Send({.url = url}, CancelToken()), IsError(ErrorKind::kUnavailable));
}

TEST(CurlHttpClient, GoesThroughTheProxyOfTheEnvironment) {
  TestHttpServer proxy([](const TestRequest& request) { return Reply(200, request.target); });
  const ScopedVariable address("http_proxy", proxy.url().c_str());
  const auto client = MakeCurlHttpClient();
  {
    const ScopedVariable everywhere("no_proxy", nullptr);
    const ScopedVariable everywhere_too("NO_PROXY", nullptr);
    ASSERT_OK_AND_ASSIGN(const HttpResponse response,
                         client->Send({.url = "http://feed.example/x"}, CancelToken()));
    EXPECT_EQ(response.body, "http://feed.example/x");
  }
  const ScopedVariable except("no_proxy", "feed.invalid");
  EXPECT_THAT(client->Send({.url = "http://feed.invalid/x"}, CancelToken()),
              IsError(ErrorKind::kUnavailable));
  EXPECT_EQ(proxy.requests().size(), 1u);
}

}  // namespace
}  // namespace tickhouse::io
