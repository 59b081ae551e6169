//! What the disk itself can do: 4 KiB made durable, one after another.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use super::Row;
use super::stats::Durations;

const BLOCK: [u8; 4096] = [0x5a; 4096];
/// Overwritten from its start over and over; large enough that no block is hot.
const PREALLOCATED_BLOCKS: u64 = 16 * 1024;

/// Appends to a growing file, then overwrites one that has its size already.
pub(super) fn measure(folder: &Path, span: Duration) -> std::io::Result<Vec<Row>> {
    let mut growing = File::create(folder.join("growing"))?;
    let appended = repeat(&mut growing, u64::MAX, span)?;

    let mut preallocated = File::create(folder.join("preallocated"))?;
    for _ in 0..PREALLOCATED_BLOCKS {
        preallocated.write_all(&BLOCK)?;
    }
    preallocated.sync_all()?;
    let overwritten = repeat(&mut preallocated, PREALLOCATED_BLOCKS, span)?;
    Ok(vec![row("fdatasync, 4 KiB appended", appended), row("fdatasync, 4 KiB overwritten", overwritten)])
}

#[expect(clippy::disallowed_methods, reason = "it measures time")]
fn repeat(file: &mut File, blocks: u64, span: Duration) -> std::io::Result<(Durations, Duration)> {
    let mut took = Durations::default();
    let started = Instant::now();
    let mut block = 0;
    while started.elapsed() < span {
        if block % blocks == 0 {
            file.seek(SeekFrom::Start(0))?;
        }
        block += 1;
        let before = Instant::now();
        file.write_all(&BLOCK)?;
        file.sync_data()?;
        took.add(before.elapsed());
    }
    Ok((took, started.elapsed()))
}

fn row(what: &str, (took, span): (Durations, Duration)) -> Row {
    let per_second = took.len() as f64 / span.as_secs_f64();
    let ack = took.percentiles();
    Row { what: what.into(), in_flight: 1, per_second: Some(per_second), ack: Some(ack), ..Row::default() }
}
