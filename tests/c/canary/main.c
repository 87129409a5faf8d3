/* mkdtemp */
#define _XOPEN_SOURCE 700

#include "canary.h"

/* A C99 program that uses all of kigumi.h. It says nothing if all is well. */

static char directory[] = "/tmp/kigumi-canary-XXXXXX";

const char* path_of(const char* name) {
    static char paths[4][256];
    static int next = 0;
    char* const path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", directory, name);
    return path;
}

kigumi_store* open_store(const char* name) {
    kigumi_store* store = NULL;
    OK(kigumi_store_open(path_of(name), NULL, &store));
    return store;
}

bool text_is(kigumi_slice slice, const char* text) {
    return slice.size == strlen(text) && memcmp(slice.data, text, slice.size) == 0;
}

int main(void) {
    char command[64];
    EXPECT(mkdtemp(directory) != NULL);
    EXPECT(strcmp(kigumi_last_error_message(), "") == 0);
    EXPECT(strlen(kigumi_version()) >= 5);
    types();
    values();
    cursors();
    requests();
    sessions();
    transactions();
    watches();
    nodes();
    bundles();
    options();
    misuse();
    snprintf(command, sizeof command, "rm -rf %s", directory);
    return system(command);
}
