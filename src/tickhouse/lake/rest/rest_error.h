// Failures over the wire: what a REST catalog answers for each kind of error, and what such an
// answer means to a client.
#pragma once

#include <string_view>

#include "tickhouse/core/error.h"
#include "tickhouse/io/net/http_client.h"

namespace tickhouse::lake {

/// Status, type and body of the specification's ErrorModel.
io::HttpResponse ErrorAnswer(int status, std::string_view type, std::string_view message);

/// What a request does tells what a lost or broken answer means.
enum class RestEffect {
  kReads,    ///< Nothing changed, whatever went wrong.
  kChanges,  ///< An answer of 5xx, or none, leaves it open: kUnknownOutcome.
};

/// `response.status` is an error. The message is the server's, or the status. kPermission (401,
/// 403), kNotFound, kAlreadyExists, kConflict, kInvalidArgument (400, 422), kUnsupported (406,
/// 501), kUnavailable (429, and 5xx when reading), kUnknownOutcome (5xx when changing). Of
/// tickhouse's own server also kCorrupt and kNotFound for metadata that a table points at.
Error ErrorFromAnswer(const io::HttpResponse& response, RestEffect effect);

/// The request itself failed (see HttpClient).
Error ErrorFromSending(const Error& error, RestEffect effect);

// Types of answers that are no exception of the specification: metadata behind a pointer.
inline constexpr char kMissingMetadataType[] = "MissingMetadataException";
inline constexpr char kCorruptMetadataType[] = "CorruptMetadataException";

}  // namespace tickhouse::lake
