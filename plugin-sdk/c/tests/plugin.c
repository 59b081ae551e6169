/* The plugin that is tested. */
#include "native.h"
#include "test.h"

static handler *under_test;

static const tw_member members[] = {
    TW_MEMBER(struct state, count), TW_MEMBER(struct state, small), TW_MEMBER(struct state, big),
    TW_MEMBER(struct state, most),  TW_MEMBER(struct state, seen),   TW_MEMBER(struct state, share), TW_MEMBER(struct state, word),
    TW_MEMBER(struct state, list),  TW_NAMED_MEMBER(struct state, mood, "good", "bad", "ugly"),
};

static void on_message(tw_turn *turn, const tw_message *message)
{
    tw_info("took a message");
    if (message->text[0] == '!') tw_fail(turn, "asked to");
    tw_reply(turn, "%s", message->text);
}

static void on_event(tw_turn *turn, const tw_event *event)
{
    if (under_test != NULL) {
        under_test(turn, event);
    } else {
        tw_dispatch(turn, event);
    }
}

static tw_json *migrate(tw_json *state, uint32_t from)
{
    if (from == 1) return tw_put(state, "count", tw_get(state, "n"));
    return from == 2 ? state : NULL;
}

const tw_plugin plugin = {
    .name = "tested",
    .version = "0.1.0",
    .state = TW_STATE(struct state, members),
    .on_message = on_message,
    .on_event = on_event,
    .migrate = migrate,
};

const char *answer(handler *handler, const char *state, const char *event)
{
    static const char context[] =
        "{\"conversation\":\"c_1\",\"session\":2,\"turn\":3,\"user\":{\"externalId\":\"u\",\"alias\":null,\"phone\":null,"
        "\"language\":\"en\",\"profileName\":null},\"source\":\"whatsapp\",\"now\":1767603600000,\"seed\":42,"
        "\"settings\":[{\"name\":\"hours\",\"value\":\"\\\"9 to 5\\\"\"},{\"name\":\"count\",\"value\":\"9\"},"
        "{\"name\":\"list\",\"value\":\"[1]\"}],"
        "\"fields\":[{\"name\":\"first_name\",\"value\":\"\\\"Sam\\\"\"}],\"desk\":{\"tag\":\"closed\",\"val\":77}}";
    under_test = handler;
    const char *quoted = state != NULL ? tw_json_write(tw_json_string(state)) : "null";
    return tw_native_turn(tw_format("{\"context\":%s,\"state\":%s,\"event\":%s}", context, quoted, event));
}

const char *answer_hi(handler *handler, const char *state)
{
    return answer(handler, state, HI);
}
