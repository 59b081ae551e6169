use super::*;
use crate::clock::Timestamp;
use crate::conversation::{
    Author, Context, Decision, DeliveryFailure, DeskStatus, Event, HandoffReturn, HandoffUpdate, HttpResponse, Media,
    Message, NamedJson, NextState, Outcome, RequestError, Response, TimerFired, TranscriptLine, User, UserAlias,
};
use crate::plugins::tests::every::{first_effects, second_effects};
use crate::storage::record;

fn turn(event: Event, outcome: Outcome) -> JournalEntry {
    let named = |name: &str, value: &str| NamedJson { name: name.into(), value: value.into() };
    JournalEntry {
        context: Context {
            conversation: ConversationId::of("whatsapp", "ada"),
            session: 2,
            turn: 7,
            user: User {
                external_id: Some("ada".into()),
                alias: Some(UserAlias { name: "+49".into(), label: "phone".into() }),
                phone: None,
                language: Some("de".into()),
                profile_name: Some("Ada".into()),
            },
            source: "whatsapp".into(),
            now: Timestamp(1_790_000_000_000),
            seed: u32::MAX,
            settings: vec![named("hours", "\"9 to 5\"")],
            fields: vec![named("first_name", "\"Ada\"")],
            desk: DeskStatus::Closed(Some(Timestamp(5))),
        },
        bot: "menu".into(),
        plugin_digest: [0x91, 0, 1, 2, 3, 4, 5, 0xff],
        state: Some("{\"n\":1}".into()),
        state_version: Some(3),
        event,
        outcome,
        log: vec!["info: a line".into()],
        unsupported: vec!["custom".into()],
        duration_us: 180,
    }
}

fn events() -> Vec<Event> {
    let message = Message {
        id: "m_1".into(),
        text: "hi\n\"there\"".into(),
        media: vec![Media { url: "https://x.example/1".into(), mime_type: Some("image/png".into()) }],
        choice: Some("order".into()),
        flow_response: Some("{}".into()),
        received: Timestamp(4),
    };
    let response = |outcome| Event::Response(Response { id: "r".into(), outcome });
    let body = HttpResponse { status: 404, headers: vec![("a".into(), "b".into())], body: "no".into() };
    let named = NamedJson { name: "paid".into(), value: "null".into() };
    let line = |author| TranscriptLine { at: Timestamp(1), author, text: "said".into() };
    let transcript = [Author::User, Author::Bot, Author::Agent].map(line).into();
    vec![
        Event::Burst(vec![message.clone(), Message { choice: None, flow_response: None, ..message.clone() }]),
        Event::Message(message),
        Event::Timer(TimerFired { name: "t".into(), payload: "1".into(), due: Timestamp(3) }),
        response(Ok(body)),
        response(Err(RequestError::Denied("why".into()))),
        response(Err(RequestError::Timeout)),
        response(Err(RequestError::Unreachable("why".into()))),
        response(Err(RequestError::TooLarge)),
        response(Err(RequestError::Other("why".into()))),
        Event::DeliveryFailed(DeliveryFailure {
            turn: 1,
            campaign: "reply".into(),
            reason: "no".into(),
            ambiguous: true,
        }),
        Event::Handoff(HandoffUpdate::Failed("closed".into())),
        Event::Handoff(HandoffUpdate::Accepted(None)),
        Event::Handoff(HandoffUpdate::Returned(HandoffReturn { agent: Some("A".into()), note: None, transcript })),
        Event::SessionExpired { idle_seconds: 9 },
        Event::Switched(named.clone()),
        Event::External(named),
    ]
}

#[test]
fn every_turn_is_read_as_it_was_written() {
    let decided = |state, effects, step: Option<&str>| {
        Outcome::Decided(Decision { state, effects, step: step.map(ToOwned::to_owned) })
    };
    let outcomes = [
        decided(NextState::Keep, vec![], None),
        decided(NextState::Replace("{}".into()), first_effects(), Some("menu")),
        decided(NextState::Clear, second_effects(), None),
        Outcome::Failed { kind: "trapped".into(), reason: "why".into() },
    ];
    let mut turns: Vec<JournalEntry> = events().into_iter().map(|event| turn(event, outcomes[0].clone())).collect();
    turns.extend(outcomes.map(|outcome| turn(events().remove(1), outcome)));
    for desk in [DeskStatus::Open, DeskStatus::None, DeskStatus::Closed(None)] {
        let plain = turn(events().remove(1), Outcome::Failed { kind: "stopped".into(), reason: "why".into() });
        let context = Context { user: User::default(), desk, ..plain.context };
        turns.push(JournalEntry { context, plugin_digest: [0; 8], state: None, state_version: None, ..plain });
    }
    for turn in turns {
        let text = line(turn.context.conversation, turn.context.turn, &Ok(turn.clone())).to_string();
        assert!(!text.contains('\n'), "one line: {text}");
        assert_eq!(read_line(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}")), Ok(turn), "{text}");
    }
}

#[test]
fn the_spelling_stays() {
    let decision = Decision { state: NextState::Keep, effects: vec![], step: Some("menu".into()) };
    let entry = entry(&turn(Event::SessionExpired { idle_seconds: 9 }, Outcome::Decided(decision)));
    let spelled = concat!(
        r#"{"context":{"conversation":"c_03b0dc4a0f9c4e6a1e9a2c5b6a8f8f7a","session":2,"turn":7,"user":{"externalId":"ada","#,
        r#""alias":{"name":"+49","label":"phone"},"phone":null,"language":"de","profileName":"Ada"},"source":"whatsapp","#,
        r#""now":1790000000000,"seed":4294967295,"settings":[{"name":"hours","value":"\"9 to 5\""}],"#,
        r#""fields":[{"name":"first_name","value":"\"Ada\""}],"desk":{"tag":"closed","val":5}},"bot":"menu","#,
        r#""pluginDigest":"91000102030405ff","state":"{\"n\":1}","stateVersion":3,"event":{"tag":"session-expired","val":9},"#,
        r#""outcome":{"tag":"decided","val":{"state":{"tag":"keep"},"effects":[],"step":"menu"}},"log":["info: a line"],"#,
        r#""unsupported":["custom"],"durationUs":180}"#
    );
    let spelled =
        spelled.replace("c_03b0dc4a0f9c4e6a1e9a2c5b6a8f8f7a", &ConversationId::of("whatsapp", "ada").to_string());
    assert_eq!(entry.to_string(), spelled);
    let grown = spelled.replacen('{', "{\"later\":1,", 1);
    assert!(read_line(grown.as_bytes()).expect("what is not known yet is passed over").is_ok());
}

#[test]
fn an_entry_that_cannot_be_decoded_is_a_line_that_names_it() {
    let id = ConversationId::of("whatsapp", "ada");
    let recorded = record::decode::<JournalEntry>(&[1, 2, 3]);
    let text = line(id, 7, &recorded).to_string();
    let lost = read_line(text.as_bytes()).expect("a line").expect_err("it is unreadable");
    assert_eq!((lost.conversation, lost.turn), (id, 7));
    assert!(lost.reason.contains("damaged"), "{}", lost.reason);
}

#[test]
fn what_is_no_turn_says_what_is_wrong() {
    let wrong = |text: &str| read_line(text.as_bytes()).expect_err("it is none").to_string();
    assert!(wrong("{\"context\":{}}").contains("missing field `conversation`"));
    assert!(wrong("{\"cont").contains("EOF"));
    let good = entry(&turn(events().remove(1), Outcome::Failed { kind: String::new(), reason: String::new() }));
    assert!(wrong(&good.to_string().replace("91000102", "9100010g")).contains("16 hexadecimal digits"));
    assert!(wrong(&good.to_string().replace("\"c_", "\"x_")).contains("a conversation id is"));
}
