//! The list, what is found, a conversation and a turn: what they show, and that nothing in them runs.

use std::time::Duration;

use axum::http::{StatusCode, header};
use tokio::task::JoinHandle;

use crate::console::tests::{HOSTILE, Site, is_inert};
use crate::conversation::{
    AttributeChange, Context, ConversationId, Decision, DeskStatus, Effect, Event, JournalEntry, Message, NamedJson,
    NextState, Outcome, Reply, User,
};
use crate::limits::CONVERSATION_TURNS_SHOWN;
use crate::people::Role;
use crate::plugins::tests::guest::versioned;
use crate::search::{Indexer, Status};
use crate::storage::TurnCommit;

const PATIENCE: Duration = Duration::from_secs(60);
const PAGE_BYTES_MAX: usize = 150 * 1024;

/// A turn of this user's: the message, the answer, and the state it leaves.
async fn turn(site: &Site, user: &User, texts: &[&str], answer: Result<&str, &str>, state: &str) -> ConversationId {
    let id = ConversationId::of("whatsapp", user.external_id.as_deref().expect("an id"));
    let before = site.console.storage.read(id).await.expect("readable");
    let now = site.console.clock.now();
    let mut conversation = before.clone().unwrap_or_default();
    let state_before = conversation.state.clone();
    conversation.version += 1;
    conversation.turns += 1;
    conversation.session = 1;
    (conversation.source, conversation.bot) = ("whatsapp".into(), "menu".into());
    (conversation.last_turn, conversation.last_inbound) = (now, now);
    (conversation.user, conversation.step) = (user.clone(), Some("greeting".into()));
    conversation.state = Some(state.into());
    let message = |text: &&str| Message {
        id: "e_1".into(),
        text: (*text).to_owned(),
        media: Vec::new(),
        choice: None,
        flow_response: None,
        received: now,
    };
    let messages: Vec<Message> = texts.iter().map(message).collect();
    let decided = |text: &str| {
        let attribute = NamedJson { name: "plan".into(), value: "\"gold\"".into() };
        let reply = Effect::Reply(Reply { text: text.into(), ..Reply::default() });
        let effects = vec![reply, Effect::ChangeAttribute(AttributeChange::Set(attribute)), Effect::Note(text.into())];
        Outcome::Decided(Decision { state: NextState::Replace(state.into()), effects, step: Some("greeting".into()) })
    };
    let failed = |reason: &str| Outcome::Failed { kind: "trapped".into(), reason: reason.into() };
    let entry = JournalEntry {
        context: Context {
            conversation: id,
            session: 1,
            turn: conversation.turns,
            user: user.clone(),
            source: "whatsapp".into(),
            now,
            seed: 0,
            settings: Vec::new(),
            fields: Vec::new(),
            desk: DeskStatus::None,
        },
        bot: "menu".into(),
        plugin_digest: [0xab; 8],
        state: state_before,
        state_version: None,
        event: if messages.len() == 1 { Event::Message(messages[0].clone()) } else { Event::Burst(messages) },
        outcome: answer.map_or_else(failed, decided),
        log: vec![texts[0].to_owned()],
        unsupported: vec![texts[0].to_owned()],
        duration_us: 1_234,
    };
    let mut commit = TurnCommit::of(id, before.as_ref(), conversation);
    commit.journal = Some(entry);
    site.console.storage.commit(vec![commit]).await.expect("committed");
    id
}

fn user(id: &str) -> User {
    User { external_id: Some(id.into()), phone: Some("+49 170 1234567".into()), ..User::default() }
}

/// Everything that is in storage is in the index; it goes on until the test ends.
async fn indexed(site: &Site) -> JoinHandle<()> {
    let search = &site.console.search;
    let run =
        Indexer::new(search.clone()).run(site.console.feed.subscribe(), site.console.closing.clone().cancelled_owned());
    let running = tokio::spawn(run);
    let complete = tokio::time::timeout(PATIENCE, async {
        while search.status() != Status::Complete {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    complete.await.expect("in time");
    running
}

#[tokio::test]
async fn conversations_are_listed_filtered_and_paged() {
    let site = Site::open();
    for number in 0..30 {
        let answer = if number == 7 { Err("it broke") } else { Ok("Hello!") };
        turn(&site, &user(&format!("user-{number:02}")), &["hi"], answer, "1").await;
    }
    let _running = indexed(&site).await;
    let first = site.get("/console/conversations").await.page();
    assert!(first.contains("30 in all") && first.contains("greeting") && first.contains("Hello!"), "{first}");
    let next =
        first.split("href=\"").find(|rest| rest.contains("rel=\"next\"")).and_then(|rest| rest.split('"').next());
    let second = site.get(&next.expect("another page").replace("&#38;", "&")).await.page();
    let shown = |page: &str| (0..30).filter(|number| page.contains(&format!("user-{number:02}<"))).count();
    assert_eq!((shown(&first), shown(&second)), (25, 5));
    assert_eq!(shown(&site.get("/console/conversations?stuck=1").await.page()), 1);
    assert_eq!(shown(&site.get("/console/conversations?who=user-07").await.page()), 1);
    assert_eq!(shown(&site.get("/console/conversations?owner=bot&step=greeting&bot=menu").await.page()), 25);
    assert!(site.get("/console/conversations?owner=agent").await.page().contains("None of them"));
}

#[tokio::test]
async fn without_an_index_the_latest_are_still_there() {
    let site = Site::open();
    turn(&site, &user("ada"), &["hi"], Ok("Hello!"), "1").await;
    let page = site.get("/console/conversations?bot=other").await.page();
    assert!(page.contains("search is not available") && page.contains("ada"), "{page}");
}

#[tokio::test]
async fn words_are_found_and_marked() {
    let site = Site::open();
    let ada = turn(&site, &user("ada"), &["Where is my <b>Café</b> order?"], Ok("On its way"), "1").await;
    let _running = indexed(&site).await;
    let page = site.get("/console/conversations?q=cafe+order").await.page();
    assert!(page.contains("Where is my &#60;b&#62;<mark>Café</mark>&#60;/b&#62; <mark>order</mark>?"), "{page}");
    assert!(page.contains(&format!("/console/conversations/{ada}?at=1#turn-1")), "{page}");
    assert!(site.get("/console/conversations?q=nothing").await.page().contains("Nobody said that"));
    let refused = site.get("/console/conversations?q=((((").await.page();
    assert!(refused.contains("cannot be looked for"), "{refused}");
}

#[tokio::test]
async fn a_conversation_shows_its_turns_and_its_state_at_each() {
    let site = Site::open();
    turn(&site, &user("ada"), &["one", "two"], Ok("Hello!"), r#"{"n":1,"kept":true}"#).await;
    turn(&site, &user("ada"), &["three"], Ok("Bye!"), r#"{"n":2,"kept":true}"#).await;
    let ada = turn(&site, &user("ada"), &["four"], Err("unreachable"), r#"{"n":2,"kept":true}"#).await;
    let page = site.get(&format!("/console/conversations/{ada}")).await.page();
    for text in ["one", "two", "burst of 2", "three", "Hello!", "trapped", "1.2 ms", "change-attribute", "abababab"] {
        assert!(page.contains(text), "{text} is not in {page}");
    }
    assert!(page.contains("State after turn 3"));
    let at = site.get(&format!("/console/conversations/{ada}?at=2")).await.page();
    assert!(at.contains("State after turn 2"), "{at}");
    let moment = at.split_once("id=\"moment\"").expect("a moment").1;
    assert!(moment.contains("- &quot;n&quot;: 1") || moment.contains("-   &#34;n&#34;: 1"), "{moment}");
    let gone = site.get(&format!("/console/conversations/{ada}?at=99")).await.page();
    assert!(gone.contains("not kept any more"));
    let turn = site.get(&format!("/console/conversations/{ada}/turns/1")).await.page();
    assert!(turn.contains("No version of this bot is loaded"), "{turn}");
    assert!(site.get(&format!("/console/conversations/{ada}/turns/9")).await.status == StatusCode::NOT_FOUND);
    assert!(site.get(&format!("/console/conversations/{ada}/turns/1?on=menu")).await.status == StatusCode::NOT_FOUND);
    for nowhere in ["c_00000000000000000000000000000000", "c_zz", "x"] {
        assert_ne!(site.get(&format!("/console/conversations/{nowhere}")).await.status, StatusCode::OK, "{nowhere}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_is_run_again_on_a_version_that_is_loaded() {
    let site = Site::open();
    let ada = turn(&site, &user("ada"), &["hi"], Ok("Hello!"), "1").await;
    site.load("menu@candidate", &versioned(2, None)).await;
    site.load("other", &versioned(2, None)).await;
    let page = site.get(&format!("/console/conversations/{ada}/turns/1")).await.page();
    assert!(page.contains("<option>menu@candidate") && !page.contains("<option>other"), "{page}");
    let replayed = site.get(&format!("/console/conversations/{ada}/turns/1?on=menu%40candidate")).await.page();
    assert!(replayed.contains("id=\"replayed\"") && replayed.contains("differs"), "{replayed}");
    assert!(
        replayed.contains("<h3>reply</h3>") && replayed.contains("- &#60; Hello!") || replayed.contains("- Hello!")
    );
    let kept = site.console.storage.read(ada).await.expect("readable").expect("there");
    assert_eq!(kept.turns, 1, "nothing changed");
    assert_eq!(site.get(&format!("/console/conversations/{ada}/turns/1?on=other")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_conversation_is_saved_as_a_transcript_by_operators() {
    let mut site = Site::open();
    let ada = turn(&site, &user("ada"), &["hi"], Ok("Hello!"), "1").await;
    let saved = site.get(&format!("/console/conversations/{ada}/transcript")).await;
    assert!(saved.headers[header::CONTENT_DISPOSITION].to_str().expect("ASCII").contains(&format!("{ada}.chat")));
    let text = saved.page();
    assert!(text.contains("> hi") && text.contains("< Hello!"), "{text}");
    site.as_a(Role::Viewer);
    assert_eq!(site.get(&format!("/console/conversations/{ada}/transcript")).await.status, StatusCode::FORBIDDEN);
    let replay = site.get(&format!("/console/conversations/{ada}/turns/1?on=menu")).await;
    assert_eq!(replay.status, StatusCode::FORBIDDEN, "a viewer runs nothing");
}

#[tokio::test]
async fn nothing_that_users_write_is_markup_and_pages_stay_small() {
    let site = Site::open();
    let mut ids = Vec::new();
    for text in HOSTILE {
        let who = User { profile_name: Some(text.into()), phone: Some(text.into()), ..user(text) };
        let state = serde_json::json!({ "said": text }).to_string();
        ids.push(turn(&site, &who, &[text, text], Ok(text), &state).await);
        ids.push(turn(&site, &who, &[text], Err(text), text).await);
    }
    let long = "x ".repeat(2_000);
    let many = user("many");
    for number in 0..=CONVERSATION_TURNS_SHOWN {
        ids.push(turn(&site, &many, &[&long], Ok(&long), &format!("{{\"n\":{number}}}")).await);
    }
    let _running = indexed(&site).await;
    for path in [
        "",
        "?q=pwned",
        "?q=document+title",
        "?who=script",
        "?bot=%3Cscript%3E&step=%22onload%3D",
        "?after=x&owner=%3Cb%3E",
    ] {
        is_inert(&site.get(&format!("/console/conversations{path}")).await.page());
    }
    for id in ids {
        let page = site.get(&format!("/console/conversations/{id}")).await.page();
        is_inert(&page);
        assert!(page.len() < PAGE_BYTES_MAX, "{} bytes", page.len());
        is_inert(&site.get(&format!("/console/conversations/{id}/turns/1")).await.page());
    }
}
