use super::*;
use crate::conversation::NamedJson;

fn set(value: &str) -> AttributeChange {
    AttributeChange::Set(NamedJson { name: "a".into(), value: value.into() })
}

fn unset() -> AttributeChange {
    AttributeChange::Unset("a".into())
}

fn inc(by: i32) -> AttributeChange {
    AttributeChange::Increment("a".into(), by)
}

fn add(item: &str) -> AttributeChange {
    AttributeChange::Add("a".into(), item.into())
}

fn remove(item: &str) -> AttributeChange {
    AttributeChange::Remove("a".into(), item.into())
}

fn check(changes: &[AttributeChange], expected: Value) {
    let written = attributes(changes).expect("it can be written");
    assert_eq!(Value::from(written), json!({ "a": expected }), "{changes:?}");
}

#[test]
fn each_change_has_brazes_form() {
    check(&[set("\"gold\"")], json!("gold"));
    check(&[set("{\"b\": [1, true]}")], json!({ "b": [1, true] }));
    check(&[unset()], json!(null));
    check(&[inc(-2)], json!({ "inc": -2 }));
    check(&[add("x")], json!({ "add": ["x"] }));
    check(&[remove("x")], json!({ "remove": ["x"] }));
}

#[test]
fn several_changes_of_one_attribute_come_to_one() {
    check(&[set("1"), set("2")], json!(2));
    check(&[add("x"), unset(), set("3")], json!(3));
    check(&[set("3"), unset()], json!(null));
    check(&[inc(2), inc(3)], json!({ "inc": 5 }));
    check(&[set("4"), inc(3)], json!(7));
    check(&[set("0.5"), inc(1)], json!(1.5));
    check(&[unset(), inc(3)], json!(3));
    check(&[add("x"), add("y"), add("x")], json!({ "add": ["y", "x"] }));
    check(&[add("x"), remove("x")], json!({ "remove": ["x"] }));
    check(&[remove("x"), add("x"), add("y")], json!({ "add": ["x", "y"] }));
    check(&[add("x"), remove("y")], json!({ "add": ["x"], "remove": ["y"] }));
    check(&[set("[\"x\", \"y\"]"), add("x"), remove("y"), add("z")], json!(["x", "z"]));
    check(&[unset(), add("x")], json!(["x"]));
    check(&[set("\"text\""), add("x")], json!({ "add": ["x"] }));
}

#[test]
fn what_names_a_profile_cannot_be_changed() {
    for name in ["external_id", "braze_id", "user_alias", "_update_existing_only"] {
        let change = AttributeChange::Set(NamedJson { name: name.into(), value: "\"other\"".into() });
        assert!(attributes(&[change]).is_err(), "{name}");
    }
    assert!(attributes(&[set("gold")]).is_err_and(|reason| reason.contains("`a` is not JSON")));
}
