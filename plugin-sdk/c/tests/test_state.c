#include "test.h"

#define KEPT "{\"ok\":{\"state\":{\"tag\":\"keep\"},\"effects\":[],\"step\":null}}"
#define CLEARED "{\"ok\":{\"state\":{\"tag\":\"clear\"},\"effects\":[],\"step\":null}}"
#define REPLACED(state) "{\"ok\":{\"state\":{\"tag\":\"replace\",\"val\":\"" state "\"},\"effects\":[],\"step\":null}}"
#define BAD_STATE(problem) "{\"err\":{\"tag\":\"bad-state\",\"val\":\"" problem "\"}}"
#define FAILED(problem) "{\"err\":{\"tag\":\"other\",\"val\":\"" problem "\"}}"

static void nothing(tw_turn *turn, const tw_event *event)
{
    (void)turn, (void)event;
}

static void count(tw_turn *turn, const tw_event *event)
{
    (void)event;
    struct state *state = turn->state;
    state->count++;
}

static void clear(tw_turn *turn, const tw_event *event)
{
    (void)event;
    tw_clear_state(turn);
}

static void forget(tw_turn *turn, const tw_event *event)
{
    (void)event;
    struct state *state = turn->state;
    CHECK(state->forgotten == 0);
    state->forgotten = 1;
}

/* A text of the handler's own, gone when it returns. */
static void fill(tw_turn *turn, const tw_event *event)
{
    (void)event;
    struct state *state = turn->state;
    char word[] = "wo\"rd";
    *state = (struct state){-1, 255, INT64_MIN, 7, true, 0.5, tw_copy(word, sizeof word), tw_add(tw_json_array(), 1), UGLY, 1};
}

static void overflow(tw_turn *turn, const tw_event *event)
{
    (void)event;
    struct state *state = turn->state;
    state->mood = (enum mood)3;
}

static void state_is_written_only_where_it_changed(void)
{
    CHECK_TEXT(answer_hi(nothing, NULL), KEPT);
    CHECK_TEXT(answer_hi(count, NULL), REPLACED("{\\\"count\\\":1}"));
    CHECK_TEXT(answer_hi(nothing, "{\"count\":1}"), KEPT);
    CHECK_TEXT(answer_hi(count, "{\"count\":1}"), REPLACED("{\\\"count\\\":2}"));
    CHECK_TEXT(answer_hi(count, "{\"count\":-1}"), CLEARED);
    CHECK_TEXT(answer_hi(clear, "{\"count\":1}"), CLEARED);
    CHECK_TEXT(answer_hi(clear, NULL), KEPT);
    CHECK_TEXT(answer_hi(forget, NULL), KEPT);
    /* After a session has expired the contract reads "keep" as "clear". */
    CHECK_TEXT(answer(nothing, "{\"count\":1}", "{\"tag\":\"session-expired\",\"val\":60}"), REPLACED("{\\\"count\\\":1}"));
    CHECK_TEXT(answer(NULL, "{\"count\":1}", "{\"tag\":\"session-expired\",\"val\":60}"), CLEARED);
    CHECK_TEXT(answer(NULL, NULL, "{\"tag\":\"session-expired\",\"val\":60}"), KEPT);
}

static void every_kind_of_member_comes_back(void)
{
    static const char full[] = "{\"count\":-1,\"small\":255,\"big\":-9223372036854775808,\"most\":7,\"seen\":true,\"share\":0.5,"
                               "\"word\":\"wo\\\"rd\",\"list\":[1],\"mood\":\"ugly\"}";
    CHECK_TEXT(answer_hi(fill, full), KEPT);
    CHECK_TEXT(answer_hi(nothing, full), KEPT);
    /* Unknown members are dropped, null texts are none. */
    CHECK_TEXT(answer_hi(nothing, "{\"other\":[1,2],\"word\":null,\"share\":2}"), REPLACED("{\\\"share\\\":2.0}"));
}

static void what_does_not_fit_is_a_bad_state(void)
{
    CHECK_TEXT(answer_hi(nothing, "{\"count\":"), BAD_STATE("the text ends too soon at byte 10"));
    CHECK_TEXT(answer_hi(nothing, "7"), BAD_STATE("invalid type: integer `7`, expected an object"));
    CHECK_TEXT(answer_hi(nothing, "{\"count\":\"x\"}"),
               BAD_STATE("count: invalid type: string \\\"x\\\", expected an integer"));
    CHECK_TEXT(answer_hi(nothing, "{\"count\":2147483648}"), BAD_STATE("count: 2147483648 does not fit"));
    CHECK_TEXT(answer_hi(nothing, "{\"small\":256}"), BAD_STATE("small: 256 does not fit"));
    CHECK_TEXT(answer_hi(nothing, "{\"small\":-1}"), BAD_STATE("small: -1 does not fit"));
    CHECK_TEXT(answer_hi(nothing, "{\"most\":-1}"), BAD_STATE("most: -1 does not fit"));
    CHECK_TEXT(answer_hi(nothing, "{\"count\":1.5}"),
               BAD_STATE("count: invalid type: floating point `1.5`, expected an integer"));
    CHECK_TEXT(answer_hi(nothing, "{\"seen\":0}"), BAD_STATE("seen: invalid type: integer `0`, expected a boolean"));
    CHECK_TEXT(answer_hi(nothing, "{\"share\":[]}"), BAD_STATE("share: invalid type: sequence, expected a number"));
    CHECK_TEXT(answer_hi(nothing, "{\"word\":{}}"), BAD_STATE("word: invalid type: map, expected a string"));
    CHECK_TEXT(answer_hi(nothing, "{\"mood\":\"sad\"}"), BAD_STATE("mood: there is no value \\\"sad\\\""));
    CHECK_TEXT(answer_hi(nothing, "{\"mood\":1}"), BAD_STATE("mood: invalid type: integer `1`, expected a string"));
    CHECK_TEXT(answer_hi(overflow, NULL), FAILED("writing the state: mood: 3 has no name"));
}

static void old_state_is_migrated(void)
{
    const char *problem = NULL;
    CHECK_TEXT(tw_migrate("{\"n\":5}", 1, &problem), "{\"n\":5,\"count\":5}");
    CHECK_TEXT(tw_migrate("{\"n\":5}", 2, &problem), "{\"n\":5}");
    CHECK(tw_migrate("{\"n\":5}", 3, &problem) == NULL);
    CHECK_TEXT(problem, "a state of version 3 cannot be migrated");
    CHECK(tw_migrate("{", 1, &problem) == NULL);
    CHECK_TEXT(problem, "a key is expected at byte 2");
}

void test_state(void)
{
    state_is_written_only_where_it_changed();
    every_kind_of_member_comes_back();
    what_does_not_fit_is_a_bad_state();
    old_state_is_migrated();
}
