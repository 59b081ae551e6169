//! The real binary: configured in a folder of its own, started, watched, killed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

use crate::sandbox::{API_KEY, TOKEN};
use crate::{Stored, TestSandbox, binary, example_plugins, until};

/// What a host under test is configured with.
#[derive(Clone, Debug)]
pub struct HostOptions {
    pub bot: String,
    /// Where the plugins are.
    pub plugins: PathBuf,
    /// `[braze]` endpoint in place of the sandbox.
    pub endpoint: Option<String>,
    /// Appended to the configuration.
    pub more: String,
    /// Lines inside `[server]`, `[braze]` and `[braze.campaigns.reply]`.
    pub server: String,
    pub braze: String,
    pub reply: String,
    pub environment: BTreeMap<String, String>,
}

impl Default for HostOptions {
    fn default() -> Self {
        Self {
            bot: "menu".into(),
            plugins: example_plugins(),
            endpoint: None,
            more: String::new(),
            server: String::new(),
            braze: String::new(),
            reply: "buttons = true".into(),
            environment: BTreeMap::new(),
        }
    }
}

/// A running `turnwise serve`. Killed when dropped; its folder goes with it.
pub struct Host {
    pub public: String,
    pub admin: String,
    pub folder: Arc<TempDir>,
    options: HostOptions,
    child: Child,
    log: Arc<Mutex<String>>,
    printed: Arc<Mutex<String>>,
    reading: JoinSet<()>,
}

impl Host {
    /// Starts a host on a new database, and tells the sandbox to deliver to it.
    pub async fn start(sandbox: &TestSandbox, options: HostOptions) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a temporary folder"));
        Self::start_in(folder, sandbox, options).await
    }

    /// Starts a host on the database of an earlier one.
    pub async fn restart(self, sandbox: &TestSandbox) -> Self {
        let options = self.options.clone();
        let folder = self.kill().await;
        Self::start_in(folder, sandbox, options).await
    }

    /// Starts a host in a folder that may hold a database.
    pub async fn start_in(folder: Arc<TempDir>, sandbox: &TestSandbox, options: HostOptions) -> Self {
        let config = write_config(folder.path(), &sandbox.url, &options);
        let mut child = command(&config, &options).spawn().expect("the binary starts");
        let log = Arc::new(Mutex::new(String::new()));
        let printed = Arc::new(Mutex::new(String::new()));
        let mut reading = JoinSet::new();
        reading.spawn(collect(child.stderr.take().expect("piped"), Arc::clone(&log)));
        reading.spawn(collect(child.stdout.take().expect("piped"), Arc::clone(&printed)));

        let (public, admin) = until("the host's addresses", || {
            if let Some(status) = child.try_wait().expect("the child can be asked") {
                panic!("the host ended with {status}: {}", log.lock().expect("the log"));
            }
            let printed = printed.lock().expect("the output").clone();
            std::future::ready(address(&printed, "public").zip(address(&printed, "admin")))
        })
        .await;
        sandbox.deliver_to(&format!("{public}/v1/inbound/whatsapp"));
        sandbox.deliver_desk_to(&format!("{public}/v1/desk/chatwoot"));
        Self { public, admin, folder, options, child, log, printed, reading }
    }

    /// What commands on this machine show it: somebody who may do everything.
    #[must_use]
    pub fn token(&self) -> String {
        let file = self.folder.path().join("data/turnwise.token");
        std::fs::read_to_string(file).expect("a running host has a token").trim().to_owned()
    }

    /// A request to its admin listener, with that token.
    pub fn ask(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        reqwest::Client::new().request(method, format!("{}{path}", self.admin)).bearer_auth(self.token())
    }

    /// Everything it printed so far.
    #[must_use]
    pub fn printed(&self) -> String {
        self.printed.lock().expect("the output").clone()
    }

    /// Everything it logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        self.log.lock().expect("the log").clone()
    }

    /// Where the process is, for signals.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// `kill -9`
    pub async fn kill(mut self) -> Arc<TempDir> {
        self.child.kill().await.expect("it can be killed");
        self.folder
    }

    /// SIGTERM; returns how it ended and what it logged.
    pub async fn terminate(mut self) -> (ExitStatus, String) {
        signal(self.pid(), "TERM").await;
        let status = tokio::time::timeout(crate::PATIENCE, self.child.wait()).await;
        let status = status.expect("the host drains in time").expect("it can be waited for");
        while self.reading.join_next().await.is_some() {}
        (status, self.log())
    }

    /// SIGTERM, and what is in the database after a clean end.
    pub async fn stop(self) -> Stored {
        let folder = Arc::clone(&self.folder);
        let (status, log) = self.terminate().await;
        assert!(status.success(), "{status}: {log}");
        Stored::read(folder.path()).await
    }

    /// Waits until the log has this many lines with these words.
    pub async fn logged(&self, words: &str, count: usize) {
        let what = format!("{count} lines with {words}");
        until(&what, || async {
            let lines = self.log().lines().filter(|line| line.contains(words)).count();
            (lines >= count).then_some(())
        })
        .await;
    }

    /// Waits for it to end by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        let status = tokio::time::timeout(crate::PATIENCE, self.child.wait()).await;
        status.expect("the host ends in time").expect("it can be waited for")
    }
}

/// Writes a configuration that a person could have written; secrets come from the environment.
pub fn write_config(folder: &Path, sandbox: &str, options: &HostOptions) -> PathBuf {
    let HostOptions { bot, plugins, endpoint, more, server, braze, reply, .. } = options;
    let endpoint = endpoint.as_deref().unwrap_or(sandbox);
    let mut text = String::new();
    write!(
        text,
        r#"[server]
listen = "127.0.0.1:0"
admin = "127.0.0.1:0"
{server}
[storage]
url = "redb:data/turnwise.redb"

[braze]
endpoint = "{endpoint}"
api_key = "env:BRAZE_API_KEY"
{braze}
[braze.campaigns.reply]
id = "reply-campaign"
{reply}
[sources.whatsapp]
bot = "{bot}"
tokens = ["env:WEBHOOK_TOKEN"]

[plugins]
dir = "{}"

{more}
"#,
        plugins.display()
    )
    .expect("a string can be written to");
    let file = folder.join("turnwise.toml");
    std::fs::write(&file, text).expect("the configuration can be written");
    file
}

/// `turnwise serve` with its secrets, ready to start.
pub fn command(config: &Path, options: &HostOptions) -> Command {
    let mut command = Command::new(binary());
    command.arg("serve").arg("--config").arg(config);
    command.env("BRAZE_API_KEY", API_KEY).env("WEBHOOK_TOKEN", TOKEN).envs(&options.environment);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// Sends a signal by its name, e.g. "TERM".
pub async fn signal(pid: u32, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status().await;
    assert!(sent.expect("kill runs").success());
}

pub(crate) fn address(printed: &str, name: &str) -> Option<String> {
    let line = printed.lines().find(|line| line.trim_start().starts_with(name))?;
    line.split_whitespace().find(|word| word.starts_with("http://")).map(ToOwned::to_owned)
}

pub(crate) async fn collect(output: impl AsyncRead + Unpin, into: Arc<Mutex<String>>) {
    let mut lines = BufReader::new(output).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let mut into = into.lock().expect("the log");
        into.push_str(&line);
        into.push('\n');
    }
}
