//! A real browser, driven over WebDriver: JSON over HTTP to a `chromedriver` of its own.
//!
//! Tests look at what a person sees and press what a person presses; [`Browser::until`] waits for it to be there.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::process::Stdio;
use std::sync::Once;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::{PATIENCE, until};

/// The flags of a browser that draws nothing on a screen and calls nobody.
const FLAGS: [&str; 8] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// How long a browser may take to close before it is killed.
const CLOSE_PATIENCE: Duration = Duration::from_secs(5);

/// WebDriver's key of an element in JSON.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Keys that are no characters, as WebDriver names them.
pub mod key {
    pub const TAB: &str = "\u{e004}";
    pub const ENTER: &str = "\u{e007}";
    pub const SHIFT: &str = "\u{e008}";
    pub const ESCAPE: &str = "\u{e00c}";
    pub const DOWN: &str = "\u{e015}";
}

/// One browser with a profile of its own; both end with it.
pub struct Browser {
    http: reqwest::Client,
    session: String,
    /// The browser's process, which a killed driver would leave behind.
    browser_pid: u64,
    _driver: Child,
    _driver_output: BufReader<ChildStdout>,
    _profile: TempDir,
}

impl Browser {
    /// None where no browser is installed, which one line on stderr says; in CI that is a failure.
    pub async fn start() -> Option<Self> {
        let mut driver = Command::new("chromedriver");
        driver.arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut driver = match driver.spawn() {
            Ok(driver) => driver,
            Err(error) => {
                let in_ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
                assert!(!in_ci, "the tests in a browser need chromedriver (tests/setup.sh installs it): {error}");
                say_skipped();
                return None;
            }
        };
        let mut output = BufReader::new(driver.stdout.take().expect("piped"));
        let port = timeout(PATIENCE, port(&mut output)).await.expect("chromedriver starts in time");

        let profile = tempfile::tempdir().expect("a temporary folder");
        let mut flags: Vec<String> = FLAGS.map(ToOwned::to_owned).into();
        flags.push(format!("--user-data-dir={}", profile.path().display()));
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": { "args": flags },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
            "unhandledPromptBehavior": "ignore",
        } } });
        let http = reqwest::Client::new();
        let driver_url = format!("http://127.0.0.1:{port}/session");
        let session = exchange(http.post(&driver_url).body(wanted.to_string())).await.expect("a browser starts");
        let id = session["sessionId"].as_str().expect("a session has an id");
        let browser_pid = session["capabilities"]["goog:processID"].as_u64().expect("chromedriver says it");
        let session = format!("{driver_url}/{id}");
        let browser = Self { http, session, browser_pid, _driver: driver, _driver_output: output, _profile: profile };
        // What its own first page asked for is nobody's business.
        browser.open("about:blank").await;
        browser.addresses_asked().await;
        Some(browser)
    }

    /// Opens a page and waits until it is loaded.
    pub async fn open(&self, url: &str) {
        self.post("/url", json!({ "url": url })).await;
    }

    /// As on a screen of this many CSS pixels.
    pub async fn resize(&self, width: u32, height: u32) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// `light` or `dark`, as if the system were set to it.
    pub async fn prefer(&self, scheme: &str) {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.devtools("Emulation.setEmulatedMedia", features).await;
    }

    /// The value of a JavaScript expression.
    ///
    /// # Panics
    /// Where the expression throws.
    pub async fn value(&self, expression: &str) -> Value {
        self.post("/execute/sync", json!({ "script": format!("return ({expression});"), "args": [] })).await
    }

    /// Waits until a JavaScript expression is true.
    ///
    /// # Panics
    /// After [`PATIENCE`], with what the page said in the meantime.
    pub async fn until(&self, expression: &str) {
        // What is not there yet throws; that is one more reason to wait.
        let script = format!("try {{ return {expression}; }} catch {{ return false; }}");
        let ask = || self.post("/execute/sync", json!({ "script": script, "args": [] }));
        let met = until(expression, || async { ask().await.as_bool().filter(|met| *met) });
        tokio::select! {
            _ = met => {}
            () = tokio::time::sleep(PATIENCE.mul_f32(0.9)) => {
                panic!("waited in vain for {expression}\nconsole: {:#?}\npage: {}", self.console().await, self.text("body").await)
            }
        }
    }

    /// What can be read of the first element that matches.
    pub async fn text(&self, selector: &str) -> String {
        let found = self.value(&format!("document.querySelector({}).innerText", json!(selector))).await;
        found.as_str().unwrap_or_default().to_owned()
    }

    /// Clicks where the element is; another element that covers it is a failure.
    pub async fn click(&self, selector: &str) {
        let found = self.post("/element", json!({ "using": "css selector", "value": selector })).await;
        let element = found[ELEMENT].as_str().expect("an element has an id");
        self.post(&format!("/element/{element}/click"), json!({})).await;
    }

    /// Presses and releases each key of the keyboard, wherever the focus is.
    pub async fn press(&self, keys: &str) {
        let strokes =
            keys.chars().flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key })));
        self.keyboard(strokes.collect()).await;
    }

    /// Presses a key while another is held.
    pub async fn press_with(&self, held: &str, key: &str) {
        let strokes = [("keyDown", held), ("keyDown", key), ("keyUp", key), ("keyUp", held)];
        self.keyboard(strokes.map(|(kind, key)| json!({ "type": kind, "value": key })).into()).await;
    }

    /// Answers the question that the page asks with `confirm`.
    pub async fn accept_question(&self) {
        until("a question of the page", || async {
            exchange(self.http.get(format!("{}/alert/text", self.session))).await.ok()
        })
        .await;
        self.post("/alert/accept", json!({})).await;
    }

    /// What the console got since it was last asked: errors, warnings and whatever the page logs.
    pub async fn console(&self) -> Vec<String> {
        let entries = self.log("browser").await;
        entries.iter().map(|entry| format!("{}: {}", entry["level"], entry["message"])).collect()
    }

    /// Every address that was asked for since this was last asked.
    pub async fn addresses_asked(&self) -> Vec<String> {
        let entries = self.log("performance").await;
        let events = entries.iter().filter_map(|entry| serde_json::from_str::<Value>(entry["message"].as_str()?).ok());
        let requests = events.filter(|event| event["message"]["method"] == "Network.requestWillBeSent");
        requests.filter_map(|event| Some(event["message"]["params"]["request"]["url"].as_str()?.to_owned())).collect()
    }

    /// The window as a PNG file, in Base64.
    pub async fn screenshot(&self) -> String {
        let shot = exchange(self.http.get(format!("{}/screenshot", self.session))).await.expect("a screenshot");
        shot.as_str().expect("Base64").to_owned()
    }

    async fn keyboard(&self, strokes: Vec<Value>) {
        let actions = json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": strokes }] });
        self.post("/actions", actions).await;
    }

    async fn devtools(&self, command: &str, params: Value) {
        self.post("/goog/cdp/execute", json!({ "cmd": command, "params": params })).await;
    }

    async fn log(&self, kind: &str) -> Vec<Value> {
        match self.post("/se/log", json!({ "type": kind })).await {
            Value::Array(entries) => entries,
            other => panic!("a log is an array: {other}"),
        }
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let answer = exchange(self.http.post(format!("{}{path}", self.session)).body(body.to_string())).await;
        answer.unwrap_or_else(|problem| panic!("the browser could not do {path} {body}: {problem}"))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Closed in order, so that nothing writes into the profile's folder any more when that is removed.
        if close(&self.session).is_err() {
            // The driver is killed with its handle; its browser is another process.
            let mut kill = std::process::Command::new("kill");
            let _ = kill.args(["-KILL", &self.browser_pid.to_string()]).stderr(Stdio::null()).status();
        }
    }
}

/// Ends a session, in a drop, which cannot wait for a future.
fn close(session: &str) -> io::Result<()> {
    let (host, path) = session.trim_start_matches("http://").split_once('/').unwrap_or_default();
    let mut driver = TcpStream::connect(host)?;
    driver.set_read_timeout(Some(CLOSE_PATIENCE))?;
    write!(driver, "DELETE /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    driver.read_to_end(&mut answer).map(drop)
}

/// chromedriver picks a free port and prints it.
async fn port(output: &mut BufReader<ChildStdout>) -> u16 {
    let mut line = String::new();
    while output.read_line(&mut line).await.expect("chromedriver's output can be read") > 0 {
        if let Some((_, port)) = line.trim_end().trim_end_matches('.').rsplit_once("successfully on port ") {
            return port.parse().expect("a port");
        }
        line.clear();
    }
    panic!("chromedriver ended without saying where it listens");
}

/// One call: the answer's value, or WebDriver's error.
async fn exchange(call: reqwest::RequestBuilder) -> Result<Value, String> {
    let answer = call.timeout(PATIENCE).send().await.map_err(|error| error.to_string())?;
    let fine = answer.status().is_success();
    let body = answer.bytes().await.map_err(|error| error.to_string())?;
    let mut body: Value = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
    if fine {
        Ok(body["value"].take())
    } else {
        Err(format!("{}: {}", body["value"]["error"], body["value"]["message"]))
    }
}

/// Past the test harness, which shows what a test prints only where it fails.
fn say_skipped() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let line = b"\nSKIPPED: the tests in a browser: there is no chromedriver; tests/setup.sh says how to get it\n";
        // Where stderr is closed there is nobody to tell.
        let _ = io::stderr().write_all(line);
    });
}
