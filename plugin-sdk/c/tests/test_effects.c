#include <string.h>

#include "test.h"

/* The effects of a turn, in JSON. */
static const char *effects(handler *handler)
{
    const tw_json *decision = tw_get(tw_json_read(answer_hi(handler, NULL), NULL), "ok");
    return decision != NULL ? tw_json_write(tw_get(decision, "effects")) : NULL;
}

static const char *failure(handler *handler)
{
    return tw_string(tw_get(tw_get(tw_json_read(answer_hi(handler, NULL), NULL), "err"), "val"), NULL);
}

#define HANDLER(name) static void name(tw_turn *turn, const tw_event *event)
#define IGNORE_EVENT (void)event

HANDLER(replies)
{
    IGNORE_EVENT;
    char text[] = "cut \xc3\xab";
    text[5] = '\0';
    tw_reply(turn, "%s %d", "one", 1);
    tw_choice(turn, "a", "A");
    tw_choice_described(turn, "b", "B", "second");
    tw_media(turn, "https://x.example/1", NULL);
    tw_campaign(turn, "other");
    tw_property(turn, "yes", true);
    tw_property(turn, "n", 1.5);
    tw_reply(turn, "%s", text);
    memset(text, 'x', 4);
    tw_step(turn, "asked");
}

HANDLER(profile)
{
    IGNORE_EVENT;
    tw_set_attribute(turn, "plan", "gold");
    tw_set_attribute(turn, "age", 7);
    tw_set_attribute(turn, "vip", false);
    tw_unset_attribute(turn, "old");
    tw_increment_attribute(turn, "visits", -2);
    tw_add_to_attribute(turn, "likes", "tea");
    tw_remove_from_attribute(turn, "likes", "coffee");
    tw_track_event(turn, "seen", tw_put(tw_json_object(), "page", 3));
}

HANDLER(campaigns)
{
    IGNORE_EVENT;
    tw_send_campaign(turn, "news");
    tw_property(turn, "a", "b");
    tw_send_canvas(turn, "welcome");
}

HANDLER(timers)
{
    IGNORE_EVENT;
    tw_start_timer(turn, "nudge", 60);
    tw_start_timer(turn, "later", 3600);
    tw_payload(turn, tw_add(tw_json_array(), 1));
    tw_cancel_on_message(turn);
    tw_cancel_timer(turn, "nudge");
}

HANDLER(requests)
{
    IGNORE_EVENT;
    tw_request(turn, "shop", "/orders/1");
    tw_request(turn, "llm", "/chat");
    tw_id(turn, "chat");
    tw_body_json(turn, "hi");
    tw_header(turn, "x-a", "b");
    tw_timeout_seconds(turn, 30);
    tw_while_waiting(turn, TW_HOLD);
    tw_request(turn, "shop", "/");
    tw_method(turn, "PUT");
    tw_body(turn, "text");
}

HANDLER(people)
{
    IGNORE_EVENT;
    tw_handoff(turn, "asked");
    tw_handoff(turn, "angry");
    tw_summary(turn, "about %s", "A-1");
    tw_notice(turn, "One moment");
    tw_team(turn, "billing");
    tw_priority(turn, TW_URGENT);
    tw_note(turn, "is %d", 5);
    tw_switch_bot(turn, "sales", tw_json_null());
    tw_end_session(turn, "solved");
    tw_custom(turn, "dance", true);
}

HANDLER(misplaced)
{
    IGNORE_EVENT;
    tw_note(turn, "note");
    tw_choice(turn, "a", "A");
    tw_fail(turn, "second");
}

HANDLER(without_text)
{
    IGNORE_EVENT;
    tw_send_campaign(turn, NULL);
}

HANDLER(failed)
{
    IGNORE_EVENT;
    tw_reply(turn, "never said");
    tw_fail(turn, "no %s \xff", "luck");
}

HANDLER(endless)
{
    IGNORE_EVENT;
    tw_json *list = tw_json_array();
    tw_add(list, list);
    tw_set_attribute(turn, "list", list);
}

HANDLER(no_list)
{
    IGNORE_EVENT;
    (void)turn;
    tw_put(tw_json_array(), "a", 1);
}

HANDLER(many)
{
    IGNORE_EVENT;
    for (int at = 0; at < 1000; at++) {
        tw_reply(turn, "%d", at);
        tw_choice(turn, "a", "A");
    }
}

static void what_is_asked_for_is_what_comes_out(void)
{
    logged();
    CHECK_TEXT(effects(replies),
               "[{\"tag\":\"reply\",\"val\":{\"text\":\"one 1\",\"choices\":[{\"id\":\"a\",\"title\":\"A\",\"description\":null},"
               "{\"id\":\"b\",\"title\":\"B\",\"description\":\"second\"}],\"media\":{\"url\":\"https://x.example/1\","
               "\"mimeType\":null},\"campaign\":\"other\",\"properties\":[{\"name\":\"yes\",\"value\":\"true\"},"
               "{\"name\":\"n\",\"value\":\"1.5\"}]}},{\"tag\":\"reply\",\"val\":{\"text\":\"cut \xef\xbf\xbd\",\"choices\":[],"
               "\"media\":null,\"campaign\":null,\"properties\":[]}}]");
    CHECK(strstr(logged(), "not UTF-8") != NULL);
    CHECK(strstr(answer_hi(replies, NULL), "\"step\":\"asked\"") != NULL);
    CHECK_TEXT(effects(profile),
               "[{\"tag\":\"change-attribute\",\"val\":{\"tag\":\"set\",\"val\":{\"name\":\"plan\",\"value\":\"\\\"gold\\\"\"}}},"
               "{\"tag\":\"change-attribute\",\"val\":{\"tag\":\"set\",\"val\":{\"name\":\"age\",\"value\":\"7\"}}},"
               "{\"tag\":\"change-attribute\",\"val\":{\"tag\":\"set\",\"val\":{\"name\":\"vip\",\"value\":\"false\"}}},"
               "{\"tag\":\"change-attribute\",\"val\":{\"tag\":\"unset\",\"val\":\"old\"}},"
               "{\"tag\":\"change-attribute\",\"val\":{\"tag\":\"increment\",\"val\":[\"visits\",-2]}},"
               "{\"tag\":\"change-attribute\",\"val\":{\"tag\":\"add\",\"val\":[\"likes\",\"tea\"]}},"
               "{\"tag\":\"change-attribute\",\"val\":{\"tag\":\"remove\",\"val\":[\"likes\",\"coffee\"]}},"
               "{\"tag\":\"track-event\",\"val\":{\"name\":\"seen\",\"value\":\"{\\\"page\\\":3}\"}}]");
    CHECK_TEXT(effects(campaigns),
               "[{\"tag\":\"send-campaign\",\"val\":{\"name\":\"news\",\"properties\":[{\"name\":\"a\",\"value\":\"\\\"b\\\"\"}]}},"
               "{\"tag\":\"send-canvas\",\"val\":{\"name\":\"welcome\",\"properties\":[]}}]");
    CHECK_TEXT(effects(timers),
               "[{\"tag\":\"start-timer\",\"val\":{\"name\":\"nudge\",\"delay\":60,\"payload\":\"null\",\"cancelOnMessage\":false}},"
               "{\"tag\":\"start-timer\",\"val\":{\"name\":\"later\",\"delay\":3600,\"payload\":\"[1]\",\"cancelOnMessage\":true}},"
               "{\"tag\":\"cancel-timer\",\"val\":\"nudge\"}]");
    CHECK_TEXT(effects(requests),
               "[{\"tag\":\"request\",\"val\":{\"id\":\"shop\",\"connection\":\"shop\",\"method\":\"GET\",\"path\":\"/orders/1\","
               "\"headers\":[],\"body\":null,\"timeout\":10,\"whileWaiting\":\"deliver\"}},"
               "{\"tag\":\"request\",\"val\":{\"id\":\"chat\",\"connection\":\"llm\",\"method\":\"POST\",\"path\":\"/chat\","
               "\"headers\":[[\"content-type\",\"application/json\"],[\"x-a\",\"b\"]],\"body\":\"\\\"hi\\\"\",\"timeout\":30,"
               "\"whileWaiting\":\"hold\"}},"
               "{\"tag\":\"request\",\"val\":{\"id\":\"shop\",\"connection\":\"shop\",\"method\":\"PUT\",\"path\":\"/\","
               "\"headers\":[],\"body\":\"text\",\"timeout\":10,\"whileWaiting\":\"deliver\"}}]");
    CHECK_TEXT(effects(people),
               "[{\"tag\":\"handoff\",\"val\":{\"reason\":\"asked\",\"summary\":\"\",\"team\":null,\"priority\":\"normal\","
               "\"notice\":null}},{\"tag\":\"handoff\",\"val\":{\"reason\":\"angry\",\"summary\":\"about A-1\","
               "\"team\":\"billing\",\"priority\":\"urgent\",\"notice\":\"One moment\"}},{\"tag\":\"note\",\"val\":\"is 5\"},"
               "{\"tag\":\"switch-bot\",\"val\":{\"name\":\"sales\",\"value\":\"null\"}},"
               "{\"tag\":\"end-session\",\"val\":\"solved\"},{\"tag\":\"custom\",\"val\":{\"name\":\"dance\",\"value\":\"true\"}}]");
    CHECK(tw_count(tw_json_read(effects(many), NULL)) == 1000);
}

static void a_handler_that_fails_leaves_no_effect(void)
{
    CHECK_TEXT(failure(failed), "no luck \xef\xbf\xbd");
    CHECK_TEXT(failure(misplaced), "tw_choice says more about a tw_reply, but that is not what was asked for last");
    CHECK_TEXT(failure(without_text), "an effect was given NULL where a text must be");
    CHECK_TEXT(failure(endless), "a JSON value is more than 64 levels deep");
    CHECK_TEXT(failure(no_list), "tw_put was given something that is no JSON object");
}

void test_effects(void)
{
    what_is_asked_for_is_what_comes_out();
    a_handler_that_fails_leaves_no_effect();
}
