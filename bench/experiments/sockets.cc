// SPDX-License-Identifier: BSD-3-Clause
//
// Experiment 6: what the kernel takes for a message on loopback, with 650 connections: waiting for
// readiness level- and edge-triggered, receiving, sending; and, where liburing is there, multishot
// receive.
//
// The requests are those of SET with 512 bytes (550 bytes a command, 5 bytes of reply) and of GET
// (36 bytes, 519 of reply), 1 or 10 commands a message. Client and server are one thread, so that
// each step is timed alone.

#include <benchmark/benchmark.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#if __has_include(<liburing.h>) && !defined(MILLRACE_WITHOUT_URING)
#include <liburing.h>
#define MILLRACE_HAVE_URING 1
#endif

#include <array>
#include <cstdio>
#include <memory>

#include "measuring.h"

namespace millrace::experiments {
namespace {

void must(bool fine) {
    if (fine) return;
    std::perror("sockets experiment");
    std::abort();
}

struct Shape {
    size_t request;
    size_t reply;
};
Shape shape(int64_t is_get, int64_t commands) {
    const auto count = static_cast<size_t>(commands);
    return is_get != 0 ? Shape{36 * count, 519 * count} : Shape{550 * count, 5 * count};
}

// Connected pairs over loopback TCP.
class Pairs {
public:
    explicit Pairs(size_t count) {
        rlimit limit{8192, 8192};
        setrlimit(RLIMIT_NOFILE, &limit);
        const int listener = socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        must(listener >= 0);
        must(bind(listener, generic, size) == 0);
        must(listen(listener, 1024) == 0);
        must(getsockname(listener, generic, &size) == 0);
        for (size_t i = 0; i < count; ++i) {
            const int client = socket(AF_INET, SOCK_STREAM, 0);
            must(connect(client, generic, size) == 0);
            const int server = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
            must(server >= 0);
            const int one = 1;
            setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            clients.push_back(client);
            servers.push_back(server);
        }
        close(listener);
    }
    ~Pairs() {
        for (int each : clients) close(each);
        for (int each : servers) close(each);
    }
    Pairs(const Pairs&) = delete;
    Pairs& operator=(const Pairs&) = delete;

    void send_requests(const Shape& message) {
        for (int client : clients) must(send(client, bytes.data(), message.request, 0) > 0);
    }
    void take_replies(const Shape& message) {
        for (int client : clients) {
            for (size_t got = 0; got < message.reply;) {
                const ssize_t more = recv(client, bytes.data(), message.reply - got, 0);
                must(more > 0);
                got += static_cast<size_t>(more);
            }
        }
    }

    std::vector<int> clients;
    std::vector<int> servers;
    std::array<char, 16384> bytes{};
};

size_t pair_count() {
    return tiny() ? 50 : 650;
}

struct Costs {
    std::vector<double> wait;
    std::vector<double> receive;
    std::vector<double> reply;
    void report(benchmark::State& state) const {
        state.counters["wait_ns"] = median(wait);
        state.counters["recv_ns"] = median(receive);
        state.counters["send_ns"] = median(reply);
    }
};

double per(int64_t ns, size_t count) {
    return static_cast<double>(ns) / static_cast<double>(count);
}

// A round: all clients send; the server waits, receives and answers in groups of up to 64, as the
// server would.
void epoll_round(int epoll, Pairs& pairs, const Shape& message, Costs& costs) {
    std::array<epoll_event, 64> events;
    int64_t wait = 0;
    int64_t receive = 0;
    int64_t reply = 0;
    for (size_t served = 0; served < pairs.servers.size();) {
        const int64_t start = wall_ns();
        const int ready = epoll_wait(epoll, events.data(), 64, 0);
        const int64_t ready_at = wall_ns();
        must(ready > 0);
        for (int i = 0; i < ready; ++i) {
            const ssize_t got =
                recv(events[static_cast<size_t>(i)].data.fd, pairs.bytes.data(), 16384, 0);
            must(got == static_cast<ssize_t>(message.request));
        }
        const int64_t received_at = wall_ns();
        for (int i = 0; i < ready; ++i) {
            must(send(events[static_cast<size_t>(i)].data.fd, pairs.bytes.data(), message.reply,
                      0) > 0);
        }
        wait += ready_at - start;
        receive += received_at - ready_at;
        reply += wall_ns() - received_at;
        served += static_cast<size_t>(ready);
    }
    costs.wait.push_back(per(wait, pairs.servers.size()));
    costs.receive.push_back(per(receive, pairs.servers.size()));
    costs.reply.push_back(per(reply, pairs.servers.size()));
}

void epoll_messages(benchmark::State& state) {
    pin_to_core(0);
    const Shape message = shape(state.range(1), state.range(2));
    Pairs pairs(pair_count());
    const int epoll = epoll_create1(0);
    for (int server : pairs.servers) {
        epoll_event event{};
        event.events = EPOLLIN | (state.range(0) != 0 ? static_cast<uint32_t>(EPOLLET) : 0U);
        event.data.fd = server;
        must(epoll_ctl(epoll, EPOLL_CTL_ADD, server, &event) == 0);
    }
    Costs costs;
    for (auto _ : state) {
        pairs.send_requests(message);
        epoll_round(epoll, pairs, message, costs);
        pairs.take_replies(message);
    }
    close(epoll);
    costs.report(state);
}

void epoll_arguments(benchmark::internal::Benchmark* bench) {
    bench->ArgNames({"edge", "get", "commands"});
    for (int64_t edge : {0, 1}) {
        for (int64_t get : {0, 1}) {
            for (int64_t commands : {1, 10}) bench->Args({edge, get, commands});
        }
    }
}
BENCHMARK(epoll_messages)->Apply(epoll_arguments);

// Waiting when little is ready: one client of 650 sends, as at low load.
void epoll_single(benchmark::State& state) {
    pin_to_core(0);
    const Shape message = shape(0, 1);
    Pairs pairs(pair_count());
    const int epoll = epoll_create1(0);
    for (int server : pairs.servers) {
        epoll_event event{};
        event.events = EPOLLIN | (state.range(0) != 0 ? static_cast<uint32_t>(EPOLLET) : 0U);
        event.data.fd = server;
        must(epoll_ctl(epoll, EPOLL_CTL_ADD, server, &event) == 0);
    }
    std::array<epoll_event, 64> events;
    std::vector<double> wait;
    size_t at = 0;
    for (auto _ : state) {
        at = (at + 1) % pairs.clients.size();
        must(send(pairs.clients[at], pairs.bytes.data(), message.request, 0) > 0);
        const int64_t begin = wall_ns();
        must(epoll_wait(epoll, events.data(), 64, 0) == 1);
        wait.push_back(static_cast<double>(wall_ns() - begin));
        must(recv(events[0].data.fd, pairs.bytes.data(), 16384, 0) > 0);
    }
    close(epoll);
    state.counters["wait_ns"] = median(wait);
}
BENCHMARK(epoll_single)->ArgName("edge")->Arg(0)->Arg(1);

#ifdef MILLRACE_HAVE_URING
constexpr unsigned kBuffers = 1024;
constexpr unsigned kBufferBytes = 8192;

// One ring with provided buffers; every server socket has one multishot receive.
class Uring {
public:
    bool start(const std::vector<int>& sockets) {
        if (io_uring_queue_init(2048, &ring_,
                                IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN) < 0)
            return false;
        memory_.resize(size_t{kBuffers} * kBufferBytes);
        void* address = nullptr;
        must(posix_memalign(&address, 4096, kBuffers * sizeof(io_uring_buf)) == 0);
        buffers_ = static_cast<io_uring_buf_ring*>(address);
        io_uring_buf_reg registration{};
        registration.ring_addr = reinterpret_cast<uint64_t>(buffers_);
        registration.ring_entries = kBuffers;
        if (io_uring_register_buf_ring(&ring_, &registration, 0) < 0) return false;
        io_uring_buf_ring_init(buffers_);
        for (unsigned i = 0; i < kBuffers; ++i) give_back(i);
        io_uring_buf_ring_advance(buffers_, given_);
        given_ = 0;
        for (size_t i = 0; i < sockets.size(); ++i) {
            io_uring_sqe* entry = io_uring_get_sqe(&ring_);
            io_uring_prep_recv_multishot(entry, sockets[i], nullptr, 0, 0);
            entry->flags |= IOSQE_BUFFER_SELECT;
            entry->buf_group = 0;
            io_uring_sqe_set_data64(entry, i);
        }
        return io_uring_submit(&ring_) == static_cast<int>(sockets.size());
    }
    ~Uring() { io_uring_queue_exit(&ring_); }

    void round(Pairs& pairs, const Shape& message, Costs& costs) {
        int64_t receive = 0;
        int64_t reply = 0;
        for (size_t served = 0; served < pairs.servers.size();) {
            const int64_t start = wall_ns();
            std::array<io_uring_cqe*, 64> done{};
            io_uring_submit_and_get_events(&ring_);
            const unsigned count = io_uring_peek_batch_cqe(&ring_, done.data(), 64);
            std::array<size_t, 64> ready;
            unsigned answers = 0;
            for (unsigned i = 0; i < count; ++i) {
                must(done[i]->res >= 0);
                if ((done[i]->flags & IORING_CQE_F_BUFFER) == 0)
                    continue;  // The end of an earlier send.
                ready[answers++] = done[i]->user_data;
                give_back(done[i]->flags >> IORING_CQE_BUFFER_SHIFT);
            }
            io_uring_buf_ring_cq_advance(&ring_, buffers_, static_cast<int>(given_));
            if (count > given_) io_uring_cq_advance(&ring_, count - given_);
            given_ = 0;
            const int64_t received_at = wall_ns();
            for (unsigned i = 0; i < answers; ++i) {
                io_uring_sqe* entry = io_uring_get_sqe(&ring_);
                io_uring_prep_send(entry, pairs.servers[ready[i]], pairs.bytes.data(),
                                   message.reply, 0);
                entry->flags |= IOSQE_CQE_SKIP_SUCCESS;
                io_uring_sqe_set_data64(entry, 0);
            }
            io_uring_submit(&ring_);
            receive += received_at - start;
            reply += wall_ns() - received_at;
            served += answers;
        }
        costs.receive.push_back(per(receive, pairs.servers.size()));
        costs.reply.push_back(per(reply, pairs.servers.size()));
    }

private:
    void give_back(unsigned index) {
        io_uring_buf_ring_add(buffers_, memory_.data() + size_t{index} * kBufferBytes, kBufferBytes,
                              static_cast<uint16_t>(index), io_uring_buf_ring_mask(kBuffers),
                              static_cast<int>(given_++));
    }
    io_uring ring_{};
    io_uring_buf_ring* buffers_ = nullptr;
    std::vector<char> memory_;
    unsigned given_ = 0;
};

void uring_messages(benchmark::State& state) {
    pin_to_core(0);
    const Shape message = shape(state.range(0), state.range(1));
    Pairs pairs(pair_count());
    Uring uring;
    if (!uring.start(pairs.servers)) return state.SkipWithError("io_uring is not available here");
    Costs costs;
    for (auto _ : state) {
        pairs.send_requests(message);
        uring.round(pairs, message, costs);
        pairs.take_replies(message);
    }
    costs.report(state);
}
BENCHMARK(uring_messages)
    ->ArgNames({"get", "commands"})
    ->Args({0, 1})
    ->Args({0, 10})
    ->Args({1, 1})
    ->Args({1, 10});
#endif

}  // namespace
}  // namespace millrace::experiments
