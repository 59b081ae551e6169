/* Every event that comes in and every effect that goes out, for tests of what lies between the contract and the SDK. */
#include "every.h"

#include <string.h>

static const char *or_none(const char *text)
{
    return text != NULL ? text : "none";
}

static const char *describe_message(const tw_message *message)
{
    const char *text = tw_format("message %s %s choice %s flow %s at %llu", message->id, message->text,
                                 or_none(message->choice), tw_json_write(message->flow_response),
                                 (unsigned long long)message->received);
    for (size_t at = 0; at < message->media_count; at++) {
        text = tw_format("%s media %s %s", text, message->media[at].url, or_none(message->media[at].mime_type));
    }
    return text;
}

static const char *describe_response(const tw_response *response)
{
    const char *text = tw_format("response %s outcome %d problem %s status %d body %s", response->id, response->outcome,
                                 or_none(response->problem), response->status, or_none(response->body));
    for (size_t at = 0; at < response->header_count; at++) {
        text = tw_format("%s header %s=%s", text, response->headers[at].name, response->headers[at].value);
    }
    return text;
}

static const char *describe_handoff(const tw_handoff_update *update)
{
    const char *text = tw_format("handoff %d reason %s agent %s note %s", update->news, or_none(update->reason),
                                 or_none(update->agent), or_none(update->note));
    for (size_t at = 0; at < update->transcript_count; at++) {
        const tw_transcript_line *line = &update->transcript[at];
        text = tw_format("%s line %llu by %d %s", text, (unsigned long long)line->at, line->author, line->text);
    }
    return text;
}

const char *describe(const tw_event *event)
{
    switch (event->type) {
    case TW_EVENT_MESSAGE: return describe_message(&event->message);
    case TW_EVENT_BURST: {
        const char *text = "burst";
        for (size_t at = 0; at < event->burst.count; at++) {
            text = tw_format("%s %s", text, describe_message(&event->burst.messages[at]));
        }
        return text;
    }
    case TW_EVENT_TIMER:
        return tw_format("timer %s %s due %llu", event->timer.name, tw_json_write(event->timer.payload),
                         (unsigned long long)event->timer.due);
    case TW_EVENT_RESPONSE: return describe_response(&event->response);
    case TW_EVENT_DELIVERY_FAILED:
        return tw_format("delivery of turn %u by %s failed: %s, ambiguous %d", (unsigned)event->delivery_failed.turn,
                         event->delivery_failed.campaign, event->delivery_failed.reason, event->delivery_failed.ambiguous);
    case TW_EVENT_HANDOFF: return describe_handoff(&event->handoff);
    case TW_EVENT_SESSION_EXPIRED: return tw_format("session expired after %u", (unsigned)event->idle_seconds);
    case TW_EVENT_SWITCHED:
        return tw_format("switched from %s with %s", event->switched.name, tw_json_write(event->switched.value));
    case TW_EVENT_EXTERNAL:
        return tw_format("external %s %s", event->external.name, tw_json_write(event->external.value));
    }
    return "unknown";
}

bool every_effect(tw_turn *turn, const char *half)
{
    if (strcmp(half, "first") == 0) {
        tw_reply(turn, "text");
        tw_choice(turn, "a", "A");
        tw_choice_described(turn, "b", "B", "second line");
        tw_media(turn, "https://media.example/1", "image/png");
        tw_campaign(turn, "other");
        tw_property(turn, "p", true);
        tw_send_campaign(turn, "campaign");
        tw_property(turn, "p", 1);
        tw_send_canvas(turn, "canvas");
        tw_set_attribute(turn, "set", "value");
        tw_unset_attribute(turn, "unset");
        tw_increment_attribute(turn, "increment", -3);
        tw_add_to_attribute(turn, "add", "text");
        tw_remove_from_attribute(turn, "remove", "text");
        tw_track_event(turn, "event", tw_put(tw_json_object(), "a", 1.5));
        tw_step(turn, "a-step");
        return true;
    }
    if (strcmp(half, "second") == 0) {
        tw_start_timer(turn, "timer", 60);
        tw_payload(turn, "payload");
        tw_cancel_on_message(turn);
        tw_cancel_timer(turn, "old");
        tw_request(turn, "shop", "/orders?id=1");
        tw_id(turn, "order");
        tw_body_json(turn, tw_json_object());
        tw_method(turn, "PUT");
        tw_timeout_seconds(turn, 5);
        tw_while_waiting(turn, TW_CANCEL);
        tw_handoff(turn, "asked");
        tw_summary(turn, "summary");
        tw_notice(turn, "notice");
        tw_team(turn, "team");
        tw_priority(turn, TW_HIGH);
        tw_note(turn, "note");
        tw_switch_bot(turn, "bot", tw_json_null());
        tw_custom(turn, "custom", tw_json_array());
        tw_end_session(turn, "outcome");
        return true;
    }
    return false;
}
