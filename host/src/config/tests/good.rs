//! What is read, shown and kept to oneself.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::super::read::parse_excusing;
use super::super::{
    ABSENT_PLUGINS, ABSENT_SECRETS, Config, ConfigError, DevOptions, PluginLimits, SystemEnvironment, load, suggest,
    units,
};
use super::{Fake, completed, read};
use crate::clock::SystemClock;
use crate::connections::Connections;

#[test]
fn a_short_configuration_has_every_default() {
    let config = read(&completed("")).expect("valid");
    assert_eq!(config.server.listen.to_string(), "0.0.0.0:8080");
    assert_eq!(config.server.admin.to_string(), "127.0.0.1:8081");
    assert_eq!(config.storage.path, Path::new("conf/data/turnwise.redb"));
    assert_eq!(config.plugins.dir, Path::new("conf/plugins"));
    assert_eq!(config.plugins.cache.as_deref(), Some(Path::new("conf/data/cache")));
    assert_eq!(config.braze.api_key.expose(), "3f1c5f0e-7f63-4d6b-9a57-1f8f6a2f8c11");
    assert_eq!(config.braze.campaigns["reply"].text_property, "external_system_msg_body");
    assert!(!config.braze.campaigns["reply"].buttons && !config.braze.resend_unknown);
    let source = &config.sources["whatsapp"];
    assert_eq!((source.bot.as_str(), source.campaign.as_str()), ("menu", "reply"));
    assert_eq!(source.tokens[0].reference(), Some("env:WEBHOOK_TOKEN"));
}

#[test]
fn a_long_configuration_is_read_as_written() {
    let text = completed(
        r#"
[server]
listen = "[::1]:0"
admin = "127.0.0.1:0"
connections_max = 1_000
body_limit = "1MiB"
drain_timeout = "2m"
[storage]
url = "redb:/var/lib/turnwise.redb"
cache = "1GiB"
[braze]
endpoint = "http://127.0.0.1:8082"
api_key = "file:/run/secrets/key"
request_timeout = "1500ms"
resend_unknown = true
resend_wait = "2s"
probe_wait = "500ms"
[braze.campaigns.answer]
id = "a"
text_property = "text"
buttons = true
[braze.canvases.welcome]
id = "b"
[sources.sms]
bot = "echo"
campaign = "answer"
tokens = ["file:token", "env:NEW_TOKEN"]
fallback_text = "Oops"
[plugins.echo]
file = "other/echo.wasm"
[plugins.echo.settings]
greeting = "Hi"
opening = 08:30:00
nested = { list = [1, 2.5, true] }
[plugins.echo.limits]
memory = "64MiB"
deadline = "1s"
"#,
    );
    let config = read(&text).expect("valid");
    assert_eq!(config.server.connections_max, 1000);
    assert_eq!(config.server.body_bytes_max, 1 << 20);
    assert_eq!(config.server.drain_timeout, Duration::from_secs(120));
    assert_eq!(config.storage.path, Path::new("/var/lib/turnwise.redb"));
    assert_eq!(config.plugins.cache.as_deref(), Some(Path::new("/var/lib/cache")));
    assert_eq!(config.braze.api_key.expose(), "a-key-of-a-file");
    assert_eq!(config.braze.request_timeout, Duration::from_millis(1500));
    assert_eq!(config.braze.resend_wait, Duration::from_secs(2));
    assert_eq!(config.braze.probe_wait, Duration::from_millis(500));
    assert_eq!(config.braze.canvases["welcome"], "b");
    assert_eq!(config.sources["sms"].tokens[0].expose(), "0123456789abcdef-of-a-file");
    let plugin = &config.plugins.named["echo"];
    assert_eq!(plugin.file, Path::new("conf/other/echo.wasm"));
    assert_eq!(plugin.limits.memory_bytes_max, 64 << 20);
    let settings: Vec<_> =
        plugin.settings.iter().map(|setting| (setting.name.as_str(), setting.value.as_str())).collect();
    let nested = r#"{"list":[1,2.5,true]}"#;
    assert_eq!(settings, [("greeting", "\"Hi\""), ("nested", nested), ("opening", "\"08:30:00\"")]);
}

#[test]
fn a_byte_order_mark_tabs_and_windows_line_ends_are_no_mistakes() {
    let text = completed("\u{feff}[server]\r\n\tlisten\t=\t\"0.0.0.0:9000\"\r\n");
    assert_eq!(read(&text).expect("valid").server.listen.port(), 9000);
}

#[test]
fn limits_of_a_named_plugin_are_those_of_any_other() {
    let config = read(&completed("[plugins.menu]")).expect("valid");
    assert_eq!(config.plugins.named["menu"].limits, PluginLimits::default());
    let cache = |value: &str| read(&completed(&format!("[plugins]\ncache = {value}"))).expect("valid").plugins.cache;
    assert_eq!(cache("\"/tmp/code\"").as_deref(), Some(Path::new("/tmp/code")));
    assert_eq!(cache("false"), None);
}

#[test]
fn dev_needs_no_file_and_answers_through_its_sandbox() {
    let address = |port| std::net::SocketAddr::from(([127, 0, 0, 1], port));
    let config = Config::dev(DevOptions {
        listen: address(8080),
        admin: address(8081),
        sandbox: address(8082),
        bot: "menu".into(),
        plugins_dir: "plugins".into(),
        data_dir: ".turnwise".into(),
    });
    assert_eq!(config.braze.endpoint, "http://127.0.0.1:8082");
    assert_eq!(config.storage.path, Path::new(".turnwise/turnwise.redb"));
    assert_eq!(config.plugins.cache.as_deref(), Some(Path::new(".turnwise/cache")));
    assert!(config.braze.campaigns[&config.sources["whatsapp"].campaign].buttons);
    assert_eq!(config.sources["whatsapp"].tokens[0].expose(), "dev");
    assert_eq!(config.connections["llm"].base_url, "http://127.0.0.1:8082/llm/v1");
    assert_eq!(config.connections["llm"].headers[0].value.expose(), "Bearer dev");
    assert_eq!(config.connections["shop"].base_url, "http://127.0.0.1:8082/shop");
    for connection in ["llm", "shop"] {
        assert_eq!(config.denies_connection("whoever", connection), None, "{connection}");
    }
    assert!(config.denies_connection("whoever", "other").is_some());
    Connections::new(&config.connections, Arc::new(SystemClock)).map(drop).expect("they can be called");
}

#[test]
fn mistakes_are_shown_with_line_caret_and_fix() {
    let text = "[server]\n\theader_timeout = 30 # seconds\n\n[braze]\nendpoint = \"https://rest.fra-01.braze.eu\"\n\
                api_key = \"3f1c5f0e-7f63-4d6b\"\n";
    let errors = read(&format!("{text}{}{}", super::CAMPAIGN, super::SOURCE)).expect_err("two mistakes");
    let expected = "\
error[missing-unit]: `header_timeout` has no unit
 --> conf/turnwise.toml:2:19
  |
2 |     header_timeout = 30 # seconds
  |                      ^^
  = fix: write the unit: `header_timeout = \"30s\"`

error[literal-secret]: `api_key` holds a secret itself; only a reference may be written here
 --> conf/turnwise.toml:6:11
  |
6 | api_key = ********************
  |           ^^^^^^^^^^^^^^^^^^^^
  = fix: `export BRAZE_API_KEY=…` and write `api_key = \"env:BRAZE_API_KEY\"`, or put it into a file and write `\"file:PATH\"`; \
replace the secret if this file was ever shared

2 mistakes in conf/turnwise.toml
";
    assert_eq!(errors.render(false), expected);
    assert!(errors.render(true).contains("\x1b[1;31m"));
    let json = errors.to_json();
    assert_eq!(json[0]["code"], "missing-unit");
    assert_eq!((&json[1]["line"], &json[1]["column"]), (&6.into(), &11.into()));
}

#[test]
fn no_secret_is_ever_shown() {
    for text in [
        "[braze]\nendpoint = 7\napi_key = \"hunter2-hunter2\"",
        "[braze]\nendpoint = 7\napi_key = hunter2-hunter2",
        "[braze]\nendpoint = 7\napi_key = \"hunter2-hunter2",
        "[sources.a]\nbot = \"x\"\ntokens = [\"hunter2-hunter2\", \"env:NONE\"]",
        "[sources.a]\nbot = \"x\"\ntokens = \"hunter2-hunter2\"",
        "[storage]\nurl = \"postgres://u:hunter2@db/x\"",
    ] {
        let errors = read(&completed(text)).expect_err(text);
        let shown = format!("{}{}{errors:?}", errors.render(true), errors.to_json());
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    let config = read(&completed("")).expect("valid");
    assert!(!format!("{config:?}").contains("3f1c5f0e"));
}

#[test]
fn what_is_shown_cannot_drive_a_terminal_or_fill_it() {
    let driving = read(&completed("[server]\n\"\u{1b}]0;title\u{7}\u{202e}\" = 1")).expect_err("wrong").render(false);
    assert!(!driving.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{driving}");

    let long = format!("[server]\n{}lisen = 1 # {}", " ".repeat(5000), "x".repeat(5000));
    let shown = read(&completed(&long)).expect_err("wrong").render(false);
    assert!(shown.lines().all(|line| line.chars().count() < 200), "{shown}");
    let caret = shown.lines().find(|line| line.contains('^')).expect("a caret").find('^');
    let word = shown.lines().find(|line| line.contains("lisen =")).expect("the line");
    assert_eq!(caret, word.char_indices().position(|(at, _)| word[at..].starts_with("lisen")));
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let errors = load(Path::new("conf/none.toml"), &Fake::new()).expect_err("not there");
    assert_eq!(errors.errors[0].code, "unreadable-file");
    assert!(errors.render(false).starts_with("error[unreadable-file]: cannot read the configuration"));
}

#[test]
#[cfg(unix)]
fn a_file_without_end_is_not_read_to_its_end() {
    let errors = load(Path::new("/dev/zero"), &SystemEnvironment).expect_err("endless");
    assert_eq!(errors.errors[0].code, "file-too-large");
}

#[test]
fn quantities_are_shown_as_they_are_written() {
    for text in ["1ms", "250ms", "10s", "90s", "5m", "24h"] {
        assert_eq!(units::duration_text(units::duration(text).expect(text)), text);
    }
    for text in ["1B", "1500B", "64KiB", "128MiB", "1GiB"] {
        assert_eq!(units::bytes_text(units::bytes(text).expect(text)), text);
    }
    assert_eq!(suggest::closest("lsiten", ["admin", "listen"]), Some("listen"));
    assert_eq!(suggest::closest("zebra", ["admin", "listen"]), None);
}

#[test]
fn a_pin_is_the_digest_in_either_case() {
    let hex = "E3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let config = read(&completed(&format!("[plugins.menu]\nsha256 = \"{hex}\""))).expect("valid");
    let pinned = config.plugins.named["menu"].sha256.expect("a pin");
    assert_eq!(crate::plugins::hex(&pinned), hex.to_lowercase());
    assert_eq!(read(&completed("[plugins.menu]")).expect("valid").plugins.named["menu"].sha256, None);
}

#[test]
fn who_can_wait_for_plugins_or_needs_no_secrets_is_not_kept_from_the_rest() {
    let text = completed("[sources.a]\nbot = \"later\"\ntokens = [\"env:WEBHOOK_TOKEN\"]\n[plugins.soon]");
    let excused = |excused: &[&str], text: &str| parse_excusing(excused, "conf/turnwise.toml", text, &Fake::new());
    let codes = |errors: &[ConfigError]| errors.iter().map(|error| error.code).collect::<Vec<_>>();
    let (config, absent) = excused(&ABSENT_PLUGINS, &text).expect("the rest is valid");
    assert_eq!(codes(&absent), ["unknown-bot", "missing-plugin"]);
    assert_eq!(config.sources["a"].bot, "later");
    assert_eq!(config.plugins.named["soon"].file, Path::new("conf/plugins/soon.wasm"));

    let secret = text.replace("WEBHOOK_TOKEN", "NOWHERE");
    let errors = excused(&ABSENT_PLUGINS, &secret).expect_err("a token is missing");
    assert_eq!(codes(&errors.errors), ["unknown-bot", "missing-variable", "missing-plugin"], "all are told, in order");
    assert!(excused(&[ABSENT_PLUGINS, ABSENT_SECRETS].concat(), &secret).is_ok());
    assert!(excused(&ABSENT_PLUGINS, &text.replace("tokens", "tokns")).is_err());
}
