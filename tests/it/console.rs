//! The console's shell and its pages in a real browser, with the real `turnwise dev` behind it.

use turnwise_tests::{Browser, Dev, key};

/// The paths of all places.
const PLACES: [&str; 8] = ["inbox", "conversations", "simulator", "graph", "plugins", "outbox", "analytics", "setup"];

async fn visit(width: u32, height: u32, path: &str) -> Option<(Browser, Dev)> {
    let browser = Browser::start().await?;
    let dev = Dev::start().await;
    browser.resize(width, height).await;
    browser.open(&dev.console().await).await;
    open(&browser, &dev, path).await;
    Some((browser, dev))
}

async fn open(browser: &Browser, dev: &Dev, path: &str) {
    browser.open(&format!("{}/console/{path}", dev.admin)).await;
    browser.until("!!document.querySelector('main h1')").await;
}

/// Nothing failed or was kept from running, and nothing came from elsewhere.
async fn is_clean(browser: &Browser, dev: &Dev) {
    assert_eq!(browser.console().await, [""; 0], "the console of the browser is empty");
    let asked = browser.addresses_asked().await;
    assert!(asked.iter().any(|url| url.ends_with(".js")), "requests are seen: {asked:?}");
    assert!(asked.iter().all(|url| url.starts_with(&dev.admin)), "everything is the host's own: {asked:?}");
}

/// A webhook that cannot be read.
async fn quarantine(dev: &Dev, body: &str) {
    let call = dev.http.post(format!("{}/v1/inbound/whatsapp", dev.public)).bearer_auth("dev").body(body.to_owned());
    assert_eq!(call.send().await.expect("the host answers").status(), 202);
}

#[tokio::test]
async fn every_place_is_reached_with_the_keyboard() {
    let Some((browser, dev)) = visit(1280, 860, "inbox").await else { return };
    for (keys, path) in [("gp", "plugins"), ("go", "outbox"), ("gg", "graph"), ("gs", "simulator"), ("gu", "setup")] {
        browser.value("document.activeElement.blur()").await;
        browser.press(keys).await;
        browser.until(&format!("location.pathname === '/console/{path}' && !!document.querySelector('main h1')")).await;
        browser.until("document.readyState === 'complete'").await;
    }
    browser.press("?").await;
    browser.until("document.getElementById('keys').open").await;
    browser.press(key::ESCAPE).await;
    browser.until("!document.getElementById('keys').open").await;

    browser.press("gp").await;
    browser.until("document.querySelectorAll('[data-row]').length > 1 && document.readyState === 'complete'").await;
    let at = "[...document.querySelectorAll('[data-row]')].findIndex((row) => row.contains(document.activeElement))";
    for (key, place) in [("j", 0), ("j", 1), ("k", 0), ("k", 0)] {
        browser.press(key).await;
        assert_eq!(browser.value(at).await, place, "{key}");
    }
    browser.press(key::ENTER).await;
    browser.until("location.pathname === '/console/graph'").await;
    is_clean(&browser, &dev).await;
}

#[tokio::test]
async fn a_page_changes_by_itself_and_keeps_what_somebody_does_on_it() {
    let Some((browser, dev)) = visit(1280, 860, "outbox?show=quarantine").await else { return };
    browser.until("document.querySelector('#rows h2').innerText === 'Every webhook was understood'").await;
    browser.value("window.marker = 1").await;
    quarantine(&dev, "<img src=x onerror=\"document.title='pwned'\"><b id=pwned>bold</b>").await;
    browser.until("document.querySelectorAll('#rows [data-row]').length === 1").await;
    browser.value("document.querySelector('#rows a').focus()").await;
    quarantine(&dev, "second").await;
    browser.until("document.querySelectorAll('#rows [data-row]').length === 2").await;
    assert_eq!(browser.value("window.marker").await, 1, "the page was not loaded again");
    browser.until("document.querySelector('.figure.warn b').innerText === '2'").await;
    let kept = "document.activeElement.innerText === 'whatsapp' && document.activeElement.closest('[data-row]').innerText.includes('onerror')";
    assert_eq!(browser.value(kept).await, true, "the focus stays on its row, which is the second now");
    assert_eq!(browser.value("document.getElementById('pwned')").await, serde_json::Value::Null);
    assert_eq!(browser.value("document.title").await, "Outbox · Turnwise");
    is_clean(&browser, &dev).await;
}

#[tokio::test]
async fn a_form_is_sent_without_leaving_the_page_and_says_why_it_was_refused() {
    let Some((browser, dev)) = visit(1280, 860, "inbox").await else { return };
    quarantine(&dev, "no object").await;
    open(&browser, &dev, "outbox?show=quarantine").await;
    browser.click("#rows a").await;
    browser.until("!!document.querySelector('textarea')").await;
    browser.value("window.marker = 1").await;
    browser.click("form .button.primary").await;
    browser.until("document.querySelector('.form-error').innerText.includes('still cannot be read')").await;
    assert_eq!(browser.value("document.querySelector('textarea').value").await, "no object", "nothing typed is lost");
    browser
        .value("document.querySelector('textarea').value = JSON.stringify({ user_id: 'u1', message: 'hello' })")
        .await;
    browser.click("form .button.primary").await;
    browser.until("document.querySelector('#flash').innerText.includes('in the inbox')").await;
    assert_eq!(browser.value("location.search").await, "?show=quarantine");
    assert_eq!(browser.value("window.marker").await, 1, "the page was not loaded again");
    // The refusal itself is no fault of the page.
    let said = browser.console().await;
    assert!(said.iter().all(|line| line.contains("400")), "{said:?}");
}

#[tokio::test]
async fn the_simulator_talks_turns_its_clock_and_forgets() {
    let Some((browser, dev)) = visit(1280, 860, "simulator?plugin=menu").await else { return };
    browser.until("document.activeElement.matches('textarea')").await;
    browser.press("hello").await;
    browser.press(key::ENTER).await;
    browser.until("document.querySelectorAll('.choices button').length === 3").await;
    assert_eq!(browser.value("document.querySelector('textarea').value").await, "");
    assert_eq!(browser.value("document.activeElement.matches('textarea')").await, true, "one goes on typing");
    browser.click(".choices button").await;
    browser.until("document.querySelectorAll('.bubble.bot').length === 2").await;
    let day = browser.text(".clock").await;
    browser.click("button[value='1d']").await;
    browser.until(&format!("document.querySelector('.clock').innerText !== {day:?}")).await;
    browser.click("button[value=reset]").await;
    browser.until("document.querySelectorAll('.bubble').length === 0").await;
    is_clean(&browser, &dev).await;
}

#[tokio::test]
async fn every_place_fits_a_phone() {
    let Some((browser, dev)) = visit(390, 844, "inbox").await else { return };
    for place in PLACES {
        open(&browser, &dev, place).await;
        let wide = browser.value("document.documentElement.scrollWidth").await;
        assert_eq!(wide, 390, "{place} is as wide as the phone");
        let nav = browser.value("document.querySelector('.nav').getBoundingClientRect().bottom").await;
        assert_eq!(nav, 844, "the places are at the bottom");
    }
    browser.click(".more summary").await;
    browser.click(".sheet a[href='/console/outbox']").await;
    browser.until("location.pathname === '/console/outbox'").await;
    is_clean(&browser, &dev).await;
}

#[tokio::test]
async fn a_host_stops_although_somebody_looks() {
    let Some((browser, dev)) = visit(1280, 860, "plugins").await else { return };
    browser
        .until("performance.getEntriesByType('resource').some((entry) => entry.name.includes('/console/plugins'))")
        .await;
    let log = dev.stop().await;
    assert!(!log.contains("drain timeout"), "{log}");
    browser.until("document.body.classList.contains('offline')").await;
}
