#pragma once

namespace kigumi {

/// Lets this process open as many files as it needs for all its connections, as far as the system
/// allows. Each connection takes one.
void raise_descriptor_limit();

}  // namespace kigumi
