//! Row G10 of the fault matrix: whatever becomes of a plugin's file while turns are served, what serves is always one whole
//! version, and in the end the one that is there. Real files, the real watcher, real instances.

mod faults;
mod patterns;
mod storms;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tempfile::TempDir;
use tokio::task::JoinSet;
use tracing_subscriber::fmt::MakeWriter;

use super::guest::handling_with;
use super::{context, message};
use crate::clock::SystemClock;
use crate::config;
use crate::conversation::NextState;
use crate::plugins::{Compiling, Folder, Plugins, Standing};

/// How long anything may take on a machine that does much else. Only a failing test waits this long.
const PATIENCE: Duration = Duration::from_secs(60);

/// A plugin whose every decision makes this word the state.
fn saying(word: &str) -> Vec<u8> {
    handling_with("", &deciding(word, ""), &format!("(data (i32.const 2048) \"{word}\")"))
}

/// The body of `handle`: something first, then that decision.
fn deciding(word: &str, first: &str) -> String {
    let stores = [(1028, 1), (1032, 2048), (1036, word.len())];
    let stores: String =
        stores.iter().map(|(at, value)| format!("(i32.store (i32.const {at}) (i32.const {value}))")).collect();
    format!("{first} {stores} (i32.const 1024)")
}

/// A folder of plugins that is watched while this lives.
struct World {
    dir: TempDir,
    plugins: Arc<Plugins>,
    log: Log,
    _watching: JoinSet<()>,
    _logging: tracing::subscriber::DefaultGuard,
}

impl World {
    /// Opens the folder after it has been furnished.
    async fn of(furnish: impl FnOnce(&Path)) -> Self {
        Self::configured(furnish, |dir| config::Plugins { dir: dir.to_owned(), cache: None, named: BTreeMap::new() })
            .await
    }

    async fn configured(furnish: impl FnOnce(&Path), config: impl FnOnce(&Path) -> config::Plugins) -> Self {
        let log = Log::default();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(log.clone()).finish();
        let logging = tracing::subscriber::set_default(subscriber);
        let dir = tempfile::tempdir().expect("a folder");
        furnish(dir.path());
        let folder =
            Folder::open(config(dir.path()), Compiling::default(), Arc::new(SystemClock)).await.expect("an engine");
        let plugins = folder.plugins();
        let mut watching = JoinSet::new();
        watching.spawn(folder.watch(std::future::pending()));
        Self { dir, plugins, log, _watching: watching, _logging: logging }
    }

    /// With one bot that says `one`.
    async fn serving() -> Self {
        let world = Self::of(|dir| fs::write(dir.join("bot.wasm"), saying("one")).expect("a file")).await;
        assert_eq!(world.answer().await, "one");
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn file(&self) -> PathBuf {
        self.path("bot.wasm")
    }

    /// What the bot says now; a turn that fails is a failed test.
    async fn answer(&self) -> String {
        self.answer_of("bot").await
    }

    async fn answer_of(&self, bot: &str) -> String {
        match self.plugins.decide(bot, &context(), None, &message("hi")).await.outcome {
            Ok(decision) => match decision.state {
                NextState::Replace(word) => word,
                other => panic!("{other:?}"),
            },
            Err(failure) => panic!("{failure}"),
        }
    }

    fn standing(&self, bot: &str) -> Standing {
        self.plugins.standings().remove(bot).unwrap_or_default()
    }

    fn problem(&self) -> Option<String> {
        self.standing("bot").problem
    }

    /// Waits for a condition, under turns that must not fail.
    async fn until(&self, what: &str, condition: impl Fn(&Self) -> bool) {
        let waiting = async {
            while !condition(self) {
                if self.plugins.get("bot").is_some() {
                    self.answer().await;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, waiting).await;
        assert!(waited.is_ok(), "waited in vain for {what}; {:?}\n{}", self.problem(), self.log.text());
    }

    /// Waits until this word is what the bot says and nothing is wrong with its file.
    async fn says(&self, word: &str) {
        let waiting = async {
            while self.answer().await != word || self.problem().is_some() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, waiting).await;
        assert!(waited.is_ok(), "waited in vain for {word}; {:?}\n{}", self.problem(), self.log.text());
    }

    /// Waits for a problem with these words.
    async fn refuses(&self, words: &str) {
        self.until(words, |world| world.problem().is_some_and(|problem| problem.contains(words))).await;
    }

    /// Waits until every file has been looked at some more times: what would be said again is said by then.
    async fn looked_again(&self) {
        for round in ["first", "second"] {
            fs::write(self.path("witness.new"), saying(round)).expect("a file");
            fs::rename(self.path("witness.new"), self.path("witness.wasm")).expect("renamed");
            let digest = crate::plugins::look::read_once(&self.path("witness.wasm")).expect("it can be read").digest;
            self.until("the witness", |world| {
                world.plugins.get("witness").is_some_and(|witness| witness.digest == digest)
            })
            .await;
        }
    }

    /// Lines of the log about this bot that have these words.
    fn logged(&self, words: &str) -> usize {
        let about = |line: &&str| line.contains("plugin=\"bot\"") && line.contains(words);
        self.log.text().lines().filter(about).count()
    }
}

/// What is logged on this test's thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().expect("nobody panics with it")
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.bytes().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Puts the bytes into the place of a file in one step.
fn replace(file: &Path, bytes: &[u8]) {
    let beside = file.with_extension("new");
    fs::write(&beside, bytes).and_then(|()| fs::rename(&beside, file)).expect("the file can be replaced");
}

/// Makes a link lead elsewhere in one step.
fn relink(link: &Path, target: impl AsRef<Path>) {
    let beside = link.with_file_name("beside");
    std::os::unix::fs::symlink(target, &beside).and_then(|()| fs::rename(&beside, link)).expect("a link");
}
