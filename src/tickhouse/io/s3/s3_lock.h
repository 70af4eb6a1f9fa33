// Claims on a store that other machines see: one small object each, written under conditions and
// renewed while it is held. Internal to io/s3.
#pragma once

#include <memory>
#include <string>

#include "tickhouse/core/cancel.h"
#include "tickhouse/core/clock.h"
#include "tickhouse/core/error.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/io/net/http_client.h"
#include "tickhouse/io/s3/s3_config.h"

namespace tickhouse::io {

class HeldS3Lock;

/// The locks that one file system holds. Safe for several threads; outlived by the locks it made.
///
/// A lock whose owner ran on this machine and is gone is taken over at once. Of an owner elsewhere
/// nothing is known: it is taken over when the object stays unchanged for `lock_lease`; a running
/// owner changes it every `lock_renewal`. No clock of another machine is believed.
class S3Locks {
 public:
  /// Nothing is owned. `cancel` ends waiting for another machine; letting go is never interrupted.
  S3Locks(S3Config config, HttpClient* http, Clock* clock, CancelToken cancel);
  ~S3Locks();

  /// As FileSystem::Lock. kUnsupported where a probe shows that the store ignores conditions;
  /// configured as kNo, two that begin in the same moment may both get it.
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path, const std::string& bucket,
                                         const std::string& key);

  /// Before anything is changed: kConflict once a lock held here was taken by another (this machine
  /// slept, say), kUnavailable while it could not be renewed in time.
  Status CheckHeld();

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace tickhouse::io
