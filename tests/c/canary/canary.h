#ifndef KIGUMI_CANARY_H
#define KIGUMI_CANARY_H

#include <kigumi.h>
#include <stdio.h>
#include <stdlib.h>

/* Ends the program, saying where and why, unless it is so. */
#define EXPECT(condition)                                                                      \
    do {                                                                                       \
        if (!(condition)) {                                                                    \
            fprintf(stderr, "%s:%d: %s\n    last error: %s\n", __FILE__, __LINE__, #condition, \
                    kigumi_last_error_message());                                              \
            exit(1);                                                                           \
        }                                                                                      \
    } while (0)
#define OK(call) EXPECT((call) == KIGUMI_OK)
/* That the call is refused, with a message that holds the text. */
#define REFUSED(call, code, text)                                    \
    do {                                                             \
        EXPECT((call) == (code));                                    \
        EXPECT(strstr(kigumi_last_error_message(), (text)) != NULL); \
    } while (0)

/* A path under the program's directory, for as long as three later ones are not asked for. */
const char* path_of(const char* name);
kigumi_store* open_store(const char* name);
bool text_is(kigumi_slice slice, const char* text);

/* Each in a file of its own. */
void types(void);
void values(void);
void cursors(void);
void requests(void);
void sessions(void);
void transactions(void);
void watches(void);
void nodes(void);
void bundles(void);
void options(void);
void misuse(void);

#endif
