//! How fast transcripts are played: `turnwise test`, the menu's, again and again in one process.

use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::{Row, repository};
use crate::binary;

pub(super) const NAME: &str = "turnwise test, menu's transcripts";

/// How often one process plays them, so that the figure is of turns and not of reading files for the first time.
const TIMES: usize = 50;

/// Runs the command until the span is over, at least once. Loading the plugin is not counted, as in what the command prints.
pub(super) fn measure(span: Duration) -> std::io::Result<Row> {
    let (mut turns, mut seconds) = (0, 0.0);
    while seconds < span.as_secs_f64() {
        let mut command = Command::new(binary());
        command.args(["test", "--json"]).args(["plugins/menu/tests"; TIMES]).current_dir(repository());
        let output = command.output()?;
        if !output.status.success() {
            return Err(std::io::Error::other("the menu does not pass its transcripts: `make plugins` builds it"));
        }
        let told: Value = serde_json::from_slice(&output.stdout)?;
        turns += told["turns"].as_u64().unwrap_or_default();
        // Never none, or this would not end.
        seconds += told["seconds"].as_f64().unwrap_or(span.as_secs_f64());
    }
    // Far fewer turns are played than a float counts exactly.
    let per_second = turns as f64 / seconds;
    Ok(Row { what: NAME.into(), in_flight: 1, per_second: Some(per_second), ..Row::default() })
}
