//! Every effect, as the guests `hostile-*` ask for them in two halves, each with all that it can hold.

use crate::conversation::{
    AttributeChange, Campaign, Choice, Effect, Handoff, Media, NamedJson, Priority, Reply, Request, Timer, WhileWaiting,
};

/// What `effects first` asks for, ending in the step "a-step".
pub(crate) fn first_effects() -> Vec<Effect> {
    let choice = |id: &str, title: &str, description: Option<&str>| Choice {
        id: id.into(),
        title: title.into(),
        description: description.map(Into::into),
    };
    vec![
        Effect::Reply(Reply {
            text: "text".into(),
            choices: vec![choice("a", "A", None), choice("b", "B", Some("second line"))],
            media: Some(Media { url: "https://media.example/1".into(), mime_type: Some("image/png".into()) }),
            campaign: Some("other".into()),
            properties: vec![named("p", "true")],
        }),
        Effect::SendCampaign(Campaign { name: "campaign".into(), properties: vec![named("p", "1")] }),
        Effect::SendCanvas(Campaign { name: "canvas".into(), properties: vec![] }),
        Effect::ChangeAttribute(AttributeChange::Set(named("set", "\"value\""))),
        Effect::ChangeAttribute(AttributeChange::Unset("unset".into())),
        Effect::ChangeAttribute(AttributeChange::Increment("increment".into(), -3)),
        Effect::ChangeAttribute(AttributeChange::Add("add".into(), "text".into())),
        Effect::ChangeAttribute(AttributeChange::Remove("remove".into(), "text".into())),
        Effect::TrackEvent(named("event", "{\"a\":1.5}")),
    ]
}

/// What `effects second` asks for.
pub(crate) fn second_effects() -> Vec<Effect> {
    vec![
        Effect::StartTimer(Timer {
            name: "timer".into(),
            delay_seconds: 60,
            payload: "\"payload\"".into(),
            cancel_on_message: true,
        }),
        Effect::CancelTimer("old".into()),
        Effect::Request(Request {
            id: "order".into(),
            connection: "shop".into(),
            method: "PUT".into(),
            path: "/orders?id=1".into(),
            headers: vec![("content-type".into(), "application/json".into())],
            body: Some("{}".into()),
            timeout_seconds: 5,
            while_waiting: WhileWaiting::Cancel,
        }),
        Effect::Handoff(Handoff {
            reason: "asked".into(),
            summary: "summary".into(),
            team: Some("team".into()),
            priority: Priority::High,
            notice: Some("notice".into()),
        }),
        Effect::Note("note".into()),
        Effect::SwitchBot(named("bot", "null")),
        Effect::Custom(named("custom", "[]")),
        Effect::EndSession("outcome".into()),
    ]
}

fn named(name: &str, value: &str) -> NamedJson {
    NamedJson { name: name.into(), value: value.into() }
}
