// SPDX-License-Identifier: BSD-3-Clause
#include "server/oom_score.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "base/log.h"

namespace millrace::server {
namespace {

constexpr ErrorText kFailed{"Failed to set current oom_score_adj. Check server logs."};

}  // namespace

Status OomScore::apply(OomScoreAdj mode, const OomScores& values, ProcessClass process) {
    if (mode == OomScoreAdj::No && !changed_) return done();
    if (!changed_) {
        const Result<int64_t> before = read();
        if (!before.ok()) {
            log_warning("Unable to read oom_score_adj: {}", before.error().text());
            return kFailed;
        }
        score_before_ = *before;
    }

    int64_t score = score_before_;
    if (mode != OomScoreAdj::No) {
        const int64_t value = values[static_cast<size_t>(process)];
        score = mode == OomScoreAdj::Relative ? score_before_ + value : value;
        score = std::clamp<int64_t>(score, -1000, 1000);
    }
    const Status written = write(score);
    if (!written.ok()) {
        log_warning("Unable to write oom_score_adj: {}", written.error().text());
        return kFailed;
    }
    changed_ = mode != OomScoreAdj::No;
    return done();
}

Result<int64_t> OomScore::read() const {
    const int file = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return system_error(path_, errno);
    char text[32] = "";
    const ssize_t bytes = ::read(file, text, sizeof text - 1);
    const int code = errno;
    close(file);
    if (bytes <= 0) return system_error(path_, code);
    return static_cast<int64_t>(std::strtoll(text, nullptr, 10));
}

Status OomScore::write(int64_t score) const {
    const int file = open(path_.c_str(), O_WRONLY | O_CLOEXEC);
    if (file < 0) return system_error(path_, errno);
    const std::string text = std::to_string(score) + "\n";
    const ssize_t bytes = ::write(file, text.data(), text.size());
    const int code = errno;
    close(file);
    if (bytes != static_cast<ssize_t>(text.size())) return system_error(path_, code);
    return done();
}

}  // namespace millrace::server
