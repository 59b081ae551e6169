//! What becomes of each effect, and which text means which choice.

use super::*;
use crate::conversation::commands::Commands;
use crate::conversation::{Campaign, Handoff, NamedJson, NextState, Priority, Request, Timer, WhileWaiting};

/// One campaign beside the replies', one Canvas, one connection. Bots: `menu`, `orders`; `chatty`, which takes messages of two seconds
/// together; `own`, which handles commands itself.
pub(in crate::conversation) struct Named;

impl Catalog for Named {
    fn denies_campaign(&self, _bot: &str, name: &str) -> Option<String> {
        (!["reply", "offer"].contains(&name)).then(|| format!("no campaign named {name:?} is configured"))
    }

    fn denies_canvas(&self, _bot: &str, name: &str) -> Option<String> {
        (name != "welcome").then(|| format!("no Canvas named {name:?} is configured"))
    }

    fn denies_connection(&self, _bot: &str, name: &str) -> Option<String> {
        (name != "llm").then(|| format!("there is no connection {name:?}"))
    }

    fn has_bot(&self, name: &str) -> bool {
        ["menu", "orders", "chatty", "own"].contains(&name)
    }

    fn settings(&self, _bot: &str) -> Vec<NamedJson> {
        vec![NamedJson::from(("greeting", "\"hi\""))]
    }

    fn burst_window(&self, bot: &str) -> Option<Duration> {
        (bot == "chatty").then_some(Duration::from_secs(2))
    }

    fn handles_commands(&self, bot: &str) -> bool {
        bot == "own"
    }
}

pub(in crate::conversation) fn route() -> Route {
    Route {
        bot: "menu".into(),
        campaign: "reply".into(),
        fallback_text: "Something went wrong.".into(),
        commands: Commands::built_in(),
        ..Route::unknown("whatsapp")
    }
}

pub(in crate::conversation) fn reply(text: &str) -> Effect {
    Effect::Reply(Reply { text: text.into(), ..Reply::default() })
}

pub(in crate::conversation) fn choice(id: &str, title: &str, description: Option<&str>) -> Choice {
    Choice { id: id.into(), title: title.into(), description: description.map(Into::into) }
}

pub(in crate::conversation) fn request(id: &str) -> Effect {
    asking(id, "llm", WhileWaiting::Deliver)
}

pub(in crate::conversation) fn asking(id: &str, connection: &str, while_waiting: WhileWaiting) -> Effect {
    Effect::Request(Request {
        id: id.into(),
        connection: connection.into(),
        method: "GET".into(),
        path: "/".into(),
        headers: Vec::new(),
        body: None,
        timeout_seconds: 5,
        while_waiting,
    })
}

pub(in crate::conversation) fn handoff() -> Effect {
    Effect::Handoff(Handoff {
        reason: "asked".into(),
        summary: String::new(),
        team: None,
        priority: Priority::Normal,
        notice: None,
    })
}

pub(in crate::conversation) fn timer(name: &str) -> Effect {
    Effect::StartTimer(Timer { name: name.into(), delay_seconds: 1, payload: "null".into(), cancel_on_message: false })
}

pub(in crate::conversation) fn campaign(name: &str) -> Campaign {
    Campaign { name: name.into(), properties: vec![NamedJson::from(("code", "7"))] }
}

fn set(name: &str) -> AttributeChange {
    AttributeChange::Set(NamedJson::from((name, "\"gold\"")))
}

fn sorted(effects: Vec<Effect>, event: &Event) -> Sorted {
    sort(&Decision { state: NextState::Keep, effects, step: None }, event, 3, "menu", &route(), &Named)
}

fn pushed() -> Event {
    Event::External(NamedJson::from(("shipped", "{}")))
}

fn attributes(action: &Action) -> &[AttributeChange] {
    match action {
        Action::Reply { attributes, .. }
        | Action::Campaign { attributes, .. }
        | Action::Canvas { attributes, .. }
        | Action::Track { attributes, .. } => attributes,
    }
}

#[test]
fn sends_leave_in_the_order_and_under_the_places_of_their_effects() {
    let note = Effect::Note("for the agent".into());
    let welcome = Effect::SendCanvas(campaign("welcome"));
    let sorted = sorted(vec![reply("one"), note, Effect::SendCampaign(campaign("offer")), welcome], &pushed());
    let places: Vec<_> = sorted.actions.iter().map(|(index, action)| (*index, action.target())).collect();
    assert_eq!(places, [(0, "reply"), (2, "offer"), (3, "welcome")]);
}

#[test]
fn attributes_ride_with_the_first_send_all_of_them_and_in_order() {
    let before_and_after =
        vec![Effect::ChangeAttribute(set("plan")), reply("one"), Effect::ChangeAttribute(set("city")), reply("two")];
    let sorted = sorted(before_and_after, &pushed());
    assert_eq!(sorted.actions.len(), 2, "nothing is tracked on its own");
    assert_eq!(attributes(&sorted.actions[0].1), [set("plan"), set("city")]);
    assert!(attributes(&sorted.actions[1].1).is_empty(), "a change is written once");
}

#[test]
fn without_a_send_attributes_are_tracked_and_events_always_are() {
    let tracked = sorted(vec![Effect::ChangeAttribute(set("plan"))], &pushed());
    assert_eq!(tracked.actions, [(1, Action::Track { attributes: vec![set("plan")], events: Vec::new() })]);

    let event = NamedJson::from(("ordered", "{}"));
    let effects = vec![Effect::TrackEvent(event.clone()), Effect::ChangeAttribute(set("plan")), reply("one")];
    let sorted = sorted(effects, &pushed());
    assert_eq!(attributes(&sorted.actions[0].1), [set("plan")]);
    assert_eq!(sorted.actions[1], (3, Action::Track { attributes: Vec::new(), events: vec![event] }));
}

#[test]
fn attributes_do_not_ride_with_a_send_that_is_not_configured() {
    let sorted = sorted(vec![Effect::SendCampaign(campaign("gone")), Effect::ChangeAttribute(set("plan"))], &pushed());
    assert_eq!(sorted.actions, [(2, Action::Track { attributes: vec![set("plan")], events: Vec::new() })]);
}

#[test]
fn what_this_host_cannot_do_is_named_with_its_reason() {
    let effects = vec![
        handoff(),
        asking("r1", "crm", WhileWaiting::Deliver),
        Effect::Note("hello".into()),
        Effect::Custom(NamedJson::from(("dance", "{}"))),
        Effect::SendCampaign(campaign("gone")),
        Effect::SendCanvas(campaign("gone")),
        Effect::Reply(Reply { text: "hi".into(), campaign: Some("gone".into()), ..Reply::default() }),
    ];
    let kinds: Vec<_> = effects.iter().map(Effect::kind).collect();
    let sorted = sorted(effects, &pushed());
    assert!(sorted.actions.is_empty());
    assert_eq!(sorted.unsupported.len(), kinds.len());
    for (kind, told) in kinds.iter().zip(&sorted.unsupported) {
        assert!(told.starts_with(&format!("{kind}: ")), "{told}");
        assert!(told.len() > kind.len() + 10, "{told:?} gives no reason");
    }
}

#[test]
fn a_plugin_hears_at_once_of_what_it_waits_for_in_vain() {
    let sorted = sorted(
        vec![handoff(), asking("r1", "crm", WhileWaiting::Deliver), Effect::SendCampaign(campaign("gone"))],
        &pushed(),
    );
    let [Event::Handoff(HandoffUpdate::Failed(_)), Event::Response(response), Event::DeliveryFailed(failure)] =
        &sorted.next[..]
    else {
        panic!("{:?}", sorted.next)
    };
    assert_eq!(response.id, "r1");
    assert!(matches!(response.outcome, Err(RequestError::Denied(_))));
    assert_eq!((failure.turn, failure.campaign.as_str(), failure.ambiguous), (3, "gone", false));
}

#[test]
fn a_plugin_that_answers_a_failure_with_the_same_failure_hears_of_it_once() {
    let failure = DeliveryFailure { turn: 2, campaign: "gone".into(), reason: "r".into(), ambiguous: false };
    let sorted = sorted(vec![Effect::SendCampaign(campaign("gone"))], &Event::DeliveryFailed(failure));
    assert!(sorted.next.is_empty());
    assert_eq!(sorted.unsupported.len(), 1, "but it is named all the same");
}

#[test]
fn timers_requests_switches_and_ends_are_the_conversations() {
    let to = NamedJson::from(("orders", "{}"));
    let effects = vec![
        timer("t"),
        Effect::CancelTimer("u".into()),
        request("r1"),
        Effect::SwitchBot(to.clone()),
        Effect::EndSession("solved".into()),
    ];
    let sorted = sorted(effects, &pushed());
    let names: Vec<_> = sorted.timers.iter().map(TimerChange::name).collect();
    assert_eq!(names, ["t", "u"]);
    assert_eq!(
        sorted.requests.iter().map(|(place, request)| (*place, request.id.as_str())).collect::<Vec<_>>(),
        [(2, "r1")]
    );
    assert_eq!((sorted.switch, sorted.ended.as_deref()), (Some(to), Some("solved")));
    assert!(sorted.unsupported.is_empty() && sorted.actions.is_empty());
}

#[test]
fn choices_are_offered_only_by_replies_that_leave() {
    let offering = |campaign: Option<&str>| {
        let choices = vec![choice("order", "Order status", None)];
        Effect::Reply(Reply { text: "?".into(), choices, campaign: campaign.map(Into::into), ..Reply::default() })
    };
    assert_eq!(sorted(vec![offering(None)], &pushed()).offered.len(), 1);
    assert!(sorted(vec![offering(Some("gone"))], &pushed()).offered.is_empty());
}

#[test]
fn a_choice_is_known_by_title_by_title_and_description_and_by_number() {
    let offered =
        [choice("order", "Order status", Some("Where is  it?")), choice("2nd", "1", None), choice("s", "ẞ", None)];
    let cases = [
        ("Order status", false, Some("order")),
        ("  ORDER\n status ", false, Some("order")),
        ("Order status\nWhere is it?", false, Some("order")),
        ("Order status please", false, None),
        ("ß", false, Some("s")),
        ("1", false, Some("2nd")),
        ("1", true, Some("2nd")),
        ("2", true, Some("2nd")),
        ("2.", true, Some("2nd")),
        ("2", false, None),
        ("0", true, None),
        ("4", true, None),
        ("-1", true, None),
        ("99999999999999999999999999", true, None),
        ("", true, None),
        (".", true, None),
    ];
    for (text, numbered, expected) in cases {
        assert_eq!(chosen(&offered, text, numbered).as_deref(), expected, "{text:?}, numbered: {numbered}");
    }
    assert_eq!(chosen(&[], "Order status", true), None);
}
