//! `turnwise test --stdio`: stdout belongs to the protocol, so everything there is to say is in its last line.

use std::fmt::Write as _;
use std::io::{stdin, stdout};

use tokio::time::Instant;

use super::find::Transcript;
use super::report::{Played, as_text, counts, summary};
use super::{FAILED, play_one, wrong_use};
use crate::transcript::stdio::{End, Stdio};

/// What came of each, all said; or the exit code.
pub(super) fn run(transcripts: &[Transcript]) -> Result<Vec<Played>, u8> {
    let mut other = Stdio::new(stdin().lock(), stdout().lock());
    let mut all = Vec::new();
    for transcript in transcripts {
        let before = other.turns();
        let began = Instant::now();
        let came = play_one(transcript, &mut other, false);
        match other.end() {
            None => {}
            Some(End::Closed) => return Err(FAILED),
            Some(End::Garbage(what)) => {
                let mistake = format!("{}: {what}", transcript.name);
                let (passed, failed) = counts(&all);
                other.done(passed, failed + 1, &format!("error: {mistake}\n"));
                return Err(wrong_use(&mistake));
            }
        }
        let (name, turns) = (transcript.name.clone(), other.turns() - before);
        all.push(Played { name, turns, took: began.elapsed(), came });
    }
    let mut report = String::new();
    for played in all.iter().filter(|played| !played.passed()) {
        report += &as_text(played);
    }
    // Writing to a String cannot fail.
    let _ = writeln!(report, "{}", summary(&all));
    let (passed, failed) = counts(&all);
    other.done(passed, failed, &report);
    Ok(all)
}
