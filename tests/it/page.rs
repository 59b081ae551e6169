//! The sandbox's page in a real browser, with the real `turnwise dev` behind it.

use serde_json::{Value, json};
use turnwise_tests::{Browser, Dev, key};

/// Does harm only where it becomes markup; a page that shows it as text never sets the title.
const MARKUP: &str = "<img src=x onerror=\"document.title='pwned'\"><b id=pwned>bold</b>";

/// The bubbles' texts of one side, without the time.
const THEIRS: &str = "[...document.querySelectorAll('.line:not(.mine):not(.typing) .bubble')]";

/// A browser with the page of a running `turnwise dev` open, seen for the first time.
async fn visit(width: u32, height: u32) -> Option<(Browser, Dev)> {
    let browser = Browser::start().await?;
    let dev = Dev::start().await;
    browser.resize(width, height).await;
    browser.open(&dev.sandbox).await;
    browser.until("!!document.querySelector('.empty')").await;
    Some((browser, dev))
}

/// Adds the first user with what the form suggests.
async fn add_user(browser: &Browser) {
    browser.click(".empty .button").await;
    browser.until("document.activeElement.id === 'new-name'").await;
    browser.click("#new-user [type=submit]").await;
    browser.until("document.activeElement.id === 'text'").await;
}

/// Nothing failed, and nothing came from elsewhere.
async fn is_clean(browser: &Browser, dev: &Dev) {
    assert_eq!(browser.console().await, [""; 0], "the console is empty");
    let asked = browser.addresses_asked().await;
    assert!(asked.iter().any(|url| url.ends_with("/page.js")), "requests are seen: {asked:?}");
    let own = |url: &String| url.starts_with(&dev.sandbox) || url.starts_with("data:");
    assert!(asked.iter().all(own), "everything is the sandbox's own: {asked:?}");
}

fn choices(count: usize) -> String {
    format!("document.querySelectorAll('.choice').length === {count}")
}

/// A reply through the sandbox's API, as the host would send it.
async fn reply(dev: &Dev, properties: Value, attributes: Value) {
    let body = json!({
        "campaign_id": "reply",
        "recipients": [{ "external_user_id": "ada", "trigger_properties": properties, "attributes": attributes }],
    });
    let call = dev.http.post(format!("{}/campaigns/trigger/send", dev.sandbox)).bearer_auth("dev");
    let answer = call.header("content-type", "application/json").body(body.to_string()).send().await;
    let answer = answer.expect("the sandbox answers");
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap_or_default());
}

#[tokio::test]
async fn a_typed_message_is_answered_with_buttons_and_a_tap_goes_on() {
    let Some((browser, dev)) = visit(1280, 860).await else { return };
    add_user(&browser).await;
    browser.press("hello").await;
    browser.press(key::ENTER).await;
    browser.until(&choices(3)).await;
    assert_eq!(browser.value(&format!("{THEIRS}.length")).await, 1);
    assert!(browser.text(".line:not(.mine) .bubble").await.contains("Hi Ada!"));
    assert_eq!(browser.text(".choice").await, "Order status");
    browser.until("!!document.querySelector('.mine .delivered')").await;

    browser.click(".choice").await;
    browser.until(&format!("{THEIRS}.length === 2")).await;
    assert_eq!(browser.value("document.querySelectorAll('.mine')[1].innerText.startsWith('Order status')").await, true);
    browser.until("document.getElementById('profile').innerText.includes('order_status')").await;
    assert!(browser.text("#profile").await.contains("last_intent"));
    browser.until("document.querySelectorAll('#requests details').length >= 2").await;
    assert!(browser.text("#requests summary").await.contains("/campaigns/trigger/send"));
    browser.click("#requests summary").await;
    browser.until("document.querySelector('#requests pre').innerText.includes('external_user_id')").await;
    assert_eq!(browser.text("#presence").await, "WhatsApp business number", "nobody types any more");
    is_clean(&browser, &dev).await;
}

#[tokio::test]
async fn everything_can_be_done_with_the_keyboard_alone() {
    let Some((browser, dev)) = visit(1280, 860).await else { return };
    tab_to(&browser, "document.activeElement.matches('.empty .button')").await;
    browser.press(key::ENTER).await;
    browser.until("document.activeElement.id === 'new-name'").await;
    browser.press(key::ENTER).await;
    browser.until("document.activeElement.id === 'text'").await;

    browser.press("first line").await;
    browser.press_with(key::SHIFT, key::ENTER).await;
    browser.press("second line").await;
    browser.press(key::ENTER).await;
    browser.until(&choices(3)).await;
    assert!(browser.text(".mine .bubble").await.starts_with("first line\nsecond line"));

    // The buttons are just before the message field.
    tab_back_to(&browser, "document.activeElement.matches('.choice')").await;
    browser.press(key::ENTER).await;
    browser.until(&format!("{THEIRS}.length === 2")).await;
    browser.until("document.activeElement.id === 'text'").await;

    // A list opens as a sheet, which Escape closes where it was opened.
    let rows: Vec<Value> = (1..6).map(|n| json!({ "id": format!("row-{n}"), "title": format!("Row {n}") })).collect();
    reply(&dev, json!({ "external_system_msg_body": "Pick a row", "choices": rows }), json!({})).await;
    browser.until(&format!("{THEIRS}.length === 3")).await;
    tab_back_to(&browser, "document.activeElement.matches('.choice')").await;
    browser.press(key::ENTER).await;
    browser.until("document.activeElement.innerText === 'Row 1'").await;
    for _ in 0..5 {
        browser.press(key::TAB).await;
        browser.until("!!document.activeElement.closest('#sheet')").await;
    }
    browser.press(key::ESCAPE).await;
    browser.until("document.getElementById('sheet').hidden && document.activeElement.matches('.choice')").await;
    browser.press(key::ENTER).await;
    browser.until("document.activeElement.innerText === 'Row 1'").await;
    browser.press(key::TAB).await;
    browser.press(key::ENTER).await;
    browser.until("[...document.querySelectorAll('.mine')].pop().innerText.startsWith('Row 2')").await;
    is_clean(&browser, &dev).await;
}

#[tokio::test]
async fn a_phone_shows_the_conversation_whole() {
    let Some((browser, dev)) = visit(390, 844).await else { return };
    add_user(&browser).await;
    browser.press("hello").await;
    browser.click(".send").await;
    browser.until(&choices(3)).await;
    assert_eq!(browser.value("document.documentElement.scrollWidth <= 390").await, true, "nothing is cut at the side");
    let shown = "(() => { const at = document.getElementById('composer').getBoundingClientRect(); \
                 return at.top > 0 && at.bottom <= innerHeight; })()";
    assert_eq!(browser.value(shown).await, true, "the message field is on the screen");
    browser.click(".choice:last-child").await;
    browser.until("document.querySelectorAll('.mine').length === 2").await;
    is_clean(&browser, &dev).await;
}

#[tokio::test]
async fn markup_stays_text() {
    let Some((browser, dev)) = visit(1280, 860).await else { return };
    add_user(&browser).await;
    browser.press(MARKUP).await;
    browser.press(key::ENTER).await;
    browser.until(&choices(3)).await;
    let properties = json!({
        "external_system_msg_body": format!("*bold* {MARKUP}"),
        "choices": [{ "id": "1", "title": MARKUP }, { "id": "2", "title": "javascript:alert(1)" }],
        "media": "javascript:document.title='pwned'",
    });
    reply(&dev, properties, json!({ "note": MARKUP, (MARKUP): "name" })).await;
    browser.until(&choices(5)).await;
    browser.until("document.getElementById('profile').innerText.includes('note')").await;
    browser.until("[...document.querySelectorAll('.gist')].some((gist) => gist.innerText.includes('<img'))").await;
    browser.click("#requests summary").await;
    browser.until("!!document.querySelector('#requests pre')").await;

    let literal =
        |selector: &str| format!("document.querySelector({}).innerText.includes({})", json!(selector), json!(MARKUP));
    let last = ".line:not(.mine):last-child";
    for selector in [".mine .bubble", &format!("{last} .bubble"), &format!("{last} .choice"), "#profile"] {
        assert_eq!(browser.value(&literal(selector)).await, true, "{selector} shows what was written");
    }
    let made = "document.querySelectorAll('img, #pwned, [onerror], a[href^=\"javascript:\"]').length";
    assert_eq!(browser.value(made).await, 0, "no markup was made of it");
    assert_eq!(browser.value("document.title").await, "Turnwise sandbox");
    is_clean(&browser, &dev).await;
}

#[tokio::test]
async fn attachments_are_sent_and_shown_without_being_loaded() {
    let Some((browser, dev)) = visit(1280, 860).await else { return };
    add_user(&browser).await;
    browser.click("#attach").await;
    browser.until("document.activeElement.id === 'media'").await;
    browser.press("https://media.example/100%25%/photo%.jpg").await;
    browser.press(key::ENTER).await;
    browser.until("!!document.querySelector('.mine .file')").await;
    assert!(browser.text(".mine .file").await.contains("media.example"));
    assert_eq!(browser.value("document.getElementById('attachment').hidden").await, true);

    let media = json!({ "external_system_msg_body": "A leaflet", "media_url": "https://media.example/leaflet.pdf" });
    reply(&dev, media, json!({})).await;
    browser.until(&format!("{THEIRS}.some((bubble) => bubble.innerText.includes('A leaflet'))")).await;
    is_clean(&browser, &dev).await;
}

#[tokio::test]
async fn clear_all_begins_anew() {
    let Some((browser, dev)) = visit(1280, 860).await else { return };
    add_user(&browser).await;
    browser.press("hello").await;
    browser.press(key::ENTER).await;
    browser.until(&choices(3)).await;
    browser.click("#reset").await;
    browser.accept_question().await;
    browser.until("!!document.querySelector('.empty') && !document.querySelector('.bubble')").await;
    assert_eq!(browser.value("document.querySelectorAll('#requests details').length").await, 0);
    add_user(&browser).await;
    browser.press("hello again").await;
    browser.press(key::ENTER).await;
    browser.until(&choices(3)).await;
    is_clean(&browser, &dev).await;
}

#[tokio::test]
async fn the_page_says_when_the_sandbox_is_gone_and_goes_on_when_it_is_back() {
    let Some((browser, dev)) = visit(1280, 860).await else { return };
    add_user(&browser).await;
    browser.press("hello").await;
    browser.press(key::ENTER).await;
    browser.until(&choices(3)).await;
    assert_eq!(browser.value("document.getElementById('offline').hidden").await, true);
    let address = dev.sandbox.trim_start_matches("http://").to_owned();
    dev.kill().await;
    browser.until("!document.getElementById('offline').hidden").await;
    browser.press("is anybody there?").await;
    browser.press(key::ENTER).await;
    browser.until("document.getElementById('thread').innerText.includes('Not sent')").await;
    assert_eq!(
        browser.value("document.getElementById('text').value").await,
        "is anybody there?",
        "it can be sent again"
    );

    let _dev = Dev::start_at(&address).await;
    browser.until("document.getElementById('offline').hidden").await;
    browser.press(key::ENTER).await;
    browser.until(&choices(3)).await;
}

async fn tab_to(browser: &Browser, condition: &str) {
    for _ in 0..30 {
        if browser.value(condition).await == true {
            return;
        }
        browser.press(key::TAB).await;
    }
    panic!("the Tab key never comes to {condition}");
}

async fn tab_back_to(browser: &Browser, condition: &str) {
    for _ in 0..30 {
        if browser.value(condition).await == true {
            return;
        }
        browser.press_with(key::SHIFT, key::TAB).await;
    }
    panic!("Shift and Tab never come to {condition}");
}
