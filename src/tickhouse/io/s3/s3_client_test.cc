#include "tickhouse/io/s3/s3_client.h"

#include <gtest/gtest.h>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/net/scripted_http_client.h"
#include "tickhouse/io/s3/s3_file_system.h"

namespace tickhouse::io {
namespace {

using Answers = std::vector<Result<HttpResponse>>;

HttpResponse ErrorAnswer(int status, const std::string& code) {
  return {status,
          {},
          "<?xml version=\"1.0\"?>\n<Error><Code>" + code +
              "</Code><Message>the reason</Message></Error>"};
}
HttpResponse Written(const std::string& etag) {
  return {200, {{"ETag", "\"" + etag + "\""}}, ""};
}
std::unexpected<Error> Lost() {
  return Fail(ErrorKind::kUnknownOutcome, "answer lost");
}

std::string HeaderOf(const HttpRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.headers) {
    if (SameHeaderName(key, name)) return value;
  }
  return {};
}

S3Config Config() {
  S3Config config;
  config.credentials = {"key", "secret", {}};
  config.endpoint = "http://store:9000";
  return config;
}

/// A client over a script, on a clock that only waits on paper.
struct Scripted {
  explicit Scripted(ScriptedHttpClient::Answer answer, S3Config config = Config())
      : http(std::move(answer)), client(std::move(config), &http, &clock, cancel) {}
  explicit Scripted(Answers answers, S3Config config = Config())
      : http(std::move(answers)), client(std::move(config), &http, &clock, cancel) {}

  CancelToken cancel;
  ManualClock clock{FromNanos(1'700'000'000 * kNanosPerSecond)};
  ScriptedHttpClient http;
  S3Client client;
};

/// The id that the first request with one carried.
std::string WriteIdIn(const std::vector<HttpRequest>& requests) {
  for (const HttpRequest& request : requests) {
    if (auto id = HeaderOf(request, "x-amz-meta-tickhouse-write"); !id.empty()) return id;
  }
  return "none";
}

TEST(S3Client, AddressesInBothStyles) {
  Scripted path(Answers{Written("e")});
  ASSERT_OK(path.client.Put("bucket", "a b/+é", "x"));
  EXPECT_EQ(path.http.requests()[0].url, "http://store:9000/bucket/a%20b/%2B%C3%A9");

  S3Config config = Config();
  config.path_style = false;
  Scripted host(Answers{Written("e")}, config);
  ASSERT_OK(host.client.Put("bucket", "k", "x"));
  EXPECT_EQ(host.http.requests()[0].url, "http://bucket.store:9000/k");

  config.endpoint = "";
  config.region = "eu-west-3";
  Scripted aws(Answers{Written("e")}, config);
  ASSERT_OK(aws.client.Put("bucket", "k", "x"));
  EXPECT_EQ(aws.http.requests()[0].url, "https://bucket.s3.eu-west-3.amazonaws.com/k");
}

TEST(S3Client, TriesAgainWhatMayPass) {
  Scripted s3(Answers{ErrorAnswer(503, "SlowDown"), ErrorAnswer(500, "InternalError"),
                      Fail(ErrorKind::kUnavailable, "refused"), Fail(ErrorKind::kTimeout, "slow"),
                      ErrorAnswer(400, "RequestTimeout"), Written("done")});
  ASSERT_OK_AND_ASSIGN(const std::string etag, s3.client.Put("bucket", "k", "body"));
  EXPECT_EQ(etag, "done");
  const auto requests = s3.http.requests();
  ASSERT_EQ(requests.size(), 6u);
  for (const HttpRequest& request : requests) EXPECT_EQ(request.body, "body");
  EXPECT_GT(s3.clock.MonotonicNanos(), 0) << "it waited between";
}

TEST(S3Client, SignsEachAttemptAfresh) {
  S3Config slow = Config();
  slow.first_wait = std::chrono::hours(1);
  slow.longest_wait = std::chrono::hours(1);
  Scripted late(Answers{ErrorAnswer(503, "SlowDown"), Written("e")}, slow);
  ASSERT_OK(late.client.Put("bucket", "k", "body"));
  EXPECT_NE(HeaderOf(late.http.requests()[0], "x-amz-date"),
            HeaderOf(late.http.requests()[1], "x-amz-date"));
}

TEST(S3Client, WaitsAsLongAsTheStoreAsks) {
  HttpResponse busy = ErrorAnswer(503, "SlowDown");
  busy.headers.emplace_back("Retry-After", "7");
  Scripted s3(Answers{busy, Written("e")});
  ASSERT_OK(s3.client.Put("bucket", "k", ""));
  EXPECT_GE(s3.clock.MonotonicNanos(), 7 * kNanosPerSecond);
}

TEST(S3Client, GivesUpWithAnHonestOutcome) {
  const auto always = [](Result<HttpResponse> answer) {
    return [answer](const HttpRequest&) { return answer; };
  };
  std::string out(4, '?');
  const auto bytes = std::as_writable_bytes(std::span(out));
  {
    Scripted s3(always(ErrorAnswer(503, "SlowDown")));
    EXPECT_THAT(s3.client.Get("bucket", "k", 0, bytes), IsError(ErrorKind::kUnavailable));
    EXPECT_EQ(s3.http.requests().size(), 6u);
  }
  {
    Scripted s3(always(Lost()));
    EXPECT_THAT(s3.client.Get("bucket", "k", 0, bytes), IsError(ErrorKind::kUnavailable));
    EXPECT_THAT(s3.client.Put("bucket", "k", ""), IsError(ErrorKind::kUnknownOutcome));
    EXPECT_THAT(s3.client.Delete("bucket", "k"), IsError(ErrorKind::kUnknownOutcome));
  }
  {
    Scripted s3(always(Fail(ErrorKind::kUnavailable, "refused")));
    EXPECT_THAT(s3.client.Put("bucket", "k", ""), IsError(ErrorKind::kUnavailable));
    EXPECT_THAT(s3.client.Put("bucket", "k", ""), HasErrorMessage("s3://bucket/k"));
  }
  {
    Scripted s3(always(ErrorAnswer(500, "InternalError")));
    EXPECT_THAT(s3.client.Put("bucket", "k", ""), IsError(ErrorKind::kUnknownOutcome));
  }
}

TEST(S3Client, RefusalsAreFinalAndClear) {
  const std::vector<std::tuple<int, const char*, ErrorKind>> cases{
      {403, "AccessDenied", ErrorKind::kPermission},
      {403, "SignatureDoesNotMatch", ErrorKind::kPermission},
      {404, "NoSuchKey", ErrorKind::kNotFound},
      {404, "NoSuchBucket", ErrorKind::kNotFound},
      {409, "OperationAborted", ErrorKind::kConflict},
      {412, "PreconditionFailed", ErrorKind::kConflict},
      {400, "InvalidArgument", ErrorKind::kInvalidArgument},
      {400, "BadDigest", ErrorKind::kCorrupt},
      {501, "NotImplemented", ErrorKind::kUnsupported},
      {507, "XMinioStorageFull", ErrorKind::kNoSpace},
      {418, "Teapot", ErrorKind::kIo},
  };
  for (const auto& [status, code, kind] : cases) {
    Scripted s3(Answers{ErrorAnswer(status, code)});
    const auto result = s3.client.Put("bucket", "some/key", "");
    EXPECT_THAT(result, IsError(kind)) << code;
    EXPECT_THAT(result, HasErrorMessage("s3://bucket/some/key"));
    EXPECT_THAT(result, HasErrorMessage(code));
    EXPECT_EQ(s3.http.requests().size(), 1u) << code;
  }
}

TEST(S3Client, SaysHowWrongTheClockIs) {
  HttpResponse skewed = ErrorAnswer(403, "RequestTimeTooSkewed");
  skewed.headers.emplace_back("Date", "Tue, 14 Nov 2023 21:13:20 GMT");  // an hour before our clock
  Scripted s3(Answers{skewed});
  const auto result = s3.client.Put("bucket", "k", "");
  EXPECT_THAT(result, IsError(ErrorKind::kPermission));
  EXPECT_THAT(result, HasErrorMessage("clock is 3600 s ahead of the store's"));
}

TEST(S3Client, ARefusalWithoutAReasonNamesTheKeys) {
  Scripted s3(Answers{HttpResponse{403, {}, ""}});
  const auto result = s3.client.Head("bucket", "k");
  EXPECT_THAT(result, IsError(ErrorKind::kPermission));
  EXPECT_THAT(result, HasErrorMessage("AWS_SECRET_ACCESS_KEY"));
}

TEST(S3Client, NamesTheBucketsRegion) {
  HttpResponse elsewhere = ErrorAnswer(301, "PermanentRedirect");
  elsewhere.headers.emplace_back("x-amz-bucket-region", "ap-south-1");
  Scripted s3(Answers{elsewhere});
  EXPECT_THAT(s3.client.Put("bucket", "k", ""), HasErrorMessage("ap-south-1: set AWS_REGION"));
}

TEST(S3Client, BadBucketNamesAreNotAskedFor) {
  Scripted s3(Answers{});
  for (const char* name : {"", "ab", "a/b", "white space", "b?x"}) {
    EXPECT_THAT(s3.client.Head(name, "k"), IsError(ErrorKind::kInvalidArgument)) << name;
  }
  EXPECT_TRUE(s3.http.requests().empty());
}

TEST(S3Client, StopsWaitingWhenCancelled) {
  CancelToken* token = nullptr;
  Scripted s3([&](const HttpRequest&) -> Result<HttpResponse> {
    token->Cancel();
    return ErrorAnswer(503, "SlowDown");
  });
  token = &s3.cancel;
  EXPECT_THAT(s3.client.Put("bucket", "k", ""), IsError(ErrorKind::kCancelled));
}

TEST(S3Client, AConditionalWriteWhoseAnswersAreAllLostStaysInTheDark) {
  Scripted s3([](const HttpRequest& request) -> Result<HttpResponse> {
    if (request.method != "HEAD") return Lost();
    return HttpResponse{200, {{"x-amz-meta-tickhouse-write", "a stranger's"}}, ""};
  });
  EXPECT_THAT(s3.client.Put("bucket", "k", "x", {.if_absent = true}),
              IsError(ErrorKind::kUnknownOutcome));
}

/// A store with one object that remembers who wrote it; loses the first answer to a write.
ScriptedHttpClient::Answer ForgetfulStore(bool stranger_first, int* writes) {
  auto holder = std::make_shared<std::string>(stranger_first ? "stranger" : "");
  return [=](const HttpRequest& request) -> Result<HttpResponse> {
    if (request.method == "HEAD") {
      if (holder->empty()) return HttpResponse{404, {}, ""};
      return HttpResponse{200, {{"x-amz-meta-tickhouse-write", *holder}, {"ETag", "\"e1\""}}, ""};
    }
    if (!holder->empty()) {
      if (stranger_first && ++*writes == 1) return Lost();
      return ErrorAnswer(412, "PreconditionFailed");
    }
    *holder = HeaderOf(request, "x-amz-meta-tickhouse-write");
    ++*writes;
    return Lost();
  };
}

TEST(S3Client, ARefusedRepetitionOfOurOwnWriteIsASuccess) {
  int writes = 0;
  Scripted s3(ForgetfulStore(false, &writes));
  ASSERT_OK_AND_ASSIGN(const std::string etag,
                       s3.client.Put("bucket", "k", "x", {.if_absent = true}));
  EXPECT_EQ(etag, "e1");
  EXPECT_EQ(writes, 1);
  EXPECT_NE(WriteIdIn(s3.http.requests()), "none");
}

TEST(S3Client, ARefusalBecauseOfAStrangerIsAConflict) {
  int writes = 0;
  Scripted s3(ForgetfulStore(true, &writes));
  EXPECT_THAT(s3.client.Put("bucket", "k", "x", {.if_absent = true}),
              IsError(ErrorKind::kConflict));
}

TEST(S3Client, PlainWritesCarryNoConditionAndNoId) {
  Scripted s3(Answers{Written("e")});
  ASSERT_OK(s3.client.Put("bucket", "k", "x"));
  EXPECT_EQ(WriteIdIn(s3.http.requests()), "none");
  EXPECT_EQ(HeaderOf(s3.http.requests()[0], "If-None-Match"), "");
}

TEST(S3Client, AnErrorInsideASuccessfulCompletionIsAnError) {
  const std::string done =
      "<CompleteMultipartUploadResult><ETag>&quot;e-2&quot;</ETag>"
      "</CompleteMultipartUploadResult>";
  const S3Client::Upload upload{"bucket", "k", "id", "write"};
  const std::vector<std::string> parts{"p1", "p2"};
  HttpResponse broken = ErrorAnswer(200, "InternalError");
  {
    Scripted s3(Answers{broken, HttpResponse{200, {}, done}});
    ASSERT_OK_AND_ASSIGN(const std::string etag, s3.client.CompleteUpload(upload, parts));
    EXPECT_EQ(etag, "e-2");
    EXPECT_NE(s3.http.requests()[0].body.find("<PartNumber>2</PartNumber>"), std::string::npos);
  }
  {
    Scripted s3([&](const HttpRequest& request) -> Result<HttpResponse> {
      if (request.method == "HEAD") return HttpResponse{404, {}, ""};
      return broken;
    });
    EXPECT_THAT(s3.client.CompleteUpload(upload, parts), IsError(ErrorKind::kUnknownOutcome));
  }
}

TEST(S3Client, ACompletionWhoseAnswerWasLostIsRecognised) {
  const S3Client::Upload upload{"bucket", "k", "id", "write-7"};
  const std::vector<std::string> parts{"p1"};
  for (const char* id : {"write-7", "write-8"}) {
    int posts = 0;
    Scripted s3([&](const HttpRequest& request) -> Result<HttpResponse> {
      if (request.method == "HEAD") {
        return HttpResponse{200, {{"x-amz-meta-tickhouse-write", id}, {"ETag", "\"e-1\""}}, ""};
      }
      if (++posts == 1) return Lost();
      return ErrorAnswer(404, "NoSuchUpload");
    });
    const auto etag = s3.client.CompleteUpload(upload, parts);
    if (std::string_view(id) == "write-7") {
      ASSERT_OK(etag);
      EXPECT_EQ(*etag, "e-1");
    } else {
      EXPECT_THAT(etag, IsError(ErrorKind::kNotFound));
    }
  }
}

TEST(S3Client, AnErrorInsideASuccessfulCopyIsAnError) {
  Scripted s3(
      Answers{ErrorAnswer(200, "SlowDown"),
              HttpResponse{200, {}, "<CopyObjectResult><ETag>\"c\"</ETag></CopyObjectResult>"}});
  ASSERT_OK_AND_ASSIGN(const std::string etag, s3.client.Copy("from", "a b", "bucket", "k", "e"));
  EXPECT_EQ(etag, "c");
  EXPECT_EQ(HeaderOf(s3.http.requests()[0], "x-amz-copy-source"), "/from/a%20b");
  EXPECT_EQ(HeaderOf(s3.http.requests()[0], "x-amz-copy-source-if-match"), "\"e\"");
}

TEST(S3Client, AShortBodyIsAskedForAgain) {
  Scripted s3(Answers{HttpResponse{206, {}, "12"}, HttpResponse{206, {}, "1234"}});
  std::string out(4, '?');
  ASSERT_OK(s3.client.Get("bucket", "k", 6, std::as_writable_bytes(std::span(out))));
  EXPECT_EQ(out, "1234");
  EXPECT_EQ(HeaderOf(s3.http.requests()[0], "Range"), "bytes=6-9");
}

TEST(S3Client, AServerThatIgnoresRangesIsNotBelieved) {
  std::string out(4, '?');
  const auto bytes = std::as_writable_bytes(std::span(out));
  Scripted s3(Answers{HttpResponse{200, {}, "0123456789"}});
  EXPECT_THAT(s3.client.Get("bucket", "k", 3, bytes), IsError(ErrorKind::kCorrupt));
  Scripted whole(Answers{HttpResponse{200, {}, "0123"}});
  EXPECT_OK(whole.client.Get("bucket", "k", 0, bytes));
}

TEST(S3Client, AChangedObjectIsAConflict) {
  std::string out(4, '?');
  const auto bytes = std::as_writable_bytes(std::span(out));
  Scripted refused(Answers{ErrorAnswer(412, "PreconditionFailed")});
  EXPECT_THAT(refused.client.Get("bucket", "k", 0, bytes, "old"), IsError(ErrorKind::kConflict));
  // A store that ignores If-Match gives itself away by the ETag.
  Scripted ignored(Answers{HttpResponse{206, {{"ETag", "\"new\""}}, "1234"}});
  EXPECT_THAT(ignored.client.Get("bucket", "k", 0, bytes, "old"), IsError(ErrorKind::kConflict));
}

std::string Page(const std::string& entries, const std::string& next) {
  return "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>" +
         std::string(next.empty() ? "false" : "true") + "</IsTruncated><NextContinuationToken>" +
         next + "</NextContinuationToken>" + entries + "</ListBucketResult>";
}
std::string Entry(const std::string& key) {
  return "<Contents><Key>" + key +
         "</Key><LastModified>2026-11-27T22:07:20.000Z</LastModified><ETag>&quot;e&quot;</ETag>"
         "<Size>5</Size></Contents>";
}

TEST(S3Client, ListsPageAfterPage) {
  Scripted s3(Answers{HttpResponse{200, {}, Page(Entry("p/a%2Bb+c%25%C3%A9"), "t/1+")},
                      HttpResponse{200, {}, Page(Entry("p/z%0Aline"), "")}});
  ASSERT_OK_AND_ASSIGN(const auto objects, s3.client.List("bucket", "p/"));
  ASSERT_EQ(objects.size(), 2u);
  EXPECT_EQ(objects[0].key, "p/a+b c%é");
  EXPECT_EQ(objects[0].etag, "e");
  EXPECT_EQ(objects[0].size, 5);
  EXPECT_EQ(FormatUtc(objects[0].modified), "2026-11-27T22:07:20Z");
  EXPECT_EQ(objects[1].key, "p/z\nline");
  EXPECT_NE(s3.http.requests()[1].url.find("continuation-token=t%2F1%2B"), std::string::npos);
}

TEST(S3Client, DamagedListingsAreCorrupt) {
  for (const std::string& body :
       {std::string("not xml"), std::string(""), std::string("<ListBucketResult>"),
        std::string("<Other/>"), Page("<Contents><Key>k</Key></Contents>", ""),
        std::string("<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>")}) {
    Scripted s3(Answers{HttpResponse{200, {}, body}});
    const auto objects = s3.client.List("bucket", "");
    EXPECT_THAT(objects, IsError(ErrorKind::kCorrupt)) << body;
    EXPECT_THAT(objects, HasErrorMessage("s3://bucket")) << body;
  }
  Scripted endless([](const HttpRequest&) -> Result<HttpResponse> {
    return HttpResponse{200, {}, Page(Entry("k"), "same")};
  });
  EXPECT_THAT(endless.client.List("bucket", ""), IsError(ErrorKind::kCorrupt));
}

TEST(S3Client, RemovesManyInBatches) {
  std::vector<std::string> keys;
  for (int i = 0; i < 2500; ++i) keys.push_back("k<&>" + std::to_string(i));
  keys.push_back("line\nbreak");
  int posts = 0;
  int deletes = 0;
  Scripted s3([&](const HttpRequest& request) -> Result<HttpResponse> {
    if (request.method == "DELETE") {
      ++deletes;
      return HttpResponse{204, {}, ""};
    }
    ++posts;
    EXPECT_EQ(HeaderOf(request, "Content-MD5"), Md5Base64(request.body));
    return HttpResponse{200,
                        {},
                        posts == 2 ? "<DeleteResult><Error><Key>k1500</Key><Code>AccessDenied"
                                     "</Code><Message>no</Message></Error></DeleteResult>"
                                   : "<DeleteResult/>"};
  });
  const Status status = s3.client.DeleteMany("bucket", keys);
  EXPECT_THAT(status, IsError(ErrorKind::kPermission));
  EXPECT_THAT(status, HasErrorMessage("k1500: AccessDenied"));
  EXPECT_EQ(posts, 3);
  EXPECT_EQ(deletes, 1);
}

TEST(S3Client, AbortsAgainUntilTheStoreForgets) {
  int aborts = 0;
  Scripted s3([&](const HttpRequest& request) -> Result<HttpResponse> {
    if (request.method == "DELETE") {
      ++aborts;
      return HttpResponse{204, {}, ""};
    }
    if (aborts < 3)
      return HttpResponse{200, {}, "<ListPartsResult/>"};  // a late part is still there
    return ErrorAnswer(404, "NoSuchUpload");
  });
  s3.cancel.Cancel();  // cleaning up is not interrupted
  EXPECT_OK(s3.client.AbortForGood({"bucket", "k", "id", "w"}, true));
  EXPECT_EQ(aborts, 3);
}

/// A store that ignores conditions, with the writes it saw.
ScriptedHttpClient::Answer CarelessStore(std::vector<std::string>* log) {
  return [log](const HttpRequest& request) -> Result<HttpResponse> {
    const bool probe = request.url.find(".tickhouse-probe-") != std::string::npos;
    log->push_back(request.method + (probe ? " probe" : ""));
    if (request.method == "HEAD") return HttpResponse{404, {}, ""};
    if (request.method == "DELETE") return HttpResponse{204, {}, ""};
    return Written("e");
  };
}

TEST(S3FileSystem, AStoreThatIgnoresConditionsIsFoundOut) {
  std::vector<std::string> log;
  ScriptedHttpClient http(CarelessStore(&log));
  ManualClock clock(FromNanos(0));
  const auto fs = MakeS3FileSystem(Config(), &http, &clock);
  const Status status = fs->WriteWhole("bucket/dir/k", "x", {.must_not_exist = true});
  EXPECT_THAT(status, IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(status, HasErrorMessage("TICKHOUSE_S3_CONDITIONAL_WRITES=no"));
  EXPECT_EQ(log, (std::vector<std::string>{"PUT probe", "PUT probe", "DELETE probe"}));
  EXPECT_OK(fs->WriteWhole("bucket/dir/k", "x"));

  log.clear();
  EXPECT_THAT(fs->WriteWhole("bucket/dir/k", "x", {.must_not_exist = true}),
              IsError(ErrorKind::kUnsupported));
  EXPECT_TRUE(log.empty()) << "probed once";
}

TEST(S3FileSystem, ToldThatThereAreNoConditionsItLooksFirst) {
  std::vector<std::string> log;
  ScriptedHttpClient http(CarelessStore(&log));
  ManualClock clock(FromNanos(0));
  S3Config config = Config();
  config.conditional_writes = ConditionalWrites::kNo;
  const auto fs = MakeS3FileSystem(config, &http, &clock);
  EXPECT_OK(fs->WriteWhole("bucket/k", "x", {.must_not_exist = true}));
  EXPECT_EQ(log, (std::vector<std::string>{"HEAD", "PUT"}));
}

TEST(S3FileSystem, HidesProbesAndFolderMarkers) {
  ScriptedHttpClient http([](const HttpRequest&) -> Result<HttpResponse> {
    return HttpResponse{
        200,
        {},
        Page(Entry("d/") + Entry("d/.tickhouse-probe-1") + Entry("d//x") + Entry("d/y"), "")};
  });
  ManualClock clock(FromNanos(0));
  const auto fs = MakeS3FileSystem(Config(), &http, &clock);
  ASSERT_OK_AND_ASSIGN(const auto files, fs->ListFiles("bucket/d"));
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(files[0].path, "bucket/d//x");
  EXPECT_EQ(files[1].path, "bucket/d/y");
}

TEST(S3Answer, ReadsTimesOfHttp) {
  EXPECT_EQ(FormatUtc(s3::ParseHttpDate("Fri, 27 Nov 2026 22:07:20 GMT").value()),
            "2026-11-27T22:07:20Z");
  for (const char* bad : {"", "Fri, 31 Feb 2026 22:07:20 GMT", "Fri, 27 Foo 2026 22:07:20 GMT",
                          "2026-11-27T22:07:20Z", "Fri, 27 Nov 2026 25:07:20 GMT"}) {
    EXPECT_THAT(s3::ParseHttpDate(bad), IsError(ErrorKind::kCorrupt)) << bad;
  }
}

}  // namespace
}  // namespace tickhouse::io
