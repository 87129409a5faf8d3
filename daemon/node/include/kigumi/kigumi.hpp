#pragma once

/// Everything an application needs: the store with its typed views, and the embedded node.

#include "kigumi/crdt/json.hpp"
#include "kigumi/daemon/node.hpp"
#include "kigumi/replication/store.hpp"
