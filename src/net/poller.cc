// SPDX-License-Identifier: BSD-3-Clause
#include "net/poller.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace millrace::net {
namespace {
epoll_event registration(uint64_t tag) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.u64 = tag;
    return event;
}
}  // namespace

Status Poller::open() {
    epoll_ = Socket(epoll_create1(EPOLL_CLOEXEC));
    if (!epoll_.open()) return system_error("epoll_create1", errno);
    wake_ = Socket(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake_.open()) return system_error("eventfd", errno);
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;
    event.data.u64 = kWakeTag;
    if (epoll_ctl(epoll_.descriptor(), EPOLL_CTL_ADD, wake_.descriptor(), &event) != 0) {
        return system_error("epoll_ctl", errno);
    }
    return done();
}

Status Poller::add(int descriptor, uint64_t tag) {
    epoll_event event = registration(tag);
    if (epoll_ctl(epoll_.descriptor(), EPOLL_CTL_ADD, descriptor, &event) == 0) return done();
    return system_error("epoll_ctl", errno);
}

Status Poller::retag(int descriptor, uint64_t tag) {
    epoll_event event = registration(tag);
    if (epoll_ctl(epoll_.descriptor(), EPOLL_CTL_MOD, descriptor, &event) == 0) return done();
    return system_error("epoll_ctl", errno);
}

void Poller::remove(int descriptor) {
    epoll_ctl(epoll_.descriptor(), EPOLL_CTL_DEL, descriptor, nullptr);
}

size_t Poller::wait(std::span<ReadyEvent> events, int timeout_ms) {
    std::array<epoll_event, kEventsMax> found;
    const int room = static_cast<int>(std::min(events.size(), found.size()));
    const int count = epoll_wait(epoll_.descriptor(), found.data(), room, timeout_ms);
    size_t ready = 0;
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = found[static_cast<size_t>(i)];
        if (event.data.u64 == kWakeTag) {
            uint64_t ignored = 0;
            (void)!read(wake_.descriptor(), &ignored, sizeof ignored);
            continue;
        }
        events[ready++] = {
            .tag = event.data.u64,
            .readable = (event.events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0,
            .writable = (event.events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0,
            .hung_up = (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0};
    }
    return ready;
}

void Poller::wake() {
    const uint64_t one = 1;
    (void)!write(wake_.descriptor(), &one, sizeof one);
}

}  // namespace millrace::net
