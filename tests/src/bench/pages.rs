//! How soon the console's pages are there, in a real browser: what is transferred, and until the first paint.

use super::figure::Figure;
use crate::{Browser, Dev};

const PAGES: [&str; 9] = [
    "inbox",
    "conversations",
    "simulator?plugin=menu",
    "graph?bot=menu",
    "plugins",
    "outbox",
    "analytics",
    "setup",
    "people",
];

/// Everything that the page made the browser fetch, itself included, in bytes as transferred.
const TRANSFERRED: &str = "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]\
                           .reduce((sum, entry) => sum + entry.transferSize, 0)";
/// In milliseconds from asking for the page.
const FIRST_PAINT: &str = "performance.getEntriesByName('first-contentful-paint')[0].startTime";

/// None where there is no browser.
pub(super) async fn measure() -> Vec<Figure> {
    let Some(browser) = Browser::start().await else { return Vec::new() };
    let dev = Dev::start().await;
    browser.open(&dev.console().await).await;
    let (mut largest, mut slowest) = (0.0_f64, 0.0_f64);
    for page in PAGES {
        browser.open(&format!("{}/console/{page}", dev.admin)).await;
        browser.until("performance.getEntriesByName('first-contentful-paint').length > 0").await;
        largest = largest.max(browser.value(TRANSFERRED).await.as_f64().unwrap_or_default());
        slowest = slowest.max(browser.value(FIRST_PAINT).await.as_f64().unwrap_or_default());
    }
    vec![
        Figure::new("pages: the most that one transfers", largest / 1024.0, "KiB", Some(150.0)),
        Figure::new("pages: the latest first paint", slowest, "ms", Some(500.0)),
    ]
}
