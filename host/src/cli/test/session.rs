//! `turnwise test --stdio`: stdout belongs to the protocol, so everything there is to say is in its last line.

use std::fmt::Write as _;
use std::io::{stdin, stdout};

use super::find::Transcript;
use super::{FAILED, Played, as_text, counts, problem_of, summary, wrong_use};
use crate::cli::output::FINE;
use crate::transcript::stdio::{End, Stdio};

pub(super) fn run(transcripts: &[Transcript]) -> u8 {
    let mut other = Stdio::new(stdin().lock(), stdout().lock());
    let mut all = Vec::new();
    for transcript in transcripts {
        let before = other.turns();
        let problem = problem_of(transcript, &mut other);
        match other.end() {
            None => {}
            Some(End::Closed) => return FAILED,
            Some(End::Garbage(what)) => {
                let mistake = format!("{}: {what}", transcript.name);
                let (passed, failed) = counts(&all);
                other.done(passed, failed + 1, &format!("error: {mistake}\n"));
                return wrong_use(&mistake);
            }
        }
        all.push(Played { name: transcript.name.clone(), turns: other.turns() - before, problem });
    }
    let mut report = String::new();
    for played in all.iter().filter(|played| played.problem.is_some()) {
        report += &as_text(played);
    }
    // Writing to a String cannot fail.
    let _ = writeln!(report, "{}", summary(&all));
    let (passed, failed) = counts(&all);
    other.done(passed, failed, &report);
    if failed == 0 { FINE } else { FAILED }
}
