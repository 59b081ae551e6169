use serde_json::json;

use super::*;

fn urls(value: Value) -> Vec<String> {
    read(&value).expect("the media are readable").into_iter().map(|media| media.url).collect()
}

#[test]
fn an_array_may_mix_urls_and_objects() {
    let value = json!(["https://a/1", { "url": "https://a/2", "mime_type": "image/png" }, { "url": "http://a/3", "mime_type": "" }]);
    let media = read(&value).expect("the media are readable");
    let media: Vec<_> = media.iter().map(|media| (media.url.as_str(), media.mime_type.as_deref())).collect();
    assert_eq!(media, [("https://a/1", None), ("https://a/2", Some("image/png")), ("http://a/3", None)]);
    assert_eq!(urls(json!({ "url": "https://a/1" })), ["https://a/1"]);
}

#[test]
fn a_text_may_list_urls_in_any_way_a_template_renders_them() {
    let two = ["https://a/1,x.png", "https://b/2?next=https://c/3"];
    for text in [
        r#"["https://a/1,x.png","https://b/2?next=https://c/3"]"#,
        r#"["https://a/1,x.png", "https://b/2?next=https://c/3", nil]"#,
        "['https://a/1,x.png', 'https://b/2?next=https://c/3']",
        "[https://a/1,x.png, https://b/2?next=https://c/3]",
        "https://a/1,x.png,https://b/2?next=https://c/3",
        "https://a/1,x.png https://b/2?next=https://c/3",
        " https://a/1,x.png\nhttps://b/2?next=https://c/3\n",
        "https://a/1,x.pnghttps://b/2?next=https://c/3",
    ] {
        assert_eq!(urls(json!(text)), two, "{text}");
    }
    assert_eq!(urls(json!("HTTPS://A/1")), ["HTTPS://A/1"]);
}

#[test]
fn only_http_addresses_are_media() {
    for nothing in [
        json!(null),
        json!(""),
        json!("[]"),
        json!("nil"),
        json!([]),
        json!([null, 1, "ftp://a/1", "javascript:x", ""]),
    ] {
        assert_eq!(urls(nothing.clone()), [""; 0], "{nothing}");
    }
    assert_eq!(
        urls(json!(["file:///etc/passwd", "https://a/1", "https://", { "mime_type": "image/png" }])),
        ["https://a/1"]
    );
    assert!(read(&json!(7)).is_err());
}
