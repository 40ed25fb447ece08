// SPDX-License-Identifier: BSD-3-Clause
#include "persistence/aof/disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

namespace millrace::persistence::aof {
namespace {

constexpr mode_t kFileMode = 0644;
constexpr mode_t kFolderMode = 0755;
constexpr size_t kPiecesMax = 128;

class SystemFile final : public LogFile {
public:
    SystemFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
    ~SystemFile() override { ::close(fd_); }
    SystemFile(const SystemFile&) = delete;
    SystemFile& operator=(const SystemFile&) = delete;

    Result<size_t> append(std::span<const std::string_view> pieces) override {
        std::array<iovec, kPiecesMax> vector;
        const size_t count = std::min(pieces.size(), vector.size());
        for (size_t i = 0; i < count; ++i) {
            vector[i] = {const_cast<char*>(pieces[i].data()), pieces[i].size()};
        }
        ssize_t taken = 0;
        do {
            taken = ::writev(fd_, vector.data(), static_cast<int>(count));
        } while (taken < 0 && errno == EINTR);
        if (taken < 0) return system_error(path_, errno);
        return static_cast<size_t>(taken);
    }
    Status sync() override {
        if (::fdatasync(fd_) == 0) return done();
        return system_error(path_, errno);
    }
    Status cut(uint64_t bytes) override {
        if (::ftruncate(fd_, static_cast<off_t>(bytes)) == 0) return done();
        return system_error(path_, errno);
    }

private:
    const int fd_;
    const std::string path_;
};

Status answer(int result, const std::string& path) {
    if (result == 0) return done();
    return system_error(path, errno);
}

}  // namespace

Status SystemDisk::make_folder(const std::string& path) {
    const Status made = answer(::mkdir(path.c_str(), kFolderMode), path);
    if (made.ok() || made.error().code() != EEXIST) {
        return made.ok() ? done() : Status(system_error(path, made.error().code()));
    }
    struct stat facts {};
    if (::stat(path.c_str(), &facts) == 0 && !S_ISDIR(facts.st_mode)) {
        return system_error(path, ENOTDIR);
    }
    return done();
}

Result<std::unique_ptr<LogFile>> SystemDisk::open(const std::string& path, bool fresh) {
    const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (fresh ? O_TRUNC : 0);
    const int fd = ::open(path.c_str(), flags, kFileMode);
    if (fd < 0) return system_error(path, errno);
    return std::unique_ptr<LogFile>(std::make_unique<SystemFile>(fd, path));
}

Status SystemDisk::rename(const std::string& from, const std::string& to) {
    return answer(::rename(from.c_str(), to.c_str()), from);
}

Status SystemDisk::remove(const std::string& path) {
    return answer(::unlink(path.c_str()), path);
}

Status SystemDisk::sync_folder(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return system_error(path, errno);
    const int code = ::fsync(fd) == 0 ? 0 : errno;
    ::close(fd);
    if (code == 0) return done();
    return system_error(path, code);
}

Result<uint64_t> SystemDisk::size_of(const std::string& path) {
    struct stat facts {};
    if (::stat(path.c_str(), &facts) != 0) return system_error(path, errno);
    return static_cast<uint64_t>(facts.st_size);
}

Result<std::string> SystemDisk::read(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return system_error(path, errno);
    std::string text;
    std::array<char, 16384> part;
    for (;;) {
        const ssize_t count = ::read(fd, part.data(), part.size());
        if (count < 0 && errno == EINTR) continue;
        const int code = errno;
        if (count <= 0) {
            ::close(fd);
            if (count < 0) return system_error(path, code);
            return text;
        }
        text.append(part.data(), static_cast<size_t>(count));
    }
}

Status replace_file(Disk& disk, const std::string& folder, const std::string& name,
                    std::string_view text) {
    // Compat: the name of the file until it is whole.
    const std::string temporary = folder + "/temp-" + name;
    {
        const std::unique_ptr<LogFile> file = TRY(disk.open(temporary, true));
        while (!text.empty()) text.remove_prefix(TRY(file->append({&text, 1})));
        TRY(file->sync());
    }
    TRY(disk.rename(temporary, folder + "/" + name));
    return disk.sync_folder(folder);
}

}  // namespace millrace::persistence::aof
