//! The desk: every way it can be written down, and be wrong.

use std::time::Duration;

use super::super::DeskKind;
use super::{completed, mistakes, read};
use crate::clock::Timestamp;
use crate::conversation::{DeskStatus, Priority};

const CHATWOOT: &str = "[desk]\nkind = \"chatwoot\"\n[desk.chatwoot]\nurl = \"https://desk.example\"\naccount = 1\ninbox = 2\n\
                        token = \"env:LLM_KEY\"\nwebhook_secret = \"env:CRM_KEY\"\n";

const DESK: &[(&str, &str)] = &[
    ("[desk]\nkind = \"chatwot\"", "bad-desk 2:8"),
    ("[desk]\nkind = \"chatwoot\"", "missing-key 1:2"),
    ("[desk]\nknid = \"builtin\"", "unknown-key 2:1"),
    (
        "[desk]\n[desk.chatwoot]\nurl = \"https://desk.example\"",
        "unused-chatwoot 2:7 missing-key 2:7 missing-key 2:7 missing-key 2:7 missing-key 2:7",
    ),
    ("[desk]\nhours = \"9 to 5\"", "bad-hours 2:9"),
    ("[desk]\nhours = [\"Mon-Fri 09:00-17:00\", \"Sat 25:00-26:00\"]", "bad-hours 2:33"),
    ("[desk]\ntime_zone = \"Mars/Olympus\"", "bad-time-zone 2:13"),
    ("[desk]\nholidays = [\"25.12.2026\", \"2026-02-30\"]", "bad-date 2:13 bad-date 2:27"),
    ("[desk]\nholidays = [2026-12-25]", "wrong-type 2:12"),
    ("[desk]\noffer_timeout = 300", "missing-unit 2:17"),
    ("[desk]\noffer_timeout = \"0s\"", "out-of-range 2:17"),
    ("[desk]\non_resolve = \"reopen\"", "bad-on-resolve 2:14"),
    ("[desk]\nowner_attribute = \"$owner\"", "bad-attribute 2:19"),
    ("[desk.teams]\nbilling = 3", "unknown-key 2:1"),
    ("[desk.teams.billing]\nid = 0", "out-of-range 2:6"),
    ("[desk.teams.billing]\nnumber = 3", "unknown-key 2:1"),
    ("[desk.teams.billing]\n[desk]\nkind = \"chatwoot\"", "missing-key 1:13 missing-key 2:2"),
];

/// What is put in place of a line of a desk that is right.
const OF_CHATWOOT: &[(&str, &str, &str)] = &[
    ("account = 1", "account = \"1\"", "wrong-type 5:11"),
    ("account = 1", "account = 0", "out-of-range 5:11"),
    ("inbox = 2", "", "missing-key 3:7"),
    ("https://desk.example", "http://desk.example", "bad-desk-url 4:7"),
    ("https://desk.example", "desk.example", "bad-desk-url 4:7"),
    ("https://desk.example", "https://me:pass@desk.example", "bad-desk-url 4:7"),
    ("https://desk.example", "https://desk.example/app/accounts/1", "bad-desk-url 4:7"),
    ("\"env:LLM_KEY\"", "\"sk-hunter2\"", "literal-secret 7:9"),
    ("\"env:LLM_KEY\"", "\"env:NOBODY_SET_THIS\"", "missing-variable 7:9"),
    ("\"env:CRM_KEY\"", "\"env:SPACED\"", "secret-whitespace 8:18"),
    ("\"env:CRM_KEY\"", "[\"env:CRM_KEY\", \"env:LLM_KEY\", \"env:BRAZE_API_KEY\"]", "secret-count 8:49"),
    ("webhook_secret = \"env:CRM_KEY\"", "", "missing-key 3:7"),
];

#[test]
fn every_way_a_remote_desk_can_be_wrong_is_reported() {
    assert_eq!(mistakes(&completed(CHATWOOT)), [""; 0], "the desk that the rows begin with is right");
    for (line, wrong, expected) in OF_CHATWOOT {
        assert!(CHATWOOT.contains(line), "{line}");
        assert_eq!(mistakes(&completed(&CHATWOOT.replace(line, wrong))).join(" "), *expected, "{wrong}");
    }
}

#[test]
fn every_way_a_desk_can_be_wrong_is_reported() {
    for (text, expected) in DESK {
        assert_eq!(mistakes(&completed(text)).join(" "), *expected, "{text}");
    }
}

#[test]
fn a_desk_is_read_as_written() {
    assert!(read(&completed("")).expect("valid").desk.is_none(), "nobody is waited for where nobody answers");
    let desk = read(&completed("[desk]")).expect("valid").desk.expect("a desk");
    assert!(matches!(desk.kind, DeskKind::BuiltIn) && desk.rules.hours.rows.is_empty() && desk.rules.closes_on_resolve);
    assert_eq!(desk.rules.owner_attribute.as_deref(), Some("turnwise_owner"));

    let desk = read(&completed(CHATWOOT)).expect("valid").desk.expect("a desk");
    assert!(desk.rules.is_remote && !desk.rules.closes_on_resolve, "an agent there has no other way to give it back");

    let more = "[desk.teams.billing]\nid = 7\n[desk.offer_timeouts]\nurgent = \"30s\"\n";
    let text = CHATWOOT.replace(
        "[desk.chatwoot]",
        "hours = [\"Mon-Fri 09:00-17:00\", \"Sat 10:00-14:00\"]\ntime_zone = \"Europe/Berlin\"\nholidays = [\"2026-12-25\"]\n\
         offer_timeout = \"2m\"\nqueue_notice = \"\"\nowner_attribute = \"\"\non_resolve = \"close\"\n[desk.chatwoot]",
    );
    let desk = read(&completed(&format!("{text}{more}"))).expect("valid").desk.expect("a desk");
    let DeskKind::Chatwoot(chatwoot) = &desk.kind else { panic!("{:?}", desk.kind) };
    assert_eq!((chatwoot.url.as_str(), chatwoot.account, chatwoot.inbox), ("https://desk.example", 1, 2));
    assert_eq!(chatwoot.token.reference(), Some("env:LLM_KEY"));
    assert_eq!(chatwoot.webhook_secrets.len(), 1);
    // 2026-11-25 is a Wednesday; Berlin is an hour ahead.
    let open = |text: &str| {
        let at = text.parse::<jiff::Timestamp>().expect("a time").as_millisecond();
        desk.rules.hours.status(Timestamp(u64::try_from(at).expect("after 1970"))) == DeskStatus::Open
    };
    assert!(open("2026-11-25T08:00:00Z") && !open("2026-11-25T16:00:00Z") && open("2026-11-28T12:59:00Z"));
    assert!(!open("2026-12-25T10:00:00Z"), "a Friday, but a holiday");
    assert_eq!(desk.rules.offer_timeout(Priority::Normal), Duration::from_secs(120));
    assert_eq!(desk.rules.offer_timeout(Priority::Urgent), Duration::from_secs(30));
    assert_eq!(chatwoot.teams["billing"], 7);
    assert_eq!(desk.rules.teams, ["billing"]);
    let rules = &desk.rules;
    assert!(rules.queue_notice.is_none() && rules.owner_attribute.is_none() && rules.closes_on_resolve);
}

#[test]
fn no_secret_of_a_desk_is_ever_shown() {
    for (line, wrong) in [
        ("\"env:LLM_KEY\"", "\"hunter2-hunter2\""),
        ("\"env:LLM_KEY\"", "hunter2-hunter2"),
        ("env:CRM_KEY", "hunter2-hunter2"),
        ("\"env:CRM_KEY\"", "\"hunter2-hunter2"),
    ] {
        let errors = read(&completed(&CHATWOOT.replace(line, wrong))).expect_err(wrong);
        let shown = format!("{}{}{errors:?}", errors.render(true), errors.to_json());
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
