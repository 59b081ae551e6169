/* Runs the tests of the SDK, natively: see run.sh. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

static int failures;
static char log_lines[64 * 1024];

bool check(bool holds, const char *file, int line, const char *condition)
{
    if (holds) return true;
    fprintf(stderr, "%s:%d: %s\n", file, line, condition);
    failures++;
    return false;
}

bool check_text(const char *found, const char *expected, const char *file, int line)
{
    if (found != NULL && expected != NULL && strcmp(found, expected) == 0) return true;
    if (found == expected) return true;
    fprintf(stderr, "%s:%d: it is other than expected (- expected, + found)\n- %s\n+ %s\n", file, line,
            expected != NULL ? expected : "(null)", found != NULL ? found : "(null)");
    failures++;
    return false;
}

void tw_log_write(tw_log_level level, const char *line)
{
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    size_t used = strlen(log_lines);
    snprintf(log_lines + used, sizeof log_lines - used, "%s: %s\n", levels[level], line);
}

const char *logged(void)
{
    const char *lines = tw_copy(log_lines, sizeof log_lines);
    log_lines[0] = '\0';
    return lines;
}

int main(void)
{
    void (*const tests[])(void) = {test_json, test_text, test_state, test_effects, test_events};
    for (size_t at = 0; at < sizeof tests / sizeof *tests; at++) {
        tests[at]();
        tw_release();
    }
    if (failures > 0) {
        fprintf(stderr, "%d checks failed\n", failures);
        return EXIT_FAILURE;
    }
    puts("the C SDK's tests passed");
    return EXIT_SUCCESS;
}
