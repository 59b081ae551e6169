use super::*;
use crate::conversation::{Choice, Handoff, Priority, Reply};

fn decided(state: NextState, effects: Vec<Effect>, step: Option<&str>) -> Outcome {
    Outcome::Decided(Decision { state, effects, step: step.map(Into::into) })
}

fn says(text: &str) -> Effect {
    Effect::Reply(Reply { text: text.into(), ..Reply::default() })
}

fn between(before: &Outcome, after: &Outcome) -> Option<Difference> {
    let end = |outcome| End { state: Some("{\"n\":1,\"order\":{\"id\":7,\"paid\":true}}"), outcome };
    Difference::between(end(before), end(after))
}

fn names(difference: &Option<Difference>) -> Vec<&'static str> {
    difference.iter().flat_map(Difference::parts).map(|(name, _)| name).collect()
}

#[test]
fn each_part_differs_by_itself() {
    let before = decided(NextState::Keep, vec![says("hi"), Effect::Note("n".into())], Some("menu"));
    assert_eq!(between(&before, &before), None);
    for (part, after) in [
        ("reply", decided(NextState::Keep, vec![says("hello"), Effect::Note("n".into())], Some("menu"))),
        ("effects", decided(NextState::Keep, vec![says("hi"), Effect::Note("m".into())], Some("menu"))),
        ("effects", decided(NextState::Keep, vec![says("hi")], Some("menu"))),
        ("state", decided(NextState::Clear, vec![says("hi"), Effect::Note("n".into())], Some("menu"))),
        ("step", decided(NextState::Keep, vec![says("hi"), Effect::Note("n".into())], None)),
        ("failure", Outcome::Failed { kind: "trapped".into(), reason: "why".into() }),
    ] {
        assert_eq!(names(&between(&before, &after)), [part], "{after:?}");
        assert_eq!(names(&between(&after, &before)), [part], "{after:?}");
    }
}

#[test]
fn a_reply_is_all_that_the_user_sees_of_it() {
    let choice = |id: &str, description: Option<&str>| Choice {
        id: id.into(),
        title: "Order".into(),
        description: description.map(Into::into),
    };
    let reply = |choices| {
        decided(NextState::Keep, vec![Effect::Reply(Reply { text: "hi".into(), choices, ..Reply::default() })], None)
    };
    let plain = reply(vec![choice("order", None)]);
    assert_eq!(names(&between(&plain, &reply(vec![]))), ["reply"]);
    assert_eq!(names(&between(&plain, &reply(vec![choice("other", None)]))), ["reply"]);
    assert_eq!(names(&between(&plain, &reply(vec![choice("order", Some("more"))]))), ["reply"]);

    let handoff = |notice: Option<&str>, priority| {
        let notice = notice.map(Into::into);
        let handoff = Handoff { reason: "asked".into(), summary: String::new(), team: None, priority, notice };
        decided(NextState::Keep, vec![Effect::Handoff(handoff)], None)
    };
    let normal = handoff(Some("One moment"), Priority::Normal);
    assert_eq!(names(&between(&normal, &handoff(Some("Wait"), Priority::Normal))), ["reply"]);
    assert_eq!(names(&between(&normal, &handoff(Some("One moment"), Priority::Urgent))), ["effects"]);
}

#[test]
fn a_state_is_what_it_means() {
    let state = |next| decided(next, vec![], None);
    let keep = state(NextState::Keep);
    let respelled = state(NextState::Replace("{ \"order\": {\"paid\":true, \"id\":7}, \"n\":1 }".into()));
    assert_eq!(between(&keep, &respelled), None);
    let changed = state(NextState::Replace("{\"n\":1,\"order\":{\"id\":8,\"paid\":true},\"new\":[1]}".into()));
    let change = between(&keep, &changed).expect("it differs").state.expect("in the state");
    assert_eq!(
        (change.before, change.after),
        (vec!["order.id: 7".into()], vec!["order.id: 8".into(), "new: [1]".into()])
    );
    let text = state(NextState::Replace("no JSON\u{1b}[2J".into()));
    let change = between(&text, &state(NextState::Clear)).expect("it differs").state.expect("in the state");
    assert_eq!((change.before, change.after), (vec!["no JSON\u{fffd}[2J".into()], vec!["(none)".into()]));
}

#[test]
fn failures_are_told_apart_by_kind() {
    let failed = |kind: &str, reason: &str| Outcome::Failed { kind: kind.into(), reason: reason.into() };
    assert_eq!(between(&failed("trapped", "at 1"), &failed("trapped", "at 2")), None);
    assert_eq!(names(&between(&failed("trapped", "at 1"), &failed("refused", "at 1"))), ["failure"]);
}

#[test]
fn it_reads_as_two_sides_without_what_they_share() {
    let before = decided(NextState::Keep, vec![says("hi"), says("what\nnow?"), says("bye")], Some("menu"));
    let after = decided(NextState::Clear, vec![says("hi"), says("bye")], Some("order"));
    let text = between(&before, &after).expect("they differ").to_string();
    let expected = "\
reply   - what\\nnow?
state   - {\"n\":1,\"order\":{\"id\":7,\"paid\":true}}
        + (none)
step    - menu
        + order
";
    assert_eq!(text, expected);
}

#[test]
fn what_leads_to_the_same_can_still_be_told_apart() {
    let decision = |state, effects| Decision { state, effects, step: None };
    let before = decision(NextState::Keep, vec![says("a"), Effect::Note("n".into())]);
    let other = decision(NextState::Keep, vec![Effect::Note("n".into()), says("a")]);
    assert_eq!(between(&Outcome::Decided(before.clone()), &Outcome::Decided(other.clone())), None);
    assert_eq!(names(&Difference::literal(&before, &other)), ["effects"]);
    assert_eq!(Difference::literal(&before, &before), None);
}
