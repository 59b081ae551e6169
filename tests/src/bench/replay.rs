//! `turnwise replay` over recorded turns of the menu, as its own process: reading, running and comparing.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use super::{Row, repository};
use crate::binary;
use crate::recorded::{as_lines, menu_turns, write_changed_menu};

/// As the table has them.
pub(super) const NAME: &str = "turnwise replay, menu";
pub(super) const CHANGED_NAME: &str = "turnwise replay, menu against another";

/// Enough that starting and compiling do not show.
const TURNS: usize = 50_000;

/// A file of recorded turns, and the menu that would answer some of them differently.
pub(super) struct ReplayBench {
    turns: PathBuf,
    changed: PathBuf,
}

impl ReplayBench {
    pub(super) async fn prepare(folder: &Path) -> std::io::Result<Self> {
        let (turns, changed) = (folder.join("turns.jsonl"), folder.join("menu.wasm"));
        // The player has a runtime of its own.
        let lines = tokio::task::spawn_blocking(|| as_lines(&menu_turns(TURNS))).await;
        std::fs::write(&turns, lines.map_err(std::io::Error::other)?)?;
        write_changed_menu(&changed);
        Ok(Self { turns, changed })
    }

    /// Each way once, from the start of the process to its end.
    pub(super) fn measure(&self) -> std::io::Result<Vec<Row>> {
        let menu = repository().join("plugins/menu.wasm");
        Ok(vec![self.run(NAME, 0, "--plugin", &menu)?, self.run(CHANGED_NAME, 1, "--against", &self.changed)?])
    }

    #[expect(clippy::disallowed_methods, reason = "it measures time")]
    fn run(&self, what: &str, code: i32, option: &str, plugin: &Path) -> std::io::Result<Row> {
        let mut command = Command::new(binary());
        command.args(["replay", "--brief", "--journal"]).arg(&self.turns).arg(option).arg(plugin);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let began = Instant::now();
        let status = command.status()?;
        let took = began.elapsed();
        if status.code() != Some(code) {
            return Err(std::io::Error::other(format!("`{command:?}` ended with {status}")));
        }
        let per_second = Some(TURNS as f64 / took.as_secs_f64());
        Ok(Row { what: what.into(), in_flight: 1, per_second, ..Row::default() })
    }
}
