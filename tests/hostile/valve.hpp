#pragma once

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "hostile/tcp.hpp"

namespace kigumi::hostile {

/// A relay that passes so many bytes of each connection on to a node, then holds it open and passes
/// no more: so the node sees half a message, with its cipher and its sums in order. What the node
/// says is passed back.
class Valve {
  public:
    Valve(std::uint16_t target, std::size_t bytes_of_each);
    ~Valve();
    Valve(const Valve&) = delete;
    Valve& operator=(const Valve&) = delete;

    std::string address() const { return "127.0.0.1:" + std::to_string(listening_.port()); }

  private:
    struct Pair {
        Socket client;
        Socket node;
        std::size_t passed = 0;
    };

    void run();
    /// False once one of its ends has hung up.
    bool pass(Pair& pair, short client_events, short node_events) const;

    const std::uint16_t target_;
    const std::size_t bytes_of_each_;
    Socket listening_ = Socket::listening();
    std::vector<Pair> pairs_;
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

/// A port that nobody may dial: it belongs to no listed key. Counts who does all the same.
class Trap {
  public:
    std::string address() const { return "127.0.0.1:" + std::to_string(listening_.port()); }
    /// How often it has been dialled so far. Call it now and then, or the system's queue is full.
    std::size_t dialled();

  private:
    Socket listening_ = Socket::listening();
    std::size_t dialled_ = 0;
};

}  // namespace kigumi::hostile
