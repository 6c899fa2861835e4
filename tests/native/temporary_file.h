// A file that lives as long as this object, for the tests to fill, spoil and open.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

namespace test {

class TemporaryFile {
 public:
  TemporaryFile() : fd_(mkstemp(name_.data())) {}
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    close(fd_);
    unlink(name_.c_str());
  }

  const char* name() const { return name_.c_str(); }
  bool write(const std::vector<uint8_t>& bytes) const { return truncate(0) && patch(0, bytes.data(), bytes.size()); }
  bool patch(size_t at, const uint8_t* bytes, size_t count) const {
    return pwrite(fd_, bytes, count, static_cast<off_t>(at)) == static_cast<ssize_t>(count);
  }
  bool truncate(size_t size) const { return ftruncate(fd_, static_cast<off_t>(size)) == 0; }

 private:
  std::string name_ = "/tmp/dsnet-test-XXXXXX";
  int fd_;
};

}  // namespace test
