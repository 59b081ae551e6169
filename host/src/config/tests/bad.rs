//! Row R1 of the fault matrix: every way a configuration can be wrong that we could think of.

use super::{completed, mistakes, read};

/// What is written, and `code line:column` of what is reported; the rest of a valid configuration follows the text.
const SERVER: &[(&str, &str)] = &[
    ("[server]\nlisen = \"0.0.0.0:8080\"", "unknown-key 2:1"),
    ("[server]\nport = 8080", "unknown-key 2:1"),
    ("listen = \"0.0.0.0:8080\"", "unknown-key 1:1"),
    ("[sever]", "unknown-key 1:2"),
    ("[log]\nlevel = \"debug\"", "unknown-key 1:2"),
    ("server = 1", "wrong-type 1:10"),
    ("[[server]]\nlisten = \"0.0.0.0:8080\"", "wrong-type 1:1"),
    ("[server]\nlisten = 8080", "wrong-type 2:10"),
    ("[server]\nlisten = \"8080\"", "bad-address 2:10"),
    ("[server]\nlisten = \":8080\"", "bad-address 2:10"),
    ("[server]\nlisten = \"localhost:8080\"", "bad-address 2:10"),
    ("[server]\nlisten = \"0.0.0.0\"", "bad-address 2:10"),
    ("[server]\nlisten = \"0.0.0.0:99999\"", "bad-address 2:10"),
    ("[server]\nlisten = \"\"", "bad-address 2:10"),
    ("[server]\nlisten = \"127.0.0.1:8081\"\nadmin = \"127.0.0.1\"", "bad-address 3:9"),
    ("[server]\nadmin = \"0.0.0.0:8081\"", "admin-not-loopback 2:9"),
    ("[server]\nadmin = \"10.0.0.7:8081\"", "admin-not-loopback 2:9"),
    ("[server]\nadmin = \"[::]:8081\"", "admin-not-loopback 2:9"),
    ("[server]\nadmin = \"0.0.0.0:8081\"\nadmin_remote = true", "admin-hosts-missing 2:9"),
    ("[server]\nadmin_remote = \"yes\"", "wrong-type 2:16"),
    ("[server]\nadmin_hosts = [\"https://console.example.com\"]", "bad-host 2:16"),
    ("[server]\nadmin_hosts = [\"console.example.com:8081\", \"*\"]", "bad-host 2:16 bad-host 2:44"),
    ("[console]\nproxy_header = \"x-forwarded-email\"", "proxy-not-named 2:16"),
    ("[console]\nproxy_header = \"x forwarded\"\nproxy_peers = [\"10.0.0.7\"]", "bad-header 2:16"),
    ("[console]\nproxy_header = \"Host\"\nproxy_peers = [\"10.0.0.7\"]", "bad-header 2:16"),
    ("[console]\nproxy_peers = [\"10.0.0.7\"]", "unused-proxy 1:2"),
    ("[console]\nproxy_role = \"viewer\"\nproxy_secret = \"env:NEW_TOKEN\"", "unused-proxy 1:2 unused-proxy 1:2"),
    ("[console]\nproxy_header = \"x-email\"\nproxy_peers = [\"proxy\"]", "bad-network 3:16"),
    ("[console]\nproxy_header = \"x-email\"\nproxy_peers = [\"0.0.0.0/0\"]", "bad-network 3:16"),
    ("[console]\nproxy_header = \"x-email\"\nproxy_secret = \"0123456789abcdef\"", "literal-secret 3:16"),
    ("[console]\nproxy_header = \"x-email\"\nproxy_secret = \"env:SHORT\"", "token-short 3:16"),
    (
        "[console]\nproxy_header = \"x-email\"\nproxy_secret = \"env:NEW_TOKEN\"\nproxy_role = \"admin\"",
        "bad-role 4:14",
    ),
    (
        "[console]\nproxy_header = \"x-email\"\nproxy_secret = \"env:NEW_TOKEN\"\nproxy_role = \"veiwer\"",
        "bad-role 4:14",
    ),
    ("[server]\nlisten = \"127.0.0.1:8081\"", "port-clash 2:10"),
    ("[server]\nadmin = \"127.0.0.1:8080\"", "port-clash 2:9"),
    ("[server]\nlisten = \"127.0.0.1:9000\"\nadmin = \"127.0.0.1:9000\"", "port-clash 3:9"),
    ("[server]\nheader_timeout = 10", "missing-unit 2:18"),
    ("[server]\nheader_timeout = \"10\"", "bad-unit 2:18"),
    ("[server]\nheader_timeout = \"10 s\"", "bad-unit 2:18"),
    ("[server]\nheader_timeout = \"10sec\"", "bad-unit 2:18"),
    ("[server]\nheader_timeout = \"1.5s\"", "bad-unit 2:18"),
    ("[server]\nheader_timeout = \"-1s\"", "bad-unit 2:18"),
    ("[server]\nheader_timeout = \"99999999999999999999s\"", "bad-unit 2:18"),
    ("[server]\nheader_timeout = \"99999999999999999s\"", "bad-unit 2:18"),
    ("[server]\nheader_timeout = \"0s\"", "out-of-range 2:18"),
    ("[server]\nbody_timeout = \"24h\"", "out-of-range 2:16"),
    ("[server]\nbody_timeout = true", "wrong-type 2:16"),
    ("[server]\nbody_limit = 65536", "missing-unit 2:14"),
    ("[server]\nbody_limit = \"64KB\"", "bad-unit 2:14"),
    ("[server]\nbody_limit = \"64kib\"", "bad-unit 2:14"),
    ("[server]\nbody_limit = \"1GiB\"", "out-of-range 2:14"),
    ("[server]\nconnections_max = \"512\"", "wrong-type 2:19"),
    ("[server]\nconnections_max = 0", "out-of-range 2:19"),
    ("[server]\nconnections_max = -1", "out-of-range 2:19"),
    ("[server]\nconnections_max = 1.5", "wrong-type 2:19"),
    ("[storage]\nurl = \"postgres://turnwise:hunter2@db/turnwise\"", "not-supported 2:7"),
    ("[storage]\nurl = \"data/turnwise.redb\"", "bad-storage-url 2:7"),
    ("[storage]\nurl = \"redb:\"", "bad-storage-url 2:7"),
    ("[storage]\nurl = \"sqlite:data.db\"", "bad-storage-url 2:7"),
    ("[storage]\npath = \"data/turnwise.redb\"", "unknown-key 2:1"),
    ("[storage]\ncache = 64", "missing-unit 2:9"),
    ("[plugins]\ncache = true", "wrong-type 2:9"),
    ("[plugins]\ncache = \"\"", "wrong-type 2:9"),
    ("[plugins.menu.release]\nmode = \"canarry\"", "bad-mode 2:8"),
    ("[plugins.menu.release]\nmode = \"canarry\"\npercent = 5", "bad-mode 2:8"),
    ("[plugins.menu.release]\nmode = 1", "wrong-type 2:8"),
    ("[plugins.menu.release]\nmode = \"canary\"\npercent = 0", "out-of-range 3:11"),
    ("[plugins.menu.release]\nmode = \"canary\"\npercent = 101", "out-of-range 3:11"),
    ("[plugins.menu.release]\npercent = 5", "unused-percent 1:15"),
    ("[plugins.menu.release]\nsessions = \"pinned\"", "bad-sessions 2:12"),
];

const BRAZE: &[(&str, &str)] = &[
    ("[braze]\napi_key = \"env:BRAZE_API_KEY\"", "missing-key 1:2"),
    ("[braze]\nendpoint = \"https://rest.fra-01.braze.eu\"", "missing-key 1:2"),
    ("[braze]\nendpoint = \"http://rest.fra-01.braze.eu\"\napi_key = \"env:BRAZE_API_KEY\"", "endpoint-not-https 2:12"),
    (
        "[braze]\nendpoint = \"https://rest.fra-01.braze.eu/\"\napi_key = \"env:BRAZE_API_KEY\"",
        "endpoint-has-path 2:12",
    ),
    (
        "[braze]\nendpoint = \"https://rest.fra-01.braze.eu/campaigns/trigger/send\"\napi_key = \"env:BRAZE_API_KEY\"",
        "endpoint-has-path 2:12",
    ),
    (
        "[braze]\nendpoint = \"https://me:pass@rest.fra-01.braze.eu\"\napi_key = \"env:BRAZE_API_KEY\"",
        "endpoint-has-path 2:12",
    ),
    (
        "[braze]\nendpoint = \"https://dashboard-01.braze.eu\"\napi_key = \"env:BRAZE_API_KEY\"",
        "endpoint-is-dashboard 2:12",
    ),
    ("[braze]\nendpoint = \"https://sdk.iad-03.braze.com\"\napi_key = \"env:BRAZE_API_KEY\"", "endpoint-is-sdk 2:12"),
    ("[braze]\nendpoint = \"rest.fra-01.braze.eu\"\napi_key = \"env:BRAZE_API_KEY\"", "bad-endpoint 2:12"),
    ("[braze]\nendpoint = \"dashboard-01.braze.eu\"\napi_key = \"env:BRAZE_API_KEY\"", "endpoint-is-dashboard 2:12"),
    ("[braze]\nendpoint = \"http://127.example.com\"\napi_key = \"env:BRAZE_API_KEY\"", "endpoint-not-https 2:12"),
    ("[braze]\nendpoint = \"ftp://rest.fra-01.braze.eu\"\napi_key = \"env:BRAZE_API_KEY\"", "endpoint-not-https 2:12"),
    ("[braze]\nendpoint = \"\"\napi_key = \"env:BRAZE_API_KEY\"", "bad-endpoint 2:12"),
    ("[braze]\napi_key = \"3f1c5f0e-7f63\"\nendpoint = \"https://rest.fra-01.braze.eu\"", "literal-secret 2:11"),
    ("[braze]\napi_key = \"$BRAZE_API_KEY\"\nendpoint = \"https://rest.fra-01.braze.eu\"", "bad-reference 2:11"),
    ("[braze]\napi_key = \"env:\"\nendpoint = \"https://rest.fra-01.braze.eu\"", "bad-reference 2:11"),
    ("[braze]\napi_key = \"env:$KEY\"\nendpoint = \"https://rest.fra-01.braze.eu\"", "bad-reference 2:11"),
    ("[braze]\napi_key = \"file:\"\nendpoint = \"https://rest.fra-01.braze.eu\"", "bad-reference 2:11"),
    ("[braze]\napi_key = \"\"\nendpoint = \"https://rest.fra-01.braze.eu\"", "bad-reference 2:11"),
    (
        "[braze]\napi_key = \"env:NOBODY_SET_THIS\"\nendpoint = \"https://rest.fra-01.braze.eu\"",
        "missing-variable 2:11",
    ),
    (
        "[braze]\napi_key = \"file:/run/secrets/none\"\nendpoint = \"https://rest.fra-01.braze.eu\"",
        "unreadable-secret 2:11",
    ),
    ("[braze]\napi_key = \"file:empty\"\nendpoint = \"https://rest.fra-01.braze.eu\"", "empty-secret 2:11"),
    ("[braze]\napi_key = \"env:EMPTY\"\nendpoint = \"https://rest.fra-01.braze.eu\"", "empty-secret 2:11"),
    ("[braze]\napi_key = \"env:BLANK\"\nendpoint = \"https://rest.fra-01.braze.eu\"", "empty-secret 2:11"),
    ("[braze]\napi_key = \"env:SPACED\"\nendpoint = \"https://rest.fra-01.braze.eu\"", "secret-whitespace 2:11"),
    ("[braze]\napi_key = \"env:QUOTED\"\nendpoint = \"https://rest.fra-01.braze.eu\"", "secret-quotes 2:11"),
    ("[braze]\napi_key = \"env:BEARER\"\nendpoint = \"https://rest.fra-01.braze.eu\"", "secret-characters 2:11"),
    ("[braze]\napi_key = \"env:ACCENTED\"\nendpoint = \"https://rest.fra-01.braze.eu\"", "secret-characters 2:11"),
    ("[braze]\napi_key = \"env:BROKEN\"\nendpoint = \"https://rest.fra-01.braze.eu\"", "secret-characters 2:11"),
    (
        "[braze]\nendpoint = \"https://rest.fra-01.braze.eu\"\napi_key = \"env:BRAZE_API_KEY\"\nresend_unknown = \"no\"",
        "wrong-type 4:18",
    ),
    ("[braze.campaigns.reply]", "missing-key 1:18"),
    ("[braze.campaigns]\nreply = \"01234567\"", "unknown-key 2:1 unknown-campaign 6:10"),
    ("[braze.campaigns.reply]\nid = \"\"", "bad-id 2:6"),
    ("[braze.campaigns.reply]\nid = \"your id\"", "bad-id 2:6"),
    ("[braze.campaigns.reply]\nid = \"a\"\nbutton = true", "unknown-key 3:1"),
    ("[braze.campaigns.reply]\nid = \"a\"\ntext_property = \"external_system_msg+body\"", "bad-property 3:17"),
    ("[braze.campaigns.reply]\nid = \"a\"\ntext_property = \"choice_1\"", "bad-property 3:17"),
    ("[braze.campaigns.replies]\nid = \"a\"", "unknown-campaign 6:10"),
    ("[braze.canvases.welcome]\ncanvas_id = \"a\"", "missing-key 1:17 unknown-key 2:1"),
];

const SOURCES: &[(&str, &str)] = &[
    ("[sources.whatsapp]\ntokens = [\"env:WEBHOOK_TOKEN\"]", "missing-key 1:10"),
    ("[sources.whatsapp]\nbot = \"menu\"", "missing-key 1:10"),
    ("[sources.whatsapp]\nbot = \"mneu\"\ntokens = [\"env:WEBHOOK_TOKEN\"]", "unknown-bot 2:7"),
    ("[sources.whatsapp]\nbot = \"menu.wasm\"\ntokens = [\"env:WEBHOOK_TOKEN\"]", "unknown-bot 2:7"),
    ("[sources.whatsapp]\nbot = \"menu\"\ntokens = \"env:WEBHOOK_TOKEN\"", "wrong-type 3:10"),
    ("[sources.whatsapp]\nbot = \"menu\"\ntokens = []", "token-count 3:1"),
    ("[sources.whatsapp]\nbot = \"menu\"\ntokens = [7]", "wrong-type 3:11"),
    (
        "[sources.whatsapp]\nbot = \"menu\"\ntokens = [\"env:WEBHOOK_TOKEN\", \"env:NEW_TOKEN\", \"file:token\"]",
        "token-count 3:1",
    ),
    ("[sources.whatsapp]\nbot = \"menu\"\ntokens = [\"0123456789abcdef\"]", "literal-secret 3:11"),
    ("[sources.whatsapp]\nbot = \"menu\"\ntokens = [\"env:SHORT\"]", "token-short 3:11"),
    (
        "[sources.whatsapp]\nbot = \"menu\"\ntokens = [\"env:WEBHOOK_TOKEN\", \"env:SAME_TOKEN\"]",
        "duplicate-token 3:32",
    ),
    ("[sources.whatsapp]\nbot = \"menu\"\ntokens = [\"env:BRAZE_API_KEY\"]", "token-is-api-key 3:11"),
    (
        "[sources.whatsapp]\nbot = \"menu\"\ntokens = [\"env:WEBHOOK_TOKEN\"]\ncampaign = \"repyl\"",
        "unknown-campaign 4:12",
    ),
    ("[sources.whatsapp]\nbot = \"menu\"\ntokens = [\"env:WEBHOOK_TOKEN\"]\nfallback_text = \" \"", "bad-text 4:17"),
    (
        "[sources.whatsapp]\nbot = \"menu\"\ntokens = [\"env:WEBHOOK_TOKEN\"]\nroutes = [{ keyword = \"order\", bot = \"ordres\" }]",
        "unknown-bot 4:38",
    ),
    (
        "[sources.whatsapp]\nbot = \"menu\"\ntokens = [\"env:WEBHOOK_TOKEN\"]\nroutes = { keyword = \"order\", bot = \"menu\" }",
        "wrong-type 4:10",
    ),
    (
        "[sources.whatsapp]\nbot = \"menu\"\ntokens = [\"env:WEBHOOK_TOKEN\"]\nroutes = [{ bot = \"menu\" }]",
        "empty-route 4:11",
    ),
    (
        "[sources.whatsapp]\nbot = \"menu\"\ntokens = [\"env:WEBHOOK_TOKEN\"]\nroutes = [{ pattern = \"(\", bot = \"menu\" }]",
        "bad-pattern 4:23",
    ),
    (
        "[sources.whatsapp]\nbot = \"menu\"\ntokens = [\"env:WEBHOOK_TOKEN\"]\nroutes = [{ hours = \"9 to 5\", bot = \"menu\" }]",
        "bad-hours 4:21",
    ),
    (
        "[sources.whatsapp]\nbot = \"menu\"\ntokens = [\"env:WEBHOOK_TOKEN\"]\nidle_timeout = \"1s\"",
        "out-of-range 4:16",
    ),
    (
        "[sources.whatsapp]\nbot = \"menu\"\ntokens = [\"env:WEBHOOK_TOKEN\"]\ncommands = { stop = { words = { english = [\"stop\"] } } }",
        "bad-language 4:33",
    ),
    ("[sources.\"what's app\"]\nbot = \"menu\"\ntokens = [\"env:WEBHOOK_TOKEN\"]", "bad-name 1:10"),
    ("[sources.\"\"]\nbot = \"menu\"\ntokens = [\"env:WEBHOOK_TOKEN\"]", "bad-name 1:10"),
    ("[plugins]\ndri = \"plugins\"", "unknown-key 2:1"),
    ("[plugins]\ndir = \"nowhere\"", "unknown-bot 9:7"),
    ("[plugins.meny]", "missing-plugin 1:10"),
    ("[plugins.echo]\nfile = \"plugins/echo.wasm\"", "missing-plugin 2:8"),
    ("[plugins.menu]\nsetings = { a = 1 }", "unknown-key 2:1"),
    ("[plugins.menu]\nconnections = [\"llm\"]", "unknown-connection 2:16"),
    (
        "[plugins.menu]\nconnections = [\"lmm\", \"llm\", 7]\n[connections.llm]\nbase_url = \"https://llm.example\"",
        "wrong-type 2:15",
    ),
    (
        "[plugins.menu]\nconnections = [\"lmm\", \"llm\"]\n[connections.llm]\nbase_url = \"https://llm.example\"",
        "unknown-connection 2:16",
    ),
    ("[plugins.menu]\ncampaigns = [\"reply\", \"repyl\"]", "unknown-campaign 2:23"),
    ("[plugins.menu]\ncampaigns = true", "wrong-type 2:13"),
    ("[plugins.menu]\nsha256 = \"e3b0\"", "bad-digest 2:10"),
    ("[plugins.menu]\nsha256 = \"\"", "bad-digest 2:10"),
    (
        "[plugins.menu]\nsha256 = \"sha256:98fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b8550000001\"",
        "bad-digest 2:10",
    ),
    (
        "[plugins.menu]\nsha256 = \"+3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"",
        "bad-digest 2:10",
    ),
    ("[plugins.menu]\nsha256 = 5", "wrong-type 2:10"),
    ("[plugins.menu]\nsettings = 1", "wrong-type 2:12"),
    ("[plugins.menu.settings]\nrate = nan", "bad-setting 2:8"),
    ("[plugins.menu.settings]\nlist = [1, 99999999999999999999]", "bad-setting 2:12"),
    ("[plugins.menu.limits]\nmemory = \"8GiB\"", "out-of-range 2:10"),
    ("[plugins.menu.limits]\ndeadline = 250", "missing-unit 2:12"),
    ("[plugins.menu.limits]\nfuel = \"1MiB\"", "unknown-key 2:1"),
];

const NOTATION: &[(&str, &str)] = &[
    ("[server]\nlisten = 0.0.0.0:8080", "syntax 2:13"),
    ("[server]\nlisten = \"0.0.0.0:8080", "syntax 2:23"),
    ("[server\nlisten = \"0.0.0.0:8080\"", "syntax 1:8"),
    ("[server]\nlisten", "syntax 2:7"),
    ("[server]\nlisten: \"0.0.0.0:8080\"", "syntax 2:9"),
    ("[server]\n[server]", "syntax 2:2"),
    ("[server]\nadmin = \"127.0.0.1:1\"\nadmin = \"127.0.0.1:2\"", "syntax 3:1"),
    ("[plugins.menu]\n[plugins.menu]", "syntax 2:10"),
    ("{\"server\": {}}", "syntax 1:1"),
    ("[server]\nlisten = \"\u{7}\"", "syntax 2:11"),
    ("\u{feff}[server]\nlisen = 1", "unknown-key 2:1"),
    ("\u{feff}lisen = 1", "unknown-key 1:1"),
    ("[server]\r\nlisen = 1\r\n", "unknown-key 2:1"),
    ("[server]\n\tlisen\t=\t1", "unknown-key 2:2"),
    ("[server]\n\"größe\" = 1\nlistän = 2", "unknown-key 2:1 syntax 3:5"),
];

#[test]
fn r1_every_bad_configuration_is_reported_where_it_is_wrong() {
    let cases = [SERVER, BRAZE, SOURCES, NOTATION].concat();
    assert!(cases.len() >= 60);
    let mut wrong = Vec::new();
    for (text, expected) in cases {
        let found = mistakes(&completed(text)).join(" ");
        if found != expected {
            wrong.push(format!("{text}\n    expected {expected}\n    found    {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn r1_files_that_are_no_configuration() {
    let huge = "# comment\n".repeat(1024 * 1024);
    assert_eq!(mistakes(&huge), ["file-too-large 1:1"]);
    assert_eq!(mistakes("[server]\n\0"), ["nul-byte 2:1"]);
    assert_eq!(mistakes(""), ["missing-key 1:1", "missing-key 1:1"]);
    let deep = completed(&format!("{} = 1", vec!["a"; 200_000].join(".")));
    assert!(!mistakes(&deep).is_empty());
    let nested = completed(&format!("a = {}", "[".repeat(200_000)));
    assert!(!mistakes(&nested).is_empty());
    let tables = completed(&format!("[plugins.menu.settings]\na{} = 1", ".a".repeat(200_000)));
    assert!(!mistakes(&tables).is_empty());
}

#[test]
fn r1_a_file_of_nothing_but_mistakes_is_refused_in_good_time() {
    let many = |piece: fn(usize) -> String| (0..50_000).map(piece).collect::<String>();
    for text in [
        many(|n| format!("key_{n} = 1\n")),
        format!("server = {{ {} }}", many(|n| format!("key_{n} = 1, "))),
        format!("server = {{ {} }}\n= 1", many(|n| format!("key_{n} = 1, "))),
        many(|_| "= \" [ ] ".to_owned()),
        many(|_| "= \"\n".to_owned()),
        many(|n| format!("[sources.s{n}]\n")),
    ] {
        let errors = read(&text).expect_err("nothing but mistakes");
        assert!((1..=400).contains(&errors.errors.len()));
        assert!(!errors.render(true).is_empty() && errors.to_json().is_array());
    }
}

#[test]
fn r1_every_mistake_is_found_at_once_and_in_the_order_of_the_file() {
    let text = "\
[server]
lisen = 1
header_timeout = 10
admin = \"0.0.0.0:8081\"
[braze]
endpoint = \"https://dashboard-01.braze.eu\"
api_key = \"secret\"
retry = true
[braze.campaigns.reply]
[sources.whatsapp]
bot = \"mnu\"
tokens = [\"env:NONE\", \"env:SHORT\"]
campaign = \"replay\"
[desk]
kind = \"phone\"
";
    let expected = [
        "unknown-key 2:1",
        "missing-unit 3:18",
        "admin-not-loopback 4:9",
        "endpoint-is-dashboard 6:12",
        "literal-secret 7:11",
        "unknown-key 8:1",
        "missing-key 9:18",
        "unknown-bot 11:7",
        "missing-variable 12:11",
        "token-short 12:23",
        "unknown-campaign 13:12",
        "bad-desk 15:8",
    ];
    assert_eq!(mistakes(text), expected);
}

#[test]
fn a_syntax_error_does_not_hide_what_is_certainly_wrong_elsewhere() {
    let text = completed("[server]\nadmin = \"0.0.0.0:8081\"\nlisten = 0.0.0.0:8080\nlisen = 1");
    assert_eq!(mistakes(&text), ["admin-not-loopback 2:9", "syntax 3:13", "unknown-key 4:1"]);
    let text = completed("[server]\nlisen = 1\n[storage\nurl = \"redb:x\"");
    assert_eq!(mistakes(&text), ["unknown-key 2:1", "syntax 3:9"]);
}

#[test]
fn every_kind_of_help_can_be_pasted() {
    for (text, help) in [
        ("[server]\nlisen = 1", "did you mean `listen`?"),
        ("body_limit = 1", "it belongs under `[server]`"),
        ("[server]\nheader_timeout = 30", "write the unit: `header_timeout = \"30s\"`"),
        ("[server]\nbody_limit = 131072", "write the unit: `body_limit = \"128KiB\"`"),
        ("[server]\nlisten = \"localhost:9000\"", "write an IP address and a port: `listen = \"0.0.0.0:9000\"`"),
        (
            "[braze]\nendpoint = \"https://dashboard-03.braze.com/\"\napi_key = \"env:BRAZE_API_KEY\"",
            "write `endpoint = \"https://rest.iad-03.braze.com\"`",
        ),
        (
            "[braze]\nendpoint = \"https://sdk.fra-02.braze.eu\"\napi_key = \"env:BRAZE_API_KEY\"",
            "write `endpoint = \"https://rest.fra-02.braze.eu\"`",
        ),
        ("[storage]\nurl = \"data/x.redb\"", "write `url = \"redb:data/x.redb\"`"),
        ("[sources.a]\nbot = \"mneu\"\ntokens = [\"env:WEBHOOK_TOKEN\"]", "did you mean `menu`?"),
        (
            "[sources.a]\nbot = \"zebra\"\ntokens = [\"env:WEBHOOK_TOKEN\"]",
            "put `zebra.wasm` into the plugins folder, or name one of `menu` and `orders`",
        ),
        ("[server]\nlisten = 0.0.0.0:8080", "write `listen = \"0.0.0.0:8080\"`"),
        ("[server]\nlisten = \"0.0.0.0:8080", "write `listen = \"0.0.0.0:8080\"`"),
        ("[server\nlisten = 1", "write `[server]`"),
        ("[server]\nheader_timeout: 10s", "write `header_timeout = \"10s\"`"),
    ] {
        let errors = read(&completed(text)).expect_err(text);
        assert_eq!(errors.errors[0].help, help, "{text}");
    }
}

/// Cuts, doubles and overwrites pieces of a configuration by a fixed sequence of numbers.
#[test]
fn no_damage_to_a_file_makes_reading_it_fail_otherwise() {
    let whole = completed(
        "\u{feff}[server]\nlisten = \"0.0.0.0:8080\" # größer\nbody_limit = \"64KiB\"\n[storage]\nurl = \"redb:x\"\n\
         [plugins.menu]\nfile = 'plugins/menu.wasm'\nsettings = { list = [1, 2.5, 08:30:00], text = \"\"\"é\"\"\" }\n",
    );
    let mut state = 1_u32;
    let mut next = |below: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize % below
    };
    for _ in 0..3000 {
        let mut chars: Vec<char> = whole.chars().collect();
        for _ in 0..=next(3) {
            let (from, length) = (next(chars.len()), next(12));
            let piece: Vec<char> = chars.iter().skip(from).take(length).copied().collect();
            let to = (from + next(2) * length).min(chars.len());
            let at = next(chars.len());
            match next(3) {
                0 => drop(chars.drain(from..to)),
                1 => drop(chars.splice(at..at, piece)),
                _ => chars[at] = ['"', '[', ']', '=', '\n', '\'', '{', '.', '\u{0}', 'é', '#'][next(11)],
            }
        }
        let text: String = chars.into_iter().collect();
        if let Err(errors) = read(&text) {
            assert!(!errors.errors.is_empty() && errors.render(false).contains("mistake"));
            assert!(errors.errors.iter().all(|error| text.get(error.span.clone()).is_some()), "{text}");
        }
    }
}
