#include <string.h>

#include "test.h"

#define HANDLER(name) static void name(tw_turn *turn, const tw_event *event)

HANDLER(knows_its_context)
{
    CHECK_TEXT(turn->conversation, "c_1");
    CHECK_TEXT(turn->source, "whatsapp");
    CHECK_TEXT(turn->user.external_id, "u");
    CHECK_TEXT(turn->user.language, "en");
    CHECK(turn->user.phone == NULL && turn->user.alias_name == NULL);
    CHECK(turn->session == 2 && turn->number == 3 && turn->now == 1767603600000);
    CHECK(turn->desk == TW_DESK_CLOSED && turn->desk_opens == 77);
    CHECK(event->type == TW_EVENT_MESSAGE && event->message.received == 5 && event->message.media_count == 0);
    CHECK_TEXT(tw_setting_string(turn, "hours", "never"), "9 to 5");
    CHECK_TEXT(tw_setting_string(turn, "missing", "never"), "never");
    CHECK(tw_setting_int(turn, "count", 1) == 9 && tw_setting_number(turn, "count", 1) == 9 && tw_setting_bool(turn, "no", true));
    CHECK_TEXT(tw_json_write(tw_settings(turn)), "{\"hours\":\"9 to 5\",\"count\":9,\"list\":[1]}");
    CHECK_TEXT(tw_string(tw_field(turn, "first_name"), NULL), "Sam");
    CHECK_TEXT(tw_json_write(tw_fields(turn)), "{\"first_name\":\"Sam\"}");
    CHECK(tw_field(turn, "missing") == NULL);
}

HANDLER(setting_of_another_type)
{
    (void)event;
    CHECK_TEXT(tw_setting_string(turn, "count", "fallback"), "fallback");
    tw_setting_string(turn, "list", NULL);
}

/* What the Rust SDK draws from these seeds. */
HANDLER(chance)
{
    (void)event;
    static const struct {
        uint32_t seed, drawn[8], below_most;
    } cases[] = {
        {0, {883, 431, 26, 970, 106, 327, 173, 771}, 3793791031},
        {1, {566, 745, 971, 444, 444, 762, 877, 523}, 2433363436},
        {42, {741, 159, 278, 344, 38, 868, 218, 800}, 3184996902},
        {2654435761, {892, 714, 183, 425, 993, 299, 831, 791}, 3835293792},
        {4294967295, {451, 379, 930, 74, 715, 981, 452, 743}, 1940994977},
    };
    for (size_t at = 0; at < sizeof cases / sizeof *cases; at++) {
        tw_inside_of(turn)->random = cases[at].seed;
        CHECK(tw_random_below(turn, UINT32_MAX) == cases[at].below_most);
        tw_inside_of(turn)->random = cases[at].seed;
        for (size_t draw = 0; draw < 8; draw++) CHECK(tw_random_below(turn, 1000) == cases[at].drawn[draw]);
    }
    tw_inside_of(turn)->random = 42;
    CHECK_TEXT(tw_pick(turn, "a", "b", "c", "d"), "c");
    CHECK(tw_random_below(turn, 0) == 0);
}

static void what_a_handler_may_know(void)
{
    CHECK(strstr(answer_hi(knows_its_context, NULL), "\"ok\"") != NULL);
    CHECK(strstr(answer_hi(chance, NULL), "\"ok\"") != NULL);
    CHECK_TEXT(answer_hi(setting_of_another_type, NULL),
               "{\"err\":{\"tag\":\"other\",\"val\":\"setting: count: invalid type: integer `9`, expected a string at line 1 "
               "column 1\"}}");
}

static void what_no_handler_takes_is_logged(void)
{
    static const char *const cases[][2] = {
        {"{\"tag\":\"timer\",\"val\":{\"name\":\"nudge\",\"payload\":\"null\",\"due\":1}}", "warn: no on_timer handles the timer nudge\n"},
        {"{\"tag\":\"response\",\"val\":{\"id\":\"shop\",\"outcome\":{\"tag\":\"err\",\"val\":{\"tag\":\"timeout\"}}}}",
         "warn: no on_response handles the response to shop\n"},
        {"{\"tag\":\"delivery-failed\",\"val\":{\"turn\":2,\"campaign\":\"reply\",\"reason\":\"gone\",\"ambiguous\":true}}",
         "warn: campaign reply of turn 2 was not delivered: gone\n"},
        {"{\"tag\":\"handoff\",\"val\":{\"tag\":\"failed\",\"val\":\"closed\"}}", ""},
        {"{\"tag\":\"switched\",\"val\":{\"name\":\"sales\",\"value\":\"1\"}}",
         "warn: no on_switched handles the conversation that came from sales\n"},
        {"{\"tag\":\"external\",\"val\":{\"name\":\"shipped\",\"value\":\"1\"}}", "warn: no on_external handles shipped\n"},
    };
    logged();
    for (size_t at = 0; at < sizeof cases / sizeof *cases; at++) {
        CHECK_TEXT(answer(NULL, NULL, cases[at][0]), "{\"ok\":{\"state\":{\"tag\":\"keep\"},\"effects\":[],\"step\":null}}");
        CHECK_TEXT(logged(), cases[at][1]);
    }
}

HANDLER(responses)
{
    (void)turn;
    const tw_response *response = &event->response;
    CHECK(response->outcome == TW_RESPONDED && response->status == 201 && tw_is_success(response));
    CHECK(response->header_count == 1 && response->problem == NULL);
    CHECK_TEXT(response->headers[0].value, "b");
    CHECK(tw_int(tw_get(tw_response_json(response), "n"), 0) == 1);
}

HANDLER(refused_responses)
{
    (void)turn;
    CHECK(event->response.outcome == TW_UNREACHABLE && !tw_is_success(&event->response));
    CHECK_TEXT(event->response.problem, "no route");
    CHECK(tw_response_json(&event->response) == NULL);
}

HANDLER(returned)
{
    (void)turn;
    const tw_handoff_update *update = &event->handoff;
    CHECK(update->news == TW_HANDOFF_RETURNED && update->transcript_count == 1);
    CHECK_TEXT(update->agent, "Ana");
    CHECK(update->note == NULL && update->transcript[0].author == TW_AUTHOR_AGENT);
    CHECK_TEXT(update->transcript[0].text, "done");
}

static void what_happened_is_told(void)
{
    answer(responses, NULL, "{\"tag\":\"response\",\"val\":{\"id\":\"x\",\"outcome\":{\"tag\":\"ok\",\"val\":{\"status\":201,"
                            "\"headers\":[[\"a\",\"b\"]],\"body\":\"{\\\"n\\\":1}\"}}}}");
    answer(refused_responses, NULL, "{\"tag\":\"response\",\"val\":{\"id\":\"x\",\"outcome\":{\"tag\":\"err\","
                                    "\"val\":{\"tag\":\"unreachable\",\"val\":\"no route\"}}}}");
    answer(returned, NULL, "{\"tag\":\"handoff\",\"val\":{\"tag\":\"returned\",\"val\":{\"agent\":\"Ana\",\"note\":null,"
                           "\"transcript\":[{\"at\":1,\"author\":\"agent\",\"text\":\"done\"}]}}}");
}

/* As if each came alone, to the first that fails. */
static void a_burst_is_its_messages(void)
{
    const char *both = answer(NULL, NULL, "{\"tag\":\"burst\",\"val\":[{\"id\":\"1\",\"text\":\"one\"},{\"id\":\"2\",\"text\":\"two\"}]}");
    const char *one = strstr(both, "one"), *two = strstr(both, "two");
    CHECK(one != NULL && two != NULL && one < two);
    logged();
    CHECK_TEXT(answer(NULL, NULL, "{\"tag\":\"burst\",\"val\":[{\"id\":\"1\",\"text\":\"!\"},{\"id\":\"2\",\"text\":\"!\"}]}"),
               "{\"err\":{\"tag\":\"other\",\"val\":\"asked to\"}}");
    CHECK_TEXT(logged(), "info: took a message\n");
}

void test_events(void)
{
    what_a_handler_may_know();
    what_no_handler_takes_is_logged();
    what_happened_is_told();
    a_burst_is_its_messages();
}
