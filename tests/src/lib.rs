//! Runs the real `turnwise` binary against the sandbox, for tests and benchmarks.
//!
//! Nothing here waits for time to pass: everything waits for what it needs to see, up to [`PATIENCE`].

#![allow(clippy::disallowed_methods, reason = "tests measure and read their environment")]

pub mod bench;
mod browser;
mod dev;
mod host;
pub mod recorded;
mod sandbox;
mod stored;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use browser::{Browser, key};
pub use dev::Dev;
pub use host::{Host, HostOptions, command, signal, write_config};
pub use sandbox::{API_KEY, TOKEN, TestSandbox};
pub use stored::Stored;

/// How long anything may take on a machine that does much else. Only a failing test waits this long.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The repository's root.
#[must_use]
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is in the repository").into()
}

/// A folder with the bots that most tests talk to. A host compiles every plugin of its folder, and those of all languages take a
/// debug build half a minute.
#[must_use]
pub fn example_plugins() -> PathBuf {
    let folder = repository().join("target/example-plugins");
    std::fs::create_dir_all(&folder).expect("target/ is writable");
    for file in ["menu.wasm", "echo.wasm", "assistant.wasm", "orders.wasm"] {
        let made = std::os::unix::fs::symlink(repository().join("plugins").join(file), folder.join(file));
        // Another test may have made it before.
        assert!(made.is_ok() || folder.join(file).is_file(), "plugins/{file} is missing: `make plugins` builds it");
    }
    folder
}

/// Where cargo put the binaries of this profile.
#[must_use]
pub fn binary() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows where it is");
    let profile = test.ancestors().find(|folder| folder.join("turnwise").is_file());
    profile
        .expect("the binary is built before the tests: `make test` does, or `cargo build -p turnwise`")
        .join("turnwise")
}

/// Asks again and again until there is an answer.
///
/// # Panics
/// After [`PATIENCE`], saying what was waited for.
pub async fn until<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    let waiting = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}
