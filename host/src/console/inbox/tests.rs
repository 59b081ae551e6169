//! The inbox over real storage: who is shown where, what each role can do, and that nothing in it runs.

use crate::clock::{Clock as _, Timestamp};
use crate::console::tests::{HOSTILE, Site, is_inert};
use crate::conversation::control::OpenHandoff;
use crate::conversation::{Agent, Author, Conversation, ConversationId, Owner, Priority, TranscriptLine};
use crate::limits::REPLY_WINDOW;
use crate::people::Role;
use crate::storage::TurnCommit;

/// A conversation at the desk, whose texts are all this one.
async fn at_desk(
    site: &Site,
    user: &str,
    owner: Owner,
    text: &str,
    change: impl FnOnce(&mut Conversation),
) -> ConversationId {
    let id = site.turn(user, text, text).await;
    let before = site.console.storage.read(id).await.expect("readable").expect("it was written");
    let now = site.clock.now();
    let mut after = Conversation { version: before.version + 1, ..before.clone() };
    after.user.profile_name = Some(text.into());
    after.control.owner = owner;
    after.control.since = now;
    after.control.unanswered = 1;
    after.control.unanswered_since = now;
    after.control.lines.push(TranscriptLine { at: now, author: Author::User, text: text.into() });
    after.control.handoff = Some(OpenHandoff {
        reason: text.into(),
        summary: text.into(),
        team: Some(text.into()),
        priority: Priority::Urgent,
        opened: now,
        accepted: None,
        preferred: None,
    });
    change(&mut after);
    site.console.storage.commit(vec![TurnCommit::of(id, Some(&before), after)]).await.expect("committed");
    id
}

fn agent(id: &str) -> Owner {
    Owner::Agent(Agent { id: id.into(), name: Some("Bia".into()) })
}

#[tokio::test]
async fn everybody_is_in_the_part_of_the_queue_that_is_theirs() {
    let site = Site::open();
    assert!(site.get("/console/inbox").await.page().contains("Nobody is waiting"));
    at_desk(&site, "ada", Owner::Offered, "Ada", |_| {}).await;
    at_desk(&site, "ben", agent("dev"), "Ben", |_| {}).await;
    at_desk(&site, "cleo", agent("bia"), "Cleo", |_| {}).await;
    for (view, shown, others) in
        [("waiting", "Ada", ["Ben", "Cleo"]), ("mine", "Ben", ["Ada", "Cleo"]), ("others", "Cleo", ["Ada", "Ben"])]
    {
        let page = site.get(&format!("/console/inbox?view={view}")).await.page();
        let name = |name: &str| page.contains(&format!("<span class=\"case-name\">{name}</span>"));
        assert!(name(shown) && !others.iter().any(|other| name(other)), "{view}: {page}");
    }
}

#[tokio::test]
async fn what_can_be_done_follows_from_the_role_and_from_who_has_it() {
    let mut site = Site::open();
    let waiting = at_desk(&site, "ada", Owner::Offered, "Ada", |_| {}).await;
    let mine = at_desk(&site, "ben", agent("agent"), "Ben", |_| {}).await;
    let theirs = at_desk(&site, "cleo", agent("bia"), "Cleo", |_| {}).await;
    let forms = async |site: &Site, id: ConversationId| {
        let page = site.get(&format!("/console/inbox?open={id}")).await.page();
        let acts = ["accept", "take-over", "reply", "note", "return", "resolve", "park", "assign"];
        acts.into_iter()
            .filter(|act| page.contains(&format!("action=\"/console/inbox/{id}/{act}\"")))
            .collect::<Vec<_>>()
    };
    site.as_a(Role::Viewer);
    assert_eq!(forms(&site, mine).await, [""; 0]);
    site.as_a(Role::Agent);
    assert_eq!(forms(&site, waiting).await, ["accept", "note", "return", "resolve", "assign"]);
    assert_eq!(forms(&site, mine).await, ["reply", "note", "return", "resolve", "park", "assign"]);
    assert_eq!(forms(&site, theirs).await, ["note"]);
    site.as_a(Role::Operator);
    assert_eq!(forms(&site, theirs).await, ["take-over", "note"]);

    site.as_a(Role::Viewer);
    let refused = site.post(&format!("/console/inbox/{mine}/reply"), &[("text", "hi")]).await;
    assert_eq!(refused.status, 403);
    site.as_a(Role::Agent);
    let refused = site.post(&format!("/console/inbox/{mine}/take-over"), &[]).await;
    assert_eq!(refused.status, 403);
    assert_eq!(site.post(&format!("/console/inbox/{mine}/nonsense"), &[]).await.status, 404);
    assert_eq!(site.post(&format!("/console/inbox/{mine}/assign"), &[("agent", "nobody")]).await.status, 400);
    assert_eq!(site.post("/console/inbox/nonsense/accept", &[]).await.status, 400);
}

#[tokio::test]
async fn after_the_window_campaigns_take_the_place_of_the_reply() {
    let mut site = Site::open();
    site.as_a(Role::Agent);
    let closed = |conversation: &mut Conversation| {
        conversation.last_inbound =
            Timestamp(conversation.last_inbound.0 - u64::try_from(REPLY_WINDOW.as_millis()).expect("small"));
    };
    let id = at_desk(&site, "ada", agent("agent"), "Ada", closed).await;
    let page = site.get(&format!("/console/inbox?open={id}")).await.page();
    assert!(page.contains("window closed") && page.contains(&format!("/console/inbox/{id}/campaign")), "{page}");
    assert!(!page.contains(&format!("/console/inbox/{id}/reply")), "{page}");
}

#[tokio::test]
async fn whoever_reads_a_thread_is_in_the_audit_log() {
    let site = Site::open();
    let id = at_desk(&site, "ada", Owner::Offered, "Ada", |_| {}).await;
    for _ in 0..2 {
        site.get(&format!("/console/inbox?open={id}")).await.page();
    }
    let mut viewed: Vec<_> =
        site.audited().await.into_iter().filter(|(action, _)| action.ends_with(".viewed")).collect();
    viewed.sort();
    let looks = [("conversation.viewed", id.to_string()), ("conversations.viewed", "inbox".to_owned())];
    let looks = looks.map(|(action, subject)| (action.to_owned(), subject));
    assert_eq!(viewed, looks, "a page that renews itself is one look");
}

#[tokio::test]
async fn nothing_that_anybody_wrote_is_markup() {
    for hostile in HOSTILE {
        let site = Site::open();
        let id = at_desk(&site, "ada", agent("dev"), hostile, |_| {}).await;
        is_inert(&site.get(&format!("/console/inbox?view=mine&open={id}")).await.page());
    }
}

#[tokio::test]
async fn a_full_inbox_is_a_small_page() {
    let site = Site::open();
    for user in 0..200 {
        at_desk(&site, &format!("u{user}"), Owner::Offered, "Somebody with a name and a long text to be read", |_| {})
            .await;
    }
    let page = site.get("/console/inbox").await.page();
    assert!(page.len() < 150 * 1024, "{} bytes", page.len());
}
