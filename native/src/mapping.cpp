#include "mapping.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "error.h"

namespace dsnet {
namespace {

struct Descriptor {
  int fd;
  explicit Descriptor(int opened) : fd(opened) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd >= 0) close(fd);
  }
};

}  // namespace

Mapping::Mapping(const char* filename) {
  // O_NONBLOCK: a named pipe must be refused, not waited for.
  const Descriptor file(open(filename, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.fd < 0) fail(DSNET_ERROR_IO, "cannot open the file: %s", std::strerror(errno));
  struct stat status;
  if (fstat(file.fd, &status) != 0) fail(DSNET_ERROR_IO, "cannot read the file's size: %s", std::strerror(errno));
  if (S_ISDIR(status.st_mode)) fail(DSNET_ERROR_IO, "is a directory, expected a model.dsnet file");
  if (!S_ISREG(status.st_mode)) fail(DSNET_ERROR_IO, "is not a regular file, expected a model.dsnet file");
  if (status.st_size == 0) fail(DSNET_ERROR_FORMAT, "the file is empty, expected a model.dsnet file");
  size_ = static_cast<size_t>(status.st_size);
  void* address = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.fd, 0);
  if (address == MAP_FAILED) fail(DSNET_ERROR_IO, "cannot map the file into memory: %s", std::strerror(errno));
  data_ = static_cast<const uint8_t*>(address);
}

Mapping::~Mapping() {
  if (data_ != nullptr) munmap(const_cast<uint8_t*>(data_), size_);
}

}  // namespace dsnet
