#include <array>

#include "command.hpp"

namespace kigumi::cli {
namespace {

constexpr auto kRead = Access::kRead;
constexpr auto kWrite = Access::kWrite;
constexpr auto kMutate = Access::kMutate;
constexpr auto kAny = kAnyNumber;

constexpr std::array kCommands = {
    Command{"set", "KEY VALUE", "write a register", 2, 2, kMutate, set},
    Command{"get", "KEY", "print a register's last value", 1, 1, kRead, get},
    Command{"siblings", "KEY", "print every concurrent value of a register", 1, 1, kRead, siblings},
    Command{"incr", "KEY [N]", "add to a counter, print its value", 1, 2, kMutate, incr},
    Command{"decr", "KEY [N]", "subtract from a counter, print its value", 1, 2, kMutate, decr},
    Command{"count", "KEY", "print a counter's value", 1, 1, kRead, count},
    Command{"reset", "KEY", "take back all that a counter has counted", 1, 1, kMutate, reset},
    Command{"sadd", "KEY MEMBER...", "add to a set, print how many are new", 2, kAny, kMutate,
            sadd},
    Command{"srem", "KEY MEMBER...", "remove from a set, print how many were there", 2, kAny,
            kMutate, srem},
    Command{"smembers", "KEY", "print a set's members", 1, 1, kRead, smembers},
    Command{"scard", "KEY", "print how many members a set has", 1, 1, kRead, scard},
    Command{"sismember", "KEY MEMBER", "print whether a set has a member", 2, 2, kRead, sismember},
    Command{"hset", "KEY FIELD VALUE [FIELD VALUE...]", "write fields of a map", 3, kAny, kMutate,
            hset},
    Command{"hget", "KEY FIELD", "print a map's field", 2, 2, kRead, hget},
    Command{"hdel", "KEY FIELD...", "remove fields, print how many were there", 2, kAny, kMutate,
            hdel},
    Command{"hgetall", "KEY", "print a map's fields and their values", 1, 1, kRead, hgetall},
    Command{"enable", "KEY", "set a flag", 1, 1, kMutate, enable},
    Command{"disable", "KEY", "clear a flag", 1, 1, kMutate, disable},
    Command{"test", "KEY", "print whether a flag is set", 1, 1, kRead, test},
    Command{"del", "KEY...", "remove keys, print how many objects that were", 1, kAny, kMutate,
            del},
    Command{"exists", "KEY...", "print how many of the keys exist", 1, kAny, kRead, exists},
    Command{"type", "KEY", "print each type that a key has", 1, 1, kRead, type},
    Command{"keys", "[PATTERN]", "print the keys, or those that match a pattern", 0, 1, kRead,
            keys},
    Command{"conflicts", "", "print every row where concurrent writes disagree", 0, 0, kRead,
            conflicts},
    Command{"members", "", "print who belongs to the cluster", 0, 0, kRead, members},
    Command{"member", "add|retire ID", "enter a replica, or retire one that is gone for good", 2, 2,
            kWrite, member},
    Command{"status", "", "print identity, clock, peers and size of the node", 0, 0, kRead, status},
    Command{"wait", "N TIMEOUT",
            "wait until N other peers hold this node's writes, at most TIMEOUT ms", 2, 2, kRead,
            wait},
    Command{"sign", "", "make the bucket signed: every write proves its origin", 0, 0, kWrite,
            sign},
    Command{"check", "[--repair [FILE...]]", "check every row and index; mend, also from bundles",
            0, kAny, kRead, check},
    Command{"dump", "", "print every row, so that two nodes can be compared", 0, 0, kRead, dump},
    Command{"load", "FILE", "write the objects of a file of JSON lines ('-': input)", 1, 1, kWrite,
            load},
    Command{"export", "FILE [--since VECTOR|FILE]",
            "write a bundle: every row, or those that changed since", 1, 3, kRead, export_bundle},
    Command{"import", "FILE...", "join bundles to what is here", 1, kAny, kWrite, import_bundles},
    Command{"inspect", "FILE", "check a bundle and print what is in it", 1, 1, Access::kNone,
            inspect_bundle},
    Command{"backup",
            "TARGET [--full] [--keep N] [--keep-days D] [--verify] | TARGET --list|--forget",
            "back up to a directory what has changed; list what it holds; no longer mind it", 1,
            kAny, Access::kNone, back_up},
    Command{"verify", "TARGET", "read every backup of a directory through", 1, 1, Access::kNone,
            verify},
    Command{"restore", "TARGET [--at TIME]",
            "make the data directory, which must not exist, of a backup", 1, 3, Access::kNone,
            restore},
    Command{"drill", "TARGET [--scratch DIR]",
            "restore the newest backup elsewhere and compare it with the node", 1, 3, kRead, drill},
    Command{"keygen", "FILE", "make a key pair for kigumid, print its public key", 1, 1,
            Access::kNone, keygen},
    Command{"version", "", "print the version", 0, 0, Access::kNone, version},
};

}  // namespace

std::span<const Command> commands() { return kCommands; }

}  // namespace kigumi::cli
