use super::*;

fn read_ok(body: &str) -> Inbound {
    read("whatsapp", body.as_bytes()).unwrap_or_else(|unreadable| panic!("{body:?}: {unreadable}"))
}

fn reason(body: impl AsRef<[u8]>) -> String {
    read("whatsapp", body.as_ref()).expect_err("the body is not to be read").reason
}

/// The body of Braze's documentation: nothing is escaped.
fn documented(user_id: &str, phone: &str, text: &str) -> String {
    format!(r#"{{"user_id":"{user_id}","phone_number":"{phone}","message":"{text}"}}"#)
}

/// The body we recommend, rendered by some escaper.
fn recommended(text: &str, escape: fn(&str) -> String) -> String {
    let text = escape(text);
    format!(
        r#"{{
  "dispatch_id": "d-1", "user_id": "ada", "phone_number": "+491701234567",
  "first_name": "Ada \"A\"", "media": "", "flow_response": "",
  "message": "{text}"
}}
"#
    )
}

/// As `json_escape` is documented: quotes and backslashes.
fn escape_as_documented(text: &str) -> String {
    text.replace('\\', r"\\").replace('"', "\\\"")
}

fn escape_fully(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// SplitMix64, so that a failure is found again.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }

    fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }
}

/// What people type, and what breaks or attacks a template.
const PIECES: &[&str] = &[
    "hello",
    " ",
    "\"",
    "'",
    "\\",
    "\\n",
    "\\u0041",
    "\\\"",
    "\n",
    "\r\n",
    "\t",
    "\u{1}",
    "{",
    "}",
    "\"}",
    "[",
    "]",
    ",",
    ":",
    "/",
    "n",
    "u",
    "\",\"user_id\":\"victim",
    "\",\"phone_number\":\"+1",
    "\",\"message\":\"",
    "\",\"dispatch_id\":\"x\",\"user_id\":\"victim",
    "\"message\"",
    "null",
    "1e400",
    "\u{1f469}\u{200d}\u{1f4bb}",
    "\u{5e9}\u{5dc}\u{5d5}\u{5dd}",
    "\u{202e}",
    "\u{feff}",
    "é",
];

fn random_text(random: &mut Random) -> String {
    (0..random.below(12)).map(|_| random.of(PIECES)).collect()
}

/// What a template that does not escape cannot carry: a text whose every backslash makes an escape that an escaper writes.
/// Without line breaks the body is then JSON, and JSON means something else by it.
fn looks_escaped(text: &str) -> bool {
    let other_escapes = text.replace(r"\\", "").replace("\\\"", "").contains('\\');
    let controls = text.contains(|c: char| c < ' ');
    text.contains('\\') && mend::unescape(text).is_some() && !(controls && other_escapes)
}

#[test]
fn the_documented_template_gives_back_every_text_and_the_true_user() {
    let mut random = Random(1);
    let mut looked_escaped = 0;
    for round in 0..20_000 {
        let text = random_text(&mut random);
        let inbound = read_ok(&documented("ada", "491701234567", &text));
        assert_eq!(inbound.user.external_id.as_deref(), Some("ada"), "round {round}: {text:?}");
        assert_eq!(inbound.user.phone.as_deref(), Some("+491701234567"), "round {round}: {text:?}");
        assert_eq!((inbound.braze_dispatch_id, inbound.fields), (None, vec![]), "round {round}: {text:?}");
        assert_eq!((inbound.media, inbound.flow_response), (vec![], None), "round {round}: {text:?}");
        if looks_escaped(&text) {
            looked_escaped += 1;
        } else {
            assert_eq!(inbound.text, text, "round {round}");
        }
    }
    assert!(looked_escaped < 4_000, "the exception must stay one: {looked_escaped}");
}

#[test]
fn the_recommended_template_gives_back_every_text_and_the_true_user() {
    let mut random = Random(2);
    for round in 0..20_000 {
        let text = random_text(&mut random);
        for escape in [escape_as_documented, escape_fully] {
            let inbound = read_ok(&recommended(&text, escape));
            assert_eq!(inbound.text, text, "round {round}");
            assert_eq!(inbound.user.external_id.as_deref(), Some("ada"), "round {round}: {text:?}");
            assert_eq!(inbound.user.phone.as_deref(), Some("+491701234567"), "round {round}: {text:?}");
            assert_eq!(inbound.braze_dispatch_id.as_deref(), Some("d-1"), "round {round}: {text:?}");
            let first_name = NamedJson { name: "first_name".into(), value: r#""Ada \"A\"""#.into() };
            assert_eq!(inbound.fields, vec![first_name], "round {round}: {text:?}");
        }
    }
}

#[test]
fn no_mutation_of_a_body_makes_reading_panic() {
    let bodies = [
        documented("ada", "+491701234567", "hi \"there\"\nyou"),
        recommended("C:\\new \u{1f469}\u{200d}\u{1f4bb}", escape_fully),
        r#"{"user_id":1,"media":["https://a/1",{"url":"https://a/2","mime_type":"image/png"}],"flow_response":{"a":[1]},"message_b64":"aGk=","message":""}"#
            .to_owned(),
    ];
    let mut random = Random(3);
    for _ in 0..20_000 {
        let mut body = bodies[random.below(bodies.len())].clone().into_bytes();
        for _ in 0..=random.below(4) {
            let at = random.below(body.len().max(1));
            match random.below(5) {
                0 if !body.is_empty() => drop(body.remove(at)),
                1 => body.truncate(at),
                2 => body.insert(at.min(body.len()), random.below(256) as u8),
                3 => {
                    let piece = random.of(PIECES).bytes();
                    body.splice(at.min(body.len())..at.min(body.len()), piece);
                }
                _ if !body.is_empty() => body[at] = random.below(256) as u8,
                _ => {}
            }
        }
        if let Err(unreadable) = read("whatsapp", &body) {
            assert!(!unreadable.reason.is_empty());
        }
    }
}

#[test]
fn a_whole_body_is_read_strictly() {
    let inbound = read_ok(
        "\u{feff}{\"dispatch_id\":\"d\",\"user_id\":\"ada\",\"phone\":\"+49 170 123-4567\",\"language\":\"de\",\
         \"profile_name\":\"Ada\",\"vip\":true,\"address\":{\"b\":1,\"a\":[2.50]},\"message\":\"a\\\\nb \\u00e9\"}\n",
    );
    assert_eq!(inbound.user.external_id.as_deref(), Some("ada"));
    assert_eq!(inbound.user.phone.as_deref(), Some("+491701234567"));
    assert_eq!(inbound.user.alias, None);
    assert_eq!(inbound.user.language.as_deref(), Some("de"));
    assert_eq!(inbound.user.profile_name.as_deref(), Some("Ada"));
    assert_eq!(inbound.braze_dispatch_id.as_deref(), Some("d"));
    assert_eq!(inbound.text, "a\\nb é");
    assert!(!inbound.mended);
    let fields: Vec<_> = inbound.fields.iter().map(|field| (field.name.as_str(), field.value.as_str())).collect();
    assert_eq!(fields, [("vip", "true"), ("address", r#"{"b":1,"a":[2.50]}"#)]);
}

#[test]
fn a_number_or_truth_value_is_a_message_too() {
    assert_eq!(read_ok(r#"{"user_id":42,"message":12345}"#).text, "12345");
    assert_eq!(read_ok(r#"{"user_id":42,"message":12345}"#).user.external_id.as_deref(), Some("42"));
    assert_eq!(read_ok(r#"{"user_id":"a","message":true}"#).text, "true");
    assert_eq!(read_ok(r#"{"user_id":"a","message":null}"#).text, "");
    assert!(reason(r#"{"user_id":"a","message":{"text":"hi"}}"#).contains("`message`"));
    assert!(reason(r#"{"user_id":1234567890123456789012,"message":"hi"}"#).contains("`user_id`"));
}

#[test]
fn base64_wins_over_the_message_unless_it_is_empty() {
    assert_eq!(read_ok(r#"{"user_id":"a","message_b64":"aMOpIg==","message":"other"}"#).text, "hé\"");
    assert_eq!(read_ok(r#"{"user_id":"a","message_b64":"aMOpIg","message":""}"#).text, "hé\"");
    assert_eq!(read_ok("{\"user_id\":\"a\",\"message_b64\":\"aMOp\nIg==\n\"}").text, "hé\"");
    assert_eq!(read_ok(r#"{"user_id":"a","message_b64":"","message":"hi"}"#).text, "hi");
    assert!(reason(r#"{"user_id":"a","message_b64":"???","message":"hi"}"#).contains("base64"));
    assert!(reason(r#"{"user_id":"a","message_b64":"/w==","message":"hi"}"#).contains("UTF-8"));
}

#[test]
fn a_flow_answer_is_json_text_however_it_was_sent() {
    let flow =
        |value: &str| read_ok(&format!(r#"{{"user_id":"a","flow_response":{value},"message":""}}"#)).flow_response;
    assert_eq!(flow(r#"{"size":"L"}"#).as_deref(), Some(r#"{"size":"L"}"#));
    assert_eq!(flow(r#""{\"size\":\"L\"}""#).as_deref(), Some(r#"{"size":"L"}"#));
    assert_eq!(flow(r#""size L""#).as_deref(), Some(r#""size L""#));
    for nothing in [r#""""#, r#"" ""#, "null", "{}", r#""{}""#, ""] {
        assert_eq!(flow(nothing), None, "{nothing}");
    }
}

#[test]
fn phone_numbers_are_normalised_only_where_they_are_clear() {
    assert_eq!(e164("+49 170-123 4567"), "+491701234567");
    assert_eq!(e164("491701234567"), "+491701234567");
    for kept in ["0170 1234567", "+49 (170) 1234567", "12345", "1234567890123456", "whatsapp:+4917", "+"] {
        assert_eq!(e164(kept), kept);
    }
}

#[test]
fn f5_what_the_user_typed_never_becomes_a_field() {
    let attacks = [
        r#"hi","user_id":"victim"#,
        r#"hi","phone_number":"+15550000000"#,
        r#"hi","dispatch_id":"forged","user_id":"victim"#,
        r#"hi","message":"other","vip":"yes"#,
        r#"hi"}{"user_id":"victim","message":"hi"#,
        r#"hi" , "user_id" : "victim" } "#,
        "\u{feff}{\"user_id\":\"victim\",\"message\":\"hi",
    ];
    for attack in attacks {
        let inbound = read_ok(&documented("", "491701234567", attack));
        assert_eq!(inbound.text, attack);
        assert_eq!(inbound.user.external_id, None);
        assert_eq!(inbound.user.phone.as_deref(), Some("+491701234567"));
        assert_eq!(inbound.braze_dispatch_id, None);
        assert_eq!((inbound.fields, inbound.media), (vec![], vec![]));
        let inbound = read_ok(&recommended(attack, escape_as_documented));
        assert_eq!((inbound.text.as_str(), inbound.mended), (attack, false));
    }
}

#[test]
fn f5_behind_the_message_only_what_does_no_harm_is_believed() {
    let body = r#"{"user_id":"ada","message":"hi","phone_number":"+15550000000","plan":"gold","first_name":"Root",
        "dispatch_id":"d","media":["https://a/1"],"flow_response":{"a":1}}"#;
    let inbound = read_ok(body);
    assert_eq!((inbound.text.as_str(), inbound.user.phone, inbound.mended), ("hi", None, true));
    assert_eq!(inbound.fields, [], "a bot may rely on these");
    assert_eq!(inbound.braze_dispatch_id.as_deref(), Some("d"));
    assert_eq!((inbound.media.len(), inbound.flow_response.as_deref()), (1, Some(r#"{"a":1}"#)));
}

#[test]
fn f5_who_talks_is_believed_behind_the_message_only_where_nothing_in_front_says_it() {
    let inbound = read_ok(r#"{"message":"hi","user_id":"ada","phone_number":"+491701234567"}"#);
    assert_eq!((inbound.user.external_id.as_deref(), inbound.mended), (Some("ada"), false));
    let inbound = read_ok(r#"{"phone_number":"+491701234567","message":"hi","user_id":"victim"}"#);
    assert_eq!((inbound.user.external_id, inbound.mended), (None, true));
    let typed = r#"{"message":"hi","user_id":"victim","z":"","user_id":"ada"}"#;
    assert!(reason(typed).contains("nobody can be answered"), "a name that is there twice was typed");
    assert!(reason(r#"{"user_id":"ada","message":"hi"} trailing"#).contains("last key"));
}

#[test]
fn f5_duplicate_keys_are_quarantined() {
    assert!(reason(r#"{"user_id":"ada","user_id":"victim","message":"hi"}"#).contains("twice"));
    assert!(reason(r#"{"user_id":"ada","us\u0065r_id":"victim","message":"hi"}"#).contains("twice"));
    assert!(reason(r#"{"phone":"+491701234567","phone_number":"+15550000000","message":"hi"}"#).contains("twice"));
    assert!(reason(r#"{"user_id":"ada","x":1,"x":2}"#).contains("twice"));
}

#[test]
fn f5_hostile_bodies_are_unreadable_and_nothing_worse() {
    let utf16: Vec<u8> = documented("ada", "", "hi").encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(reason(utf16).contains("NUL"));
    assert!(reason(b"\xff\xfe{\0}\0").contains("UTF-8"));
    assert!(reason(b"{\"user_id\":\"a\",\"message\":\"\xed\xa0\x80\"}").contains("UTF-8"));
    assert!(reason(documented("ada", "", r"\ud83d")).contains("surrogate"));
    assert!(reason(documented(r"\ud83d", "", "hi")).contains("surrogate"));
    assert!(reason(documented("ada", "", "a\0b")).contains("NUL"));
    assert!(reason(documented("ada", "", r"a\u0000b")).contains("NUL"));
    assert!(reason(r#"{"user_id":"ada","score":1e400,"message":"hi"}"#).contains("number"));
    assert!(reason(format!(r#"{{"user_id":"ada","x":{}"#, "[".repeat(10_000))).contains("depth"));
    assert!(
        reason(format!(r#"{{"user_id":"ada","x":{}1{},"message":"hi"}}"#, "[".repeat(10_000), "]".repeat(10_000)))
            .contains("depth")
    );
    assert!(reason(format!(r#"{{"user_id":"ada","message":{}"#, "[".repeat(10_000))).contains("last key"));
    assert!(reason("[".repeat(10_000)).contains("array"));
    assert!(reason("[]").contains("array"));
    assert!(reason("").contains("empty"));
    assert!(reason(" \n").contains("empty"));
    assert!(reason("\u{feff}").contains("empty"));
    assert!(reason("user_id=ada&message=hi").contains("begin with"));
    assert!(reason("null").contains("begin with"));
    for cut in [
        r"{",
        r#"{"user_id"#,
        r#"{"user_id":"#,
        r#"{"user_id":"ada","#,
        r#"{"user_id":"ada","message":"#,
        r#"{"user_id":"ada","message":""#,
    ] {
        reason(cut);
    }
    let emoji = "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} \u{202e}\u{5e9}\u{5dc}\u{5d5}\u{5dd}";
    assert_eq!(read_ok(&documented("ada", "", emoji)).text, emoji);
}

#[test]
fn f5_a_broken_field_is_mended_where_that_is_safe() {
    let inbound = read_ok("{\"user_id\":\"ada\",\"first_name\":\"Ada\nA\",\"flow_response\":,\"message\":\"hi\"}");
    assert!(inbound.mended);
    assert_eq!(inbound.fields, [NamedJson { name: "first_name".into(), value: r#""Ada\nA""#.into() }]);
    let broken = reason(r#"{"user_id":"ada","first_name":"Ada "A"","message":"secret"}"#);
    assert!(broken.contains("json_escape") && !broken.contains("secret") && !broken.contains("Ada"), "{broken}");
}

#[test]
fn f9_without_a_user_id_the_number_is_who_writes() {
    for user_id in [r#""user_id":"","#, r#""user_id":null,"#, r#""user_id":" ","#, ""] {
        let inbound = read_ok(&format!(r#"{{{user_id}"phone_number":"49 170 1234567","message":"hi"}}"#));
        assert_eq!(inbound.user.external_id, None);
        assert_eq!(inbound.user.phone.as_deref(), Some("+491701234567"));
        let alias = UserAlias { name: "49 170 1234567".into(), label: "phone".into() };
        assert_eq!(inbound.user.alias, Some(alias));
    }
}

#[test]
fn f9_who_is_the_same_is_in_one_conversation_and_nobody_else_is() {
    let conversation = |user_id, phone| read_ok(&documented(user_id, phone, "hi")).conversation();
    assert_eq!(conversation("", "+491701234567"), conversation("", "49 170 123-4567"));
    assert_eq!(conversation("ada", "+491701234567"), conversation("ada", ""));
    assert_ne!(conversation("ada", "+491701234567"), conversation("", "+491701234567"));
    assert_ne!(conversation("", "+491701234567"), conversation("", "+491701234568"));
}

#[test]
fn f9_a_body_that_names_nobody_is_unreadable() {
    for body in ["{}", r#"{"message":"hi"}"#, r#"{"user_id":"","phone_number":"","message":"hi"}"#] {
        assert!(reason(body).contains("`user_id`"), "{body}");
    }
}

#[test]
fn f11_a_message_may_be_empty_or_only_media_or_a_flows_answer() {
    let empty = read_ok(&documented("ada", "", ""));
    assert_eq!((empty.text.as_str(), empty.media.len(), empty.flow_response), ("", 0, None));
    let media = read_ok(r#"{"user_id":"ada","media":["https://a/1.webp"],"message":""}"#);
    assert_eq!((media.text.as_str(), media.media[0].url.as_str()), ("", "https://a/1.webp"));
    let flow = read_ok(r#"{"user_id":"ada","flow_response":{"size":"L"}}"#);
    assert_eq!((flow.text.as_str(), flow.flow_response.as_deref()), ("", Some(r#"{"size":"L"}"#)));
}
