// SPDX-License-Identifier: BSD-3-Clause
//
// Which clients CLIENT LIST and CLIENT KILL mean: the filters of their arguments.
//
// A client must meet every filter given, and none of those with NOT-. A filter given twice counts
// once, with its last value; ID collects.
//
// Threads: main thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/client/listing.h"
#include "engine/call.h"

namespace millrace::admin::client {

// What a filter and its NOT- form can ask for. Texts point into the arguments.
struct Criteria {
    std::vector<uint64_t> ids;
    std::optional<ClientType> type;
    std::optional<std::string_view> user;
    std::optional<std::string_view> address;
    std::optional<std::string_view> local_address;
    std::optional<std::string_view> ip;
    std::optional<std::string_view> name;
    std::optional<std::string_view> library_name;
    std::optional<std::string_view> library_version;
    std::optional<std::string_view> flags;
    std::optional<std::string_view> capabilities;
    std::optional<int> database;
};

struct ClientFilter {
    Criteria wanted;
    Criteria unwanted;
    int64_t age_seconds_min = 0;
    int64_t idle_seconds_min = 0;
    std::optional<bool> skip_caller;
};

// Reads the options from argument `from` on.
Result<ClientFilter> parse_filter(engine::Call& call, size_t from);

// `skip_caller` decides where the filter does not say.
bool matches(const ClientFilter& filter, engine::Call& call, const engine::Session& session,
             bool skip_caller);

}  // namespace millrace::admin::client
