#pragma once

#include <memory>
#include <vector>

#include "boundary.hpp"
#include "kigumi/crdt/policy.hpp"
#include "kigumi/crdt/value.hpp"

/// Between values as C sees them (plain data that refers to memory of others) and as C++ does.
namespace kigumi::c {

/// The bytes of a slice; fails if it has a size but no data.
inline Result<std::string_view> bytes_of(const kigumi_slice& slice, const char* name) {
    if (slice.data != nullptr) return std::string_view(slice.data, slice.size);
    if (slice.size == 0) return std::string_view();
    return fail(ErrorCode::kInvalidArgument, std::string(name) + " has a size but no data");
}
inline kigumi_slice slice_of(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
/// A path or an address: a C string that must not be null.
Result<const char*> required(const char* text, const char* name);
/// A list of such texts, which may be null if it is empty.
Result<std::vector<std::string>> texts(const char* const* list, std::size_t count,
                                       const char* name);

Result<Value> value_of(const kigumi_value& value);

/// Holds the arrays of nested views. Scalars need none.
class Arena {
  public:
    kigumi_value* values(std::size_t count);
    kigumi_member* members(std::size_t count);
    void clear();

  private:
    std::vector<std::unique_ptr<kigumi_value[]>> values_;
    std::vector<std::unique_ptr<kigumi_member[]>> members_;
};

/// A view of a value, which has to stay where it is.
kigumi_value view(const Value& value, Arena& arena);
kigumi_value absent();

/// Siblings with the views of them.
class SiblingList {
  public:
    void assign(std::vector<Sibling> siblings, Arena& arena);
    const kigumi_sibling* data() const { return views_.data(); }
    std::size_t size() const { return views_.size(); }

  private:
    std::vector<Sibling> siblings_;
    std::vector<kigumi_sibling> views_;
};

kigumi_replica replica_of(const ReplicaId& id);

/// One block of malloc that holds the value and all it refers to.
Result<kigumi_value*> copy_of(const kigumi_value& value);
/// The text in a block of malloc, with a zero byte behind it.
Result<char*> copy_of(std::string_view text);

}  // namespace kigumi::c
