/* What the tests of the SDK share. */
#ifndef TEST_H
#define TEST_H

#include <stdbool.h>

#include "internal.h"

/* Says where and what where a condition does not hold, and goes on. */
#define CHECK(condition) check((condition), __FILE__, __LINE__, #condition)
#define CHECK_TEXT(found, expected) check_text((found), (expected), __FILE__, __LINE__)

bool check(bool holds, const char *file, int line, const char *condition);
bool check_text(const char *found, const char *expected, const char *file, int line);

/* Every kind of member there is. */
enum mood { GOOD, BAD, UGLY };
struct state {
    int count;
    uint8_t small;
    int64_t big;
    uint64_t most;
    bool seen;
    double share;
    const char *word;
    const tw_json *list;
    enum mood mood;
    /* No member the SDK knows of. */
    int forgotten;
};

/* What the tested plugin makes of an event, in the JSON of native.c. The handler stands in for on_event; the plugin's own
 * handlers are used where it is NULL. State and event are JSON. */
typedef void handler(tw_turn *turn, const tw_event *event);
const char *answer(handler *handler, const char *state, const char *event);
/* The same for a message that says "hi". */
const char *answer_hi(handler *handler, const char *state);
#define HI "{\"tag\":\"message\",\"val\":{\"id\":\"m_1\",\"text\":\"hi\",\"media\":[],\"choice\":null,\"received\":5}}"

/* The lines of the log since it was last looked at, each with its level. */
const char *logged(void);

void test_json(void);
void test_text(void);
void test_state(void);
void test_effects(void);
void test_events(void);

#endif
