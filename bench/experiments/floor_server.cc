// SPDX-License-Identifier: BSD-3-Clause
//
// The least that a server can cost: it receives, counts the requests, and sends an answer of the
// right size for each; there is no parser, no keyspace and nothing to keep. What any server takes
// above this under the same load is its own; what it takes up to here is the kernel's.
//
//     experiment_floor_server PORT VALUE_BYTES [SECONDS]
//
// Under valkey-benchmark's SET or GET (`-d VALUE_BYTES`), on one core. Whenever the last client has
// left, a line tells the requests, the processor time of each, and the events per wait. Ends by
// itself after SECONDS.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr size_t kPipelineMax = 4096;

void must(bool fine) {
    if (fine) return;
    std::perror("floor server");
    std::exit(1);
}

double processor_ns() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

std::string repeated(std::string_view text) {
    std::string all;
    for (size_t i = 0; i < kPipelineMax; ++i) all += text;
    return all;
}

// Requests begin with an asterisk, which the load generator's values do not contain.
size_t count_requests(std::string_view bytes) {
    size_t count = 0;
    for (size_t at = bytes.find('*'); at != bytes.npos; at = bytes.find('*', at + 1)) ++count;
    return count;
}

class FloorServer {
public:
    FloorServer(uint16_t port, size_t value_bytes)
        : value_reply_bytes_(std::to_string(value_bytes).size() + value_bytes + 5),
          values_(repeated("$" + std::to_string(value_bytes) + "\r\n" +
                           std::string(value_bytes, 'x') + "\r\n")),
          done_(repeated("+OK\r\n")),
          input_(1 << 20) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const int one = 1;
        must(listener_ >= 0 && epoll_ >= 0);
        must(setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0);
        must(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
        must(listen(listener_, 1024) == 0);
        watch(listener_, EPOLLIN);
    }

    void serve_until(time_t end) {
        std::array<epoll_event, 1024> events;
        while (end == 0 || time(nullptr) < end) {
            const int ready = epoll_wait(epoll_, events.data(), events.size(), 100);
            ++waits_;
            for (int i = 0; i < ready; ++i) {
                const int descriptor = events[static_cast<size_t>(i)].data.fd;
                if (descriptor == listener_) {
                    admit();
                } else {
                    answer(descriptor);
                }
            }
        }
    }

private:
    void watch(int descriptor, uint32_t what) {
        epoll_event event{};
        event.events = what;
        event.data.fd = descriptor;
        must(epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) == 0);
    }

    void admit() {
        const int client = accept(listener_, nullptr, nullptr);
        const int one = 1;
        must(client >= 0);
        setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        watch(client, EPOLLIN | EPOLLET);
        if (clients_++ == 0) {
            since_ns_ = processor_ns();
            requests_ = events_ = waits_ = 0;
        }
    }

    void answer(int client) {
        const ssize_t received = recv(client, input_.data(), input_.size(), MSG_DONTWAIT);
        if (received <= 0) {
            if (received == 0) leave(client);
            return;
        }
        const std::string_view bytes(input_.data(), static_cast<size_t>(received));
        const size_t count = std::min(count_requests(bytes), kPipelineMax);
        const bool reads = bytes.substr(0, 16).find("GET") != bytes.npos;
        const std::string& replies = reads ? values_ : done_;
        const size_t reply_bytes = reads ? value_reply_bytes_ : 5;
        requests_ += count;
        ++events_;
        (void)!send(client, replies.data(), count * reply_bytes, MSG_DONTWAIT);
    }

    void leave(int client) {
        close(client);
        if (--clients_ != 0 || requests_ < 1000) return;
        std::printf("%zu requests, %.0f ns each, %.1f events a wait\n", requests_,
                    (processor_ns() - since_ns_) / static_cast<double>(requests_),
                    static_cast<double>(events_) / static_cast<double>(waits_));
        std::fflush(stdout);
    }

    const int listener_ = socket(AF_INET, SOCK_STREAM, 0);
    const int epoll_ = epoll_create1(0);
    const size_t value_reply_bytes_;
    const std::string values_;
    const std::string done_;
    std::vector<char> input_;
    size_t clients_ = 0;
    size_t requests_ = 0;
    size_t events_ = 0;
    size_t waits_ = 0;
    double since_ns_ = 0;
};

}  // namespace

int main(int count, char** arguments) {
    if (count < 3) {
        std::fprintf(stderr, "usage: %s PORT VALUE_BYTES [SECONDS]\n", arguments[0]);
        return 2;
    }
    FloorServer server(static_cast<uint16_t>(std::atoi(arguments[1])),
                       static_cast<size_t>(std::atoi(arguments[2])));
    server.serve_until(count > 3 ? time(nullptr) + std::atoi(arguments[3]) : 0);
    return 0;
}
