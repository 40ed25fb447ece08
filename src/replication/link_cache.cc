// SPDX-License-Identifier: BSD-3-Clause
#include "replication/link_cache.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace millrace::replication {
namespace {

std::string name_of(const std::string& host, const std::string& port) {
    std::string name = host;
    name += ':';
    return name += port;
}

}  // namespace

LinkCache& LinkCache::of(engine::Engine& engine) {
    if (engine.migration == nullptr) engine.migration = std::make_unique<LinkCache>(engine);
    return static_cast<LinkCache&>(*engine.migration);
}

void LinkCache::close_unused(engine::Engine& engine) {
    if (engine.migration == nullptr) return;
    LinkCache& cache = of(engine);
    const int64_t oldest_ms = engine.now_ms() - kUnusedMsMax;
    std::erase_if(cache.links_, [&](const auto& each) { return each.second.used_ms < oldest_ms; });
    cache.count();
}

void LinkCache::count() {
    engine_.server().net.migrate_links = links_.size();
}

void LinkCache::make_room() {
    if (links_.size() < kLinksMax) return;
    links_.erase(std::min_element(links_.begin(), links_.end(), [](const auto& a, const auto& b) {
        return a.second.used_ms < b.second.used_ms;
    }));
}

Result<KeptLink*> LinkCache::open(const std::string& host, const std::string& port,
                                  int64_t timeout_ms) {
    const std::string name = name_of(host, port);
    auto found = links_.find(name);
    if (found == links_.end()) {
        KeptLink fresh;
        TRY(fresh.link.open(host, port, timeout_ms));
        make_room();
        found = links_.emplace(name, std::move(fresh)).first;
        count();
    }
    found->second.link.set_timeout_ms(timeout_ms);
    found->second.used_ms = engine_.now_ms();
    return &found->second;
}

void LinkCache::close(const std::string& host, const std::string& port) {
    links_.erase(name_of(host, port));
    count();
}

}  // namespace millrace::replication
