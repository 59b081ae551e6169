//! `turnwise dev`, as someone who has just built it runs it.

use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

use crate::host::{address, collect, signal};
use crate::{PATIENCE, binary, example_plugins, until};

/// A running `turnwise dev` on free ports. Killed when dropped; its data goes with it.
pub struct Dev {
    /// Where its sandbox is: the page, and Braze's API with the key `dev`.
    pub sandbox: String,
    /// Where webhooks arrive; the token is `dev`.
    pub public: String,
    /// Where the console and the operators' API are.
    pub admin: String,
    pub http: reqwest::Client,
    child: Child,
    printed: Arc<Mutex<String>>,
    log: Arc<Mutex<String>>,
    _data: TempDir,
    _reading: JoinSet<()>,
}

impl Dev {
    /// With the example plugins, as they are built.
    pub async fn start() -> Self {
        Self::start_at("127.0.0.1:0").await
    }

    /// With one of the example plugins as the bot that answers.
    pub async fn start_with_bot(bot: &str) -> Self {
        let data = tempfile::tempdir().expect("a temporary folder");
        let mut command = command(data.path(), "127.0.0.1:0", &example_plugins());
        command.args(["--no-build", "--bot", bot]);
        Self::run(data, command).await
    }

    /// With its sandbox at a given address.
    pub async fn start_at(sandbox: &str) -> Self {
        let data = tempfile::tempdir().expect("a temporary folder");
        let mut command = command(data.path(), sandbox, &example_plugins());
        command.arg("--no-build");
        Self::run(data, command).await
    }

    /// With the plugins of another folder, whose sources it builds and watches; `target_dir` is cargo's.
    pub async fn building(plugins: &Path, bot: &str, target_dir: &Path) -> Self {
        let data = tempfile::tempdir().expect("a temporary folder");
        let mut command = command(data.path(), "127.0.0.1:0", plugins);
        command.args(["--bot", bot]).env("CARGO_TARGET_DIR", target_dir);
        Self::run(data, command).await
    }

    async fn run(data: TempDir, mut command: Command) -> Self {
        let mut child = command.spawn().expect("the binary starts");
        let [printed, log] = [(); 2].map(|()| Arc::new(Mutex::new(String::new())));
        let mut reading = JoinSet::new();
        reading.spawn(collect(child.stdout.take().expect("piped"), Arc::clone(&printed)));
        reading.spawn(collect(child.stderr.take().expect("piped"), Arc::clone(&log)));
        let (sandbox, public, admin) = until("its addresses", || {
            if let Some(status) = child.try_wait().expect("the child can be asked") {
                panic!("dev ended with {status}: {}", log.lock().expect("the log"));
            }
            let printed = printed.lock().expect("the output");
            let all =
                || Some((address(&printed, "sandbox")?, address(&printed, "public")?, address(&printed, "admin")?));
            std::future::ready(all())
        })
        .await;
        let http = reqwest::Client::new();
        Self { sandbox, public, admin, http, child, printed, log, _data: data, _reading: reading }
    }

    /// The link that opens the console, signed in.
    pub async fn console(&self) -> String {
        let link = || {
            let printed = self.printed.lock().expect("the output").clone();
            printed.split_whitespace().find(|word| word.contains("/console/welcome?key=")).map(ToOwned::to_owned)
        };
        until("the console's link", || std::future::ready(link())).await
    }

    /// What it has logged so far, and what the tools it ran said.
    #[must_use]
    pub fn log(&self) -> String {
        self.log.lock().expect("the log").clone()
    }

    /// As Ctrl-C does; returns what it logged.
    pub async fn stop(mut self) -> String {
        signal(self.child.id().expect("it runs"), "TERM").await;
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("it ends in time");
        let log = self.log();
        assert!(ended.expect("the child can be asked").success(), "{log}");
        log
    }

    /// `kill -9`
    pub async fn kill(mut self) {
        self.child.kill().await.expect("it can be killed");
    }
}

fn command(data: &Path, sandbox: &str, plugins: &Path) -> Command {
    let mut command = Command::new(binary());
    command.args(["dev", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--sandbox", sandbox]);
    command.arg("--plugins").arg(plugins).arg("--data").arg(data);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}
