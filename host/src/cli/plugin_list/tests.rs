use super::*;
use crate::plugins::Stopped;

fn plugin() -> Listed {
    Listed {
        name: "menu".into(),
        file: "plugins/menu.wasm".into(),
        serving: true,
        sha256: Some("ab".repeat(32)),
        version: Some("1.4.0".into()),
        contract: Some("turnwise:bot@0.1.0".into()),
        state_version: Some(3),
        steps: vec!["start".into(), "order".into()],
        size: Some(2049),
        since: Some(1_795_458_782_000),
        compile_ms: Some(12),
        problem: None,
        stopped: None,
        shadow: None,
    }
}

#[test]
fn a_plugin_that_is_stopped_is_told_with_what_it_fails_of() {
    let stopped = Stopped { since: 1_795_458_782_000, until: 1_795_458_792_000, failure: "trapped".into() };
    let text = as_text(&Listed { stopped: Some(stopped), ..plugin() }, true);
    assert!(text.starts_with("plugin      menu is stopped, because it mostly fails\n"), "{text}");
    let when = "since Mon, 23 Nov 2026 18:33:02 GMT (trapped); tried again at Mon, 23 Nov 2026 18:33:12 GMT";
    assert!(text.contains(&format!("stopped     {when}\n")), "{text}");
}

#[test]
fn a_plugin_that_serves_is_told_by_what_it_is() {
    let text = as_text(&plugin(), true);
    let digest = "ab".repeat(32);
    let expected = format!(
        "plugin      menu serves\nfile        plugins/menu.wasm\nversion     1.4.0\ncontract    turnwise:bot@0.1.0\n\
         state       version 3\nsteps       start, order\nsize        3 KiB\nsha256      {digest}\ncompiled    in 12 ms\n\
         since       Mon, 23 Nov 2026 18:33:02 GMT\n"
    );
    assert_eq!(text, expected);
}

#[test]
fn without_a_host_it_would_serve_and_nobody_knows_since_when() {
    let text = as_text(&plugin(), false);
    assert!(text.starts_with("plugin      menu would serve\n") && !text.contains("since"), "{text}");
}

#[test]
fn what_is_wrong_with_the_file_is_told_beside_what_serves() {
    let text = as_text(&Listed { problem: Some("it is empty".into()), ..plugin() }, true);
    assert!(text.starts_with("plugin      menu serves, but the file is another by now\n"), "{text}");
    assert!(text.contains("problem     it is empty\n") && text.contains("version     1.4.0"), "{text}");
    let nothing = Listed { name: "menu".into(), problem: Some("it is empty".into()), ..Listed::default() };
    let text = as_text(&nothing, true);
    assert!(text.starts_with("plugin      menu does not serve\n") && !text.contains("sha256"), "{text}");
}

#[test]
fn a_time_that_no_calendar_has_is_no_panic() {
    assert!(date(Timestamp(u64::MAX)).contains("9999"));
}
