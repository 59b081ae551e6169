use super::*;
use crate::clock::Timestamp;
use crate::conversation::{
    Context, ConversationId, Decision, DeskStatus, Effect, Event, JournalEntry, Message, NamedJson, NextState, Outcome,
    User,
};

fn entry(id: u8, session: u32, event: Event, outcome: Outcome) -> JournalEntry {
    let context = Context {
        conversation: ConversationId([id; 16]),
        session,
        turn: 1,
        user: User::default(),
        source: "whatsapp".into(),
        now: Timestamp(5),
        seed: 3,
        settings: vec![],
        fields: vec![],
        desk: DeskStatus::None,
    };
    JournalEntry {
        context,
        bot: "menu".into(),
        plugin_digest: [1; 8],
        state: None,
        state_version: None,
        event,
        outcome,
        log: vec![],
        unsupported: vec![],
        duration_us: 10,
    }
}

fn said() -> Event {
    let text = "hi".to_owned();
    Event::Message(Message {
        id: "m".into(),
        text,
        media: vec![],
        choice: None,
        flow_response: None,
        received: Timestamp(1),
    })
}

fn step(name: Option<&str>, effects: Vec<Effect>) -> Outcome {
    Outcome::Decided(Decision { state: NextState::Keep, effects, step: name.map(Into::into) })
}

fn learned(entries: &[JournalEntry]) -> Graph {
    let mut learning = Learning::default();
    entries.iter().for_each(|entry| learning.learn(entry));
    learning.finish().remove("menu").expect("a graph")
}

fn at(name: &str) -> Node {
    Node::Step(name.into())
}

#[test]
fn sessions_are_followed_from_step_to_step_to_where_they_end() {
    let expired = || Event::SessionExpired { idle_seconds: 86_400 };
    let graph = learned(&[
        entry(1, 1, said(), step(Some("menu"), vec![])),
        entry(2, 1, said(), step(Some("menu"), vec![])),
        entry(1, 1, said(), step(Some("order"), vec![])),
        entry(1, 1, said(), step(None, vec![])),
        entry(1, 1, said(), step(Some("menu"), vec![])),
        entry(1, 1, said(), step(Some("order"), vec![Effect::EndSession("solved".into())])),
        entry(1, 1, expired(), step(None, vec![])),
        entry(2, 1, expired(), step(None, vec![])),
        entry(2, 2, said(), step(Some("menu"), vec![])),
        entry(2, 3, said(), Outcome::Failed { kind: "trapped".into(), reason: "why".into() }),
        entry(3, 1, said(), step(None, vec![Effect::SwitchBot(NamedJson { name: "faq".into(), value: "1".into() })])),
    ]);
    assert_eq!(graph.sessions(), 5);
    let menu = &graph.nodes[&at("menu")];
    assert_eq!((menu.sessions, menu.left, menu.open), (3, 2, 0), "one expired there, and one was followed by another");
    let order = &graph.nodes[&at("order")];
    assert_eq!((order.sessions, order.left, order.stayed), (1, 0, 1), "what comes after the end is no part of it");
    assert_eq!(graph.nodes[&Node::Start], Visits { sessions: 5, failed: 1, open: 1, ..Visits::default() });
    let count = |from: Node, to: Node| graph.transitions.get(&(from, to)).copied();
    assert_eq!(count(Node::Start, at("menu")), Some(3));
    assert_eq!(count(at("menu"), at("order")), Some(2));
    assert_eq!(count(at("order"), at("menu")), Some(1));
    assert_eq!(count(at("order"), Node::Ended("solved".into())), Some(1));
    assert_eq!(count(at(""), Node::Passed("faq".into())), Some(1));
}

#[test]
fn mermaid_has_every_step_and_every_way() {
    let graph = learned(&[
        entry(1, 1, said(), step(Some("menu"), vec![])),
        entry(1, 2, said(), step(Some("say \"<b>\"; #1"), vec![Effect::EndSession("solved".into())])),
    ]);
    assert_eq!(
        mermaid(&graph),
        "flowchart TD\n    n0([\"start<br/>2 sessions\"])\n    n1[\"menu<br/>1 session<br/>1 left (100 %)\"]\n    \
         n2[\"say #34;#60;b#62;#34;#59; #35;1<br/>1 session\"]\n    n3([\"ended: solved<br/>1 session\"])\n    \
         n0 -->|1| n1\n    n0 -->|1| n2\n    n2 -->|1| n3\n    \
         classDef leaky fill:#fbd5d0,stroke:#b3261e,color:#000\n    class n1 leaky\n"
    );
}

#[test]
fn a_picture_has_every_name_escaped_and_every_number() {
    let graph = learned(&[
        entry(1, 1, said(), step(Some("a<b>&\u{1}"), vec![])),
        entry(1, 1, said(), step(Some("b"), vec![])),
        entry(1, 1, said(), step(Some("a<b>&\u{1}"), vec![])),
    ]);
    let picture = svg(&graph);
    assert!(picture.starts_with("<svg ") && picture.contains("a&lt;b&gt;&amp;\u{fffd}</text>"), "{picture}");
    assert_eq!(picture.matches("<path ").count() - 1, 3, "an arrow for each way, and the head");
    assert_eq!(picture.matches(">1</text>").count(), 3);
    assert!(svg(&Graph::default()).ends_with("</svg>\n"), "nothing is drawn as nothing");
}

#[test]
fn a_bot_with_a_step_for_everything_is_drawn_with_those_that_matter() {
    let mut entries: Vec<JournalEntry> =
        (0..300_u32).map(|n| entry(1, n, said(), step(Some(&format!("order-{n}")), vec![]))).collect();
    entries.push(entry(1, 300, said(), step(Some("order-7"), vec![])));
    let drawn = learned(&entries).for_drawing();
    assert_eq!(drawn.nodes.len(), GRAPH_STEPS_MAX + 1);
    assert!(drawn.nodes.contains_key(&at("order-7")) && drawn.nodes.contains_key(&Node::Start));
    assert_eq!(drawn.nodes.values().map(|visits| visits.sessions).sum::<u64>(), 602);
    assert_eq!(drawn.transitions.values().sum::<u64>(), 301);
}

/// The layout is another's: whatever conversations walked, there has to be a picture.
#[test]
fn every_graph_has_a_picture() {
    let mut number = 7_u32;
    let mut random = move |below: u32| {
        number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (number >> 8) % below
    };
    for _ in 0..150 {
        let (steps, turns) = (1 + random(25), 1 + random(120));
        let entries: Vec<JournalEntry> = (0..turns)
            .map(|_| {
                let name = format!("step-{}", random(steps));
                let ends = if random(9) == 0 { vec![Effect::EndSession(format!("end-{}", random(3)))] } else { vec![] };
                entry(1, random(4), said(), step(Some(&name), ends))
            })
            .collect();
        let graph = learned(&entries);
        let picture = svg(&graph);
        assert_eq!(picture.matches("<rect ").count() - 1, graph.for_drawing().nodes.len());
    }
}
#[test]
fn of_too_many_ways_the_most_travelled_are_drawn() {
    let mut graph = Graph { bot: "menu".into(), ..Graph::default() };
    for (from, to) in (0..20).flat_map(|from| (0..20).map(move |to| (from, to))).filter(|(from, to)| from != to) {
        let [from, to] = [from, to].map(|number: u64| at(&format!("step-{number}")));
        graph.nodes.entry(from.clone()).or_default().sessions = 1;
        let count = if graph.transitions.len() < 30 { 7 } else { 2 };
        graph.transitions.insert((from, to), count);
    }
    let drawn = graph.for_drawing();
    assert_eq!((drawn.transitions.len(), drawn.nodes.len()), (GRAPH_WAYS_MAX, 20));
    let often = |graph: &Graph| graph.transitions.values().filter(|count| **count == 7).count();
    assert_eq!((often(&graph), often(&drawn)), (30, 30));
    assert_eq!(mermaid(&graph).matches(" -->|").count(), GRAPH_WAYS_MAX);
}
