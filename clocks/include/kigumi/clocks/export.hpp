#pragma once

/// Marks what a user of the library may link to: public classes with functions that are not inline,
/// and such functions. The library is compiled with hidden visibility, so that nothing else leaves
/// it and nothing of an application can take its place.
#define KIGUMI_API __attribute__((visibility("default")))
