// SPDX-License-Identifier: BSD-3-Clause
//
// A user: a name, how clients log in as it, and what they may do then.
//
//     on  off  nopass  >password  <password  #hash  !hash  resetpass       logging in
//     reset  clearselectors  (rules of one more selector)
//     anything else                                  rules of its own selector (selector.h)
//
// Owner:     UserTable and the sessions of its clients; one that was deleted lives as long as they.
// Threads:   main thread.
// Invariant: applying the words of print() to a new user gives an equal one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/acl/selector.h"

namespace millrace::engine::acl {

// What new users and selectors depend on.
struct RuleContext {
    const CommandRegistry& commands;
    bool all_channels = false;  // acl-pubsub-default allchannels
};

class User {
public:
    // Disabled, without a password and without rights.
    User(std::string name, const RuleContext& context);

    Status apply(std::string_view rule, const RuleContext& context);

    const std::string& name() const { return name_; }
    bool enabled() const { return enabled_; }
    // Any password is right, and none is needed.
    bool has_no_password() const { return no_password_; }
    bool is_password(std::string_view password) const;
    // Every request is covered by its own selector.
    bool is_unlimited() const { return selectors_.front().is_unlimited(); }
    // Its own first.
    const std::vector<Selector>& selectors() const { return selectors_; }
    const std::vector<std::string>& password_hashes() const { return password_hashes_; }

    // Its rules, for the ACL file and ACL LIST.
    std::string print() const;

    bool operator==(const User&) const = default;

private:
    bool apply_word(std::string_view rule, const RuleContext& context);
    Status apply_password(std::string_view rule);
    Status add_selector(std::string_view rules, const RuleContext& context);

    std::string name_;
    bool enabled_ = false;
    bool no_password_ = false;
    std::vector<std::string> password_hashes_;
    std::vector<Selector> selectors_;
};

}  // namespace millrace::engine::acl
