// SPDX-License-Identifier: BSD-3-Clause
#include "report.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/quote.h"

namespace millrace::check_rdb {
namespace {

// A text of JSON; bytes that are not ASCII as if they were Latin-1, so that none is lost.
std::string json_text(std::string_view bytes) {
    std::string out = "\"";
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20 || byte > 0x7e) {
            out += fmt::format("\\u{:04x}", byte);
        } else {
            out += c;
        }
    }
    return out + '"';
}

}  // namespace

void Report::note_large(const Key& key) {
    const auto larger = [](const Large& a, const Large& b) { return a.bytes > b.bytes; };
    if (largest_.size() == kLargestMax) {
        if (key.file_bytes <= largest_.front().bytes) return;
        std::pop_heap(largest_.begin(), largest_.end(), larger);
        largest_.pop_back();
    }
    largest_.push_back(
        {key.file_bytes, key.elements.size(), key.db, key.type, std::string(key.name)});
    std::push_heap(largest_.begin(), largest_.end(), larger);
}

void Report::add(const Key& key) {
    OfType& type = types_[static_cast<size_t>(key.type)];
    ++type.keys;
    type.bytes += key.file_bytes;
    type.elements += key.elements.size();
    note_large(key);
    if (key.expire_at_ms == keyspace::kNoExpiry) {
        ++never_expire_;
        return;
    }
    const int64_t left_ms = key.expire_at_ms - now_ms_;
    for (size_t i = 0; i < kStepCount; ++i) {
        if (left_ms >= kSteps[i].seconds * 1000) continue;
        ++expiring_[i];
        return;
    }
    ++expiring_.back();
}

std::string Report::text() const {
    std::string out =
        fmt::format("{:<10}{:>14}{:>18}{:>16}\n", "type", "keys", "bytes", "elements");
    for (size_t i = 0; i < types_.size(); ++i) {
        out += fmt::format("{:<10}{:>14}{:>18}{:>16}\n",
                           keyspace::type_name(static_cast<keyspace::ValueType>(i)), types_[i].keys,
                           types_[i].bytes, types_[i].elements);
    }
    out += fmt::format("\nfunctions {:>14}\n\nexpiry    {:>14} never\n", functions_, never_expire_);
    for (size_t i = 0; i < kStepCount; ++i)
        out += fmt::format("{:<10}{:>14} {}\n", "", expiring_[i], kSteps[i].name);
    out += "\nlargest keys\n";
    std::vector<Large> sorted = largest_;
    std::sort(sorted.begin(), sorted.end(),
              [](const Large& a, const Large& b) { return a.bytes > b.bytes; });
    for (const Large& key : sorted) {
        out += fmt::format("{:>14} bytes {:>12} elements  db {:<3} {:<7} {}\n", key.bytes,
                           key.elements, key.db, keyspace::type_name(key.type), quote(key.name));
    }
    return out;
}

std::string Report::json() const {
    std::string out = "{\"types\":{";
    for (size_t i = 0; i < types_.size(); ++i) {
        out +=
            fmt::format("{}\"{}\":{{\"keys\":{},\"bytes\":{},\"elements\":{}}}", i == 0 ? "" : ",",
                        keyspace::type_name(static_cast<keyspace::ValueType>(i)), types_[i].keys,
                        types_[i].bytes, types_[i].elements);
    }
    out += fmt::format("}},\"functions\":{},\"expiry\":{{\"never\":{}", functions_, never_expire_);
    for (size_t i = 0; i < kStepCount; ++i)
        out += fmt::format(",\"{}\":{}", kSteps[i].name, expiring_[i]);
    out += "},\"largest\":[";
    std::vector<Large> sorted = largest_;
    std::sort(sorted.begin(), sorted.end(),
              [](const Large& a, const Large& b) { return a.bytes > b.bytes; });
    for (size_t i = 0; i < sorted.size(); ++i) {
        out +=
            fmt::format("{}{{\"key\":{},\"db\":{},\"type\":\"{}\",\"bytes\":{},\"elements\":{}}}",
                        i == 0 ? "" : ",", json_text(sorted[i].name), sorted[i].db,
                        keyspace::type_name(sorted[i].type), sorted[i].bytes, sorted[i].elements);
    }
    return out + "]}\n";
}

}  // namespace millrace::check_rdb
