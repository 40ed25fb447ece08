// SPDX-License-Identifier: BSD-3-Clause
#include "statistics.h"

#include <fmt/format.h>

#include <cmath>

namespace millrace::check_rdb {
namespace {

// By type_number().
constexpr const char* kNames[] = {"string", "list", "set", "zset", "hash", "module", "stream"};

std::string whole(uint64_t number) {
    return fmt::to_string(number);
}

std::string broken(double number) {
    return fmt::format("{:.2f}", number);
}

}  // namespace

void Statistics::Distribution::add(uint64_t value) {
    ++counts[value];
    total += value;
    ++count;
}

double Statistics::Distribution::mean() const {
    return count == 0 ? 0.0 : static_cast<double>(total) / static_cast<double>(count);
}

double Statistics::Distribution::percentile(double share) const {
    const auto wanted = static_cast<uint64_t>(std::ceil(share * static_cast<double>(count)));
    uint64_t seen = 0;
    for (const auto& [value, times] : counts) {
        seen += times;
        if (seen >= wanted) return static_cast<double>(value);
    }
    return 0.0;
}

const Statistics::Line Statistics::kLines[] = {
    {"keys.total", [](const OfType& type) { return whole(type.keys); }},
    {"expire_keys.total", [](const OfType& type) { return whole(type.expiring); }},
    {"already_expired.total", [](const OfType& type) { return whole(type.expired); }},
    {"keys.size", [](const OfType& type) { return whole(type.key_bytes); }},
    {"keys.value_size", [](const OfType& type) { return whole(type.sizes.total); }},
    {"elements.total", [](const OfType& type) { return whole(type.numbers.total); }},
    {"elements.size", [](const OfType& type) { return whole(type.sizes.total); }},
    {"elements.num.max", [](const OfType& type) { return whole(type.numbers.highest()); }},
    {"elements.num.avg", [](const OfType& type) { return broken(type.numbers.mean()); }},
    {"elements.num.p99", [](const OfType& type) { return broken(type.numbers.percentile(.99)); }},
    {"elements.num.p90", [](const OfType& type) { return broken(type.numbers.percentile(.9)); }},
    {"elements.num.p50", [](const OfType& type) { return broken(type.numbers.percentile(.5)); }},
    {"elements.size.max", [](const OfType& type) { return whole(type.sizes.highest()); }},
    {"elements.size.avg", [](const OfType& type) { return broken(type.sizes.mean()); }},
    {"elements.size.p99", [](const OfType& type) { return broken(type.sizes.percentile(.99)); }},
    {"elements.size.p90", [](const OfType& type) { return broken(type.sizes.percentile(.9)); }},
    {"elements.size.p50", [](const OfType& type) { return broken(type.sizes.percentile(.5)); }},
};

void Statistics::add(const Key& key) {
    OfType& type = databases_[key.db][type_number(key.type)];
    ++type.keys;
    if (key.expire_at_ms != keyspace::kNoExpiry) {
        ++type.expiring;
        if (key.expire_at_ms < now_ms_) ++type.expired;
    }
    type.key_bytes += key.name.size();
    type.numbers.add(key.elements.size());
    for (const uint64_t bytes : key.elements) type.sizes.add(bytes);
}

std::string Statistics::text(Format format) const {
    std::string out;
    std::map<int, OfDatabase> databases = databases_;
    if (databases.empty()) databases.try_emplace(0);
    for (const auto& [number, database] : databases) {
        if (format != Format::Info) {
            const char* separator = format == Format::Table ? "\t" : ",";
            out += format == Format::Table
                       ? fmt::format("{:<30}", fmt::format("db.{}.type.name", number))
                       : fmt::format("db.{}.type.name", number);
            for (const char* name : kNames) {
                out += separator;
                out += format == Format::Table ? fmt::format("{:<6}", name) : name;
            }
            out += '\n';
        }
        for (const Line& line : kLines) {
            if (format == Format::Info) {
                for (size_t i = 0; i < kColumns; ++i) {
                    out += fmt::format("[info] db.{}.type.{}.{}:{}\n", number, kNames[i], line.name,
                                       line.figure(database[i]));
                }
                continue;
            }
            const std::string name = fmt::format("db.{}.{}", number, line.name);
            out += format == Format::Table ? fmt::format("{:<30}", name) : name;
            for (const OfType& type : database) {
                const std::string figure = line.figure(type);
                out += format == Format::Table ? fmt::format("\t{:<6}", figure) : "," + figure;
            }
            out += '\n';
        }
    }
    return out;
}

}  // namespace millrace::check_rdb
