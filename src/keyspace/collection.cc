// SPDX-License-Identifier: BSD-3-Clause
#include "keyspace/collection.h"

namespace millrace::keyspace {

std::string_view encoding_name(const Entry& entry) {
    if (!entry.is_string()) return entry.collection()->encoding();
    switch (entry.form()) {
        case StringForm::Int:
            return "int";
        case StringForm::Embedded:
            return "embstr";
        case StringForm::Raw:
            return "raw";
    }
    return "unknown";
}

}  // namespace millrace::keyspace
