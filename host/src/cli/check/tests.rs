use std::path::Path;

use super::check;
use crate::config::tests::{Fake, completed};

fn checked(text: &'static str, json: bool) -> super::Output {
    let mut environment = Fake::new();
    environment.files.insert("conf/turnwise.toml", text);
    check(Path::new("conf/turnwise.toml"), json, false, &environment)
}

#[test]
fn a_right_configuration_is_summed_up_without_its_secrets() {
    let text = completed("[plugins.orders]").leak();
    let output = checked(text, false);
    let expected = "\
conf/turnwise.toml is fine

listen    0.0.0.0:8080
admin     127.0.0.1:8081
storage   redb:conf/data/turnwise.redb
braze     https://rest.fra-01.braze.eu
campaign  reply: 01234567-89ab-cdef-0123-456789abcdef (text in external_system_msg_body, choices as numbered lines)
source    whatsapp: bot menu, replies through reply, token env:WEBHOOK_TOKEN
bot       menu: conf/plugins/menu.wasm
bot       orders: conf/plugins/orders.wasm
";
    assert_eq!((output.stdout.as_str(), output.code), (expected, 0));
    assert_eq!(output.stderr, "");
    assert_eq!(checked(text, true).stdout, "[]\n");
}

#[test]
fn connections_are_shown_with_who_may_call_them_and_without_their_secrets() {
    let text = completed(
        "[connections.llm]\nbase_url = \"https://llm.example/v1\"\nmethods = [\"POST\"]\npaths = [\"/chat/*\", \"/models\"]\n\
         headers = { authorization = \"Bearer env:LLM_KEY\", accept = \"application/json\" }\n\
         [plugins.menu]\nconnections = [\"llm\"]\ncampaigns = []\n[plugins.orders]\ncampaigns = [\"reply\"]",
    );
    let stdout = checked(text.leak(), false).stdout;
    for line in [
        "call      llm: https://llm.example/v1 (POST /chat/*, /models; authorization from Bearer env:LLM_KEY; accept)",
        "bot       menu: conf/plugins/menu.wasm; calls llm; triggers nothing by name",
        "bot       orders: conf/plugins/orders.wasm; triggers reply",
    ] {
        assert!(stdout.lines().any(|shown| shown == line), "{line}\n{stdout}");
    }
    assert!(!stdout.contains("hunter2"), "{stdout}");
}

#[test]
fn a_wrong_configuration_exits_with_2() {
    let text = "[server]\nlisen = 1\n";
    let output = checked(text, false);
    assert_eq!((output.stdout.as_str(), output.code), ("", 2));
    assert!(output.stderr.contains("--> conf/turnwise.toml:2:1"), "{}", output.stderr);

    let output = checked(text, true);
    assert_eq!((output.stderr.as_str(), output.code), ("", 2));
    let mistakes: Vec<serde_json::Value> = serde_json::from_str(&output.stdout).expect("JSON");
    let keys: Vec<&String> = mistakes[0].as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["code", "message", "file", "line", "column", "help"]);
    let missing = check(Path::new("none.toml"), true, false, &Fake::new());
    assert!(missing.code == 2 && missing.stdout.contains("unreadable-file"));
}
