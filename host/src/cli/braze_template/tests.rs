use std::collections::BTreeMap;

use serde_json::Value;

use super::{BODY, Output, TemplateOptions, public_base, template};
use crate::config::tests::{Fake, completed};

/// Ends the text, the object and the tag, and brings a key of its own.
const HOSTILE: &str = "\"}, \\ {{x}} \n\t\u{1}\u{2028} 😀 \", \"user_id\": \"someone-else";

fn printed(text: &str, options: TemplateOptions) -> Output {
    let mut environment = Fake::new();
    environment.files.insert("conf/turnwise.toml", completed(text).leak());
    template(&TemplateOptions { config: "conf/turnwise.toml".into(), ..options }, false, &environment)
}

/// As much Liquid as the body uses, with the same meaning; `json_escape` escapes as JSON's strings want it.
fn rendered(body: &str, values: &BTreeMap<&str, &[&str]>) -> String {
    let mut out = String::new();
    let mut rest = body;
    while let Some((before, tag)) = rest.split_once("{{") {
        let (tag, after) = tag.split_once("}}").expect("a closed tag");
        let mut filters = tag.split('|').map(str::trim);
        let name = filters.next().expect("a name");
        let mut value: Vec<String> =
            values.get(name).map_or_else(Vec::new, |value| value.iter().map(ToString::to_string).collect());
        for filter in filters {
            match filter {
                "default: ''" if value.is_empty() => value = vec![String::new()],
                "default: ''" => {}
                "join: ' '" => value = vec![value.join(" ")],
                "json_escape" => {
                    let quoted = Value::from(value.concat()).to_string();
                    value = vec![quoted[1..quoted.len() - 1].to_owned()];
                }
                other => panic!("no such filter: {other}"),
            }
        }
        out += before;
        out += &value.concat();
        rest = after;
    }
    out + rest
}

#[test]
fn the_body_is_json_whatever_the_user_wrote() {
    let values: BTreeMap<&str, &[&str]> = [
        ("${user_id}", &["user-1"] as &[&str]),
        ("${phone_number}", &["+4912345"]),
        ("campaign.${dispatch_id}", &["d-1"]),
        ("${first_name}", &[HOSTILE]),
        ("whats_app.${inbound_profile_name}", &[HOSTILE]),
        ("whats_app.${inbound_media_urls}", &["https://a.example/1", "https://a.example/2"]),
        ("whats_app.${inbound_flow_response}", &["{\"screen\": \"A\"}"]),
        ("whats_app.${inbound_message_body}", &[HOSTILE]),
    ]
    .into();
    let json: Value = serde_json::from_str(&rendered(BODY, &values)).expect("JSON");
    assert_eq!(json["user_id"], "user-1");
    assert_eq!(json["message"], HOSTILE);
    assert_eq!(json["first_name"], HOSTILE);
    assert_eq!(json["media"], "https://a.example/1 https://a.example/2");
    assert_eq!(json["flow_response"], "{\"screen\": \"A\"}");
    assert_eq!(json["language"], "");

    let keys: Vec<&String> = json.as_object().expect("an object").keys().collect();
    let names = [
        "user_id",
        "phone_number",
        "dispatch_id",
        "language",
        "first_name",
        "profile_name",
        "media",
        "flow_response",
        "message",
    ];
    assert_eq!(keys, names);
}

#[test]
fn the_body_is_json_for_a_user_of_whom_nothing_is_known() {
    let json: Value = serde_json::from_str(&rendered(BODY, &BTreeMap::new())).expect("JSON");
    assert!(json.as_object().expect("an object").values().all(|value| value == ""));
}

#[test]
fn every_text_of_the_body_is_escaped_last() {
    for line in BODY.lines().filter(|line| line.contains("{{")) {
        assert!(line.contains("| default: ''") && line.contains("| json_escape}}\""), "{line}");
    }
}

#[test]
fn what_to_paste_is_printed_without_the_token() {
    let options =
        || TemplateOptions { public_url: Some("https://bot.example.com/".to_owned()), ..TemplateOptions::default() };
    let output = printed("", options());
    assert_eq!(output.code, 0);
    for part in [
        "\nhttps://bot.example.com/v1/inbound/whatsapp\n",
        "\nAuthorization: Bearer <the value of env:WEBHOOK_TOKEN>\n",
        "\nContent-Type: application/json\n",
        BODY,
        "\n{{api_trigger_properties.${external_system_msg_body}}}\n",
        "API-Triggered",
        "re-eligibility",
    ] {
        assert!(output.stdout.contains(part), "no {part} in {}", output.stdout);
    }
    assert!(!output.stdout.contains("0123456789abcdef0123456789abcdef"));
    let shown = printed("", TemplateOptions { show_token: true, ..options() });
    assert!(shown.stdout.contains("\nAuthorization: Bearer 0123456789abcdef0123456789abcdef\n"));
}

#[test]
fn one_source_of_several_can_be_asked_for_as_json() {
    let text = "[sources.a]\nbot = \"menu\"\ntokens = [\"env:NEW_TOKEN\"]\n\
                [sources.b]\nbot = \"menu\"\ntokens = [\"env:WEBHOOK_TOKEN\"]\n\
                [braze.campaigns.reply]\nid = \"abc\"\nbuttons = true";
    let output =
        printed(text, TemplateOptions { source: Some("b".to_owned()), json: true, ..TemplateOptions::default() });
    let json: Value = serde_json::from_str(&output.stdout).expect("JSON");
    assert_eq!(json.as_array().map(Vec::len), Some(1));
    assert_eq!(json[0]["webhook"]["url"], "https://YOUR-HOST/v1/inbound/b");
    assert_eq!(json[0]["webhook"]["body"], BODY);
    assert_eq!(json[0]["reply"]["id"], "abc");
    assert_eq!(json[0]["reply"]["buttons"][2], "{{api_trigger_properties.${choice_3}}}");
    assert_eq!(json[0]["reply"]["media_url"], "{{api_trigger_properties.${media_url}}}");

    let unknown = printed(text, TemplateOptions { source: Some("c".to_owned()), ..TemplateOptions::default() });
    assert_eq!((unknown.code, unknown.stderr.as_str()), (2, "error: there is no source `c`; configured: a, b\n"));
}

#[test]
fn only_addresses_that_braze_can_call_are_accepted() {
    assert_eq!(public_base("https://bot.example.com/turnwise/").as_deref(), Ok("https://bot.example.com/turnwise"));
    assert_eq!(public_base("https://bot.example.com:443").as_deref(), Ok("https://bot.example.com"));
    for wrong in [
        "bot.example.com",
        "http://bot.example.com",
        "https://bot.example.com:8080",
        "https://localhost",
        "https://a.example/?x=1",
    ] {
        assert!(public_base(wrong).is_err_and(|message| message.contains("--public-url https://")), "{wrong}");
    }
}
