//! `make screenshots`: pictures of the sandbox's page in the middle of a conversation, and of every page of the console, into
//! target/screenshots.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;
use turnwise_tests::{Browser, Dev, key, repository};

const SIZES: [(u32, u32); 2] = [(1280, 860), (390, 844)];

const LAST_CHOICE: &str = "[...document.querySelectorAll('.choice')].pop()";

#[tokio::main]
async fn main() {
    let folder = repository().join("target/screenshots");
    fs::create_dir_all(&folder).expect("the folder can be made");
    for (width, height) in SIZES {
        for scheme in ["light", "dark"] {
            let Some(browser) = Browser::start().await else { return };
            let dev = Dev::start().await;
            browser.prefer(scheme).await;
            browser.resize(width, height).await;
            let shots = Shots { folder: &folder, size: format!("{width}x{height}-{scheme}") };
            converse(&browser, &dev, &shots).await;
            look_around(&browser, &dev, &shots).await;
            answer(&browser, &dev, &shots).await;
        }
    }
}

struct Shots<'a> {
    folder: &'a Path,
    size: String,
}

impl Shots<'_> {
    async fn take(&self, browser: &Browser, name: &str) {
        // What moves or flashes has come to rest.
        let still = "document.getAnimations().every((animation) => animation.playState === 'finished')";
        browser.until(still).await;
        let png = BASE64_STANDARD.decode(browser.screenshot().await).expect("Base64");
        let file = self.folder.join(format!("{name}-{}.png", self.size));
        fs::write(&file, png).expect("the picture can be written");
        println!("{}", file.display());
    }
}

async fn converse(browser: &Browser, dev: &Dev, shots: &Shots<'_>) {
    browser.open(&dev.sandbox).await;
    browser.until("!!document.querySelector('.empty')").await;
    shots.take(browser, "1-empty").await;
    browser.click(".empty .button").await;
    browser.until("document.activeElement.id === 'new-name'").await;
    shots.take(browser, "2-new-user").await;
    browser.click("#new-user [type=submit]").await;
    browser.until("document.activeElement.id === 'text'").await;

    say(browser, "hello", 1).await;
    say(browser, "Order status", 2).await;
    say(browser, "it is a blue one", 3).await;
    shots.take(browser, "3-conversation").await;
    browser.value("document.querySelector('#requests details').open = true").await;
    browser.value("document.querySelector('.card:last-child').scrollIntoView({ block: 'start' })").await;
    shots.take(browser, "4-request").await;
    browser.value("window.scrollTo(0, 0)").await;

    let rows: Vec<_> = ["Berlin", "Hamburg", "Köln", "München"]
        .map(|city| json!({ "id": city, "title": city, "description": "Open until 20:00" }))
        .into();
    let properties = json!({
        "external_system_msg_body": "*Which shop?* All of them have your size.",
        "choices": rows,
        "media_url": "https://media.example/shops/map.pdf",
    });
    let body = json!({
        "campaign_id": "reply",
        "recipients": [{ "external_user_id": "ada", "trigger_properties": properties }],
    });
    let call = dev.http.post(format!("{}/campaigns/trigger/send", dev.sandbox)).bearer_auth("dev");
    call.header("content-type", "application/json").body(body.to_string()).send().await.expect("the sandbox answers");
    browser.until(&format!("{LAST_CHOICE}.innerText === 'Choose'")).await;
    shots.take(browser, "5-list").await;
    browser.value(&format!("{LAST_CHOICE}.click()")).await;
    browser.until("!document.getElementById('sheet').hidden").await;
    shots.take(browser, "6-sheet").await;
    browser.press(key::ESCAPE).await;
    browser.click("#attach").await;
    browser.press("https://media.example/photo.jpg").await;
    shots.take(browser, "7-attachment").await;
}

/// The console's pages, with something on each.
async fn look_around(browser: &Browser, dev: &Dev, shots: &Shots<'_>) {
    for body in [r#"{"user_id": "u7", "message": "where is my "parcel"", "dispatch_id": "#, "first_name=Ada&message=hi"]
    {
        let call = dev.http.post(format!("{}/v1/inbound/whatsapp", dev.public)).bearer_auth("dev");
        call.body(body).send().await.expect("the host answers");
    }
    browser.open(&dev.console().await).await;
    for (path, name) in [
        ("inbox", "inbox"),
        ("conversations", "conversations"),
        ("plugins", "plugins"),
        ("outbox", "outbox"),
        ("outbox?show=quarantine", "quarantine"),
        ("setup", "setup"),
        ("graph?bot=menu&period=1h", "graph"),
        ("analytics", "analytics"),
        ("people", "people"),
    ] {
        browser.open(&format!("{}/console/{path}", dev.admin)).await;
        browser.until("!!document.querySelector('h1')").await;
        shots.take(browser, &format!("console-{name}")).await;
    }
    browser.open(&format!("{}/console/outbox?show=quarantine", dev.admin)).await;
    browser.value("document.querySelector('#rows a').click()").await;
    browser.until("!!document.querySelector('textarea')").await;
    shots.take(browser, "console-quarantined").await;

    browser.open(&format!("{}/console/simulator?plugin=menu", dev.admin)).await;
    for (text, bubbles) in [("hello", 1), ("Order status", 2), ("A-12345", 3)] {
        browser.value("document.querySelector('textarea').focus()").await;
        browser.press(text).await;
        browser.press(key::ENTER).await;
        browser.until(&format!("document.querySelectorAll('.bubble.bot').length >= {bubbles}")).await;
    }
    shots.take(browser, "console-simulator").await;
    browser.value("document.activeElement.blur()").await;
    browser.press("?").await;
    browser.until("document.getElementById('keys').open").await;
    shots.take(browser, "console-keys").await;
}

/// An agent's side, and one conversation from its beginning.
async fn answer(browser: &Browser, dev: &Dev, shots: &Shots<'_>) {
    for (user, name, text) in [("ben", "Ben Stone", "agent"), ("cleo", "Cleo Marsh", "I want to talk to a human")] {
        let body = json!({ "user_id": user, "phone_number": "+4915100000007", "profile_name": name, "message": text });
        let call = dev.http.post(format!("{}/v1/inbound/whatsapp", dev.public)).bearer_auth("dev");
        call.body(body.to_string()).send().await.expect("the host answers");
    }
    browser.open(&format!("{}/console/inbox", dev.admin)).await;
    browser.until("document.querySelectorAll('.case').length === 2").await;
    browser.click(".case").await;
    browser.until("!!document.querySelector('[data-shortcut=a]') && document.readyState === 'complete'").await;
    shots.take(browser, "console-inbox-waiting").await;
    browser.click("[data-shortcut=a]").await;
    browser.until("!!document.querySelector('#reply-text')").await;
    browser.value("document.querySelector('#reply-text').focus()").await;
    browser.press("Hi, this is Bia. What is it about?").await;
    browser.press_with("\u{e009}", key::ENTER).await;
    browser.until("document.querySelectorAll('.said.agent').length === 1").await;
    shots.take(browser, "console-inbox-answering").await;
    browser.open(&format!("{}/console/conversations", dev.admin)).await;
    browser.until("document.querySelectorAll('[data-row]').length > 0").await;
    browser.value("document.querySelector('[data-row] a, a[data-row]').click()").await;
    browser.until("location.pathname.split('/').length > 3 && document.readyState === 'complete'").await;
    browser
        .value("document.querySelectorAll('main details').forEach((turn, place) => (turn.open = place === 0))")
        .await;
    shots.take(browser, "console-conversation").await;
    browser.open(&format!("{}/console/analytics", dev.admin)).await;
    browser.until("!!document.querySelector('.chart.days')").await;
    shots.take(browser, "console-analytics-counted").await;
}

async fn say(browser: &Browser, text: &str, replies: usize) {
    browser.value("document.getElementById('text').focus()").await;
    browser.press(text).await;
    browser.press(key::ENTER).await;
    let arrived = format!("document.querySelectorAll('.line:not(.mine):not(.typing)').length === {replies}");
    browser.until(&arrived).await;
}
