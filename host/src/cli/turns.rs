//! Where the commands that look at recorded turns find them: a running host, else the data of one that does not run, or a file.

mod data;
mod host;
mod lines;
mod place;

use std::path::PathBuf;

use super::output::{FOUND, Output, WRONG_USE};
use crate::clock::Timestamp;
use crate::clock::text::{EXPECTED, day, timestamp};
use crate::conversation::{ConversationId, JournalEntry};
use crate::storage::Recorded;
use crate::transcript::json;
use data::Data;
use host::FromHost;
use lines::FromFile;
pub use place::Place;

/// Where the turns are. Without any of these: what `turnwise.toml` says, else where `turnwise dev` runs.
#[derive(Debug, clap::Args)]
pub struct Source {
    /// The configuration: its host is asked for the turns if it runs, its data is read if not.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Ask this host, by its admin address.
    #[arg(long, value_name = "URL", conflicts_with_all = ["data", "journal"])]
    host: Option<String>,
    /// Read the data of a host that does not run: the file, or the folder it is in.
    #[arg(long, value_name = "PATH", conflicts_with = "journal")]
    data: Option<PathBuf>,
    /// Read turns from a file, one JSON object a line as `GET /v1/turns` of a host writes them; `-` is stdin.
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// The folder of plugins.
    #[arg(long, value_name = "DIR")]
    plugins: Option<PathBuf>,
}

/// Which turns.
#[derive(Debug, Default, clap::Args)]
pub struct Span {
    /// Only this day, in UTC, e.g. 2026-11-25.
    #[arg(long, value_name = "DATE", conflicts_with_all = ["from", "to"])]
    day: Option<String>,
    /// Only from this time on, e.g. 2026-11-25T09:30:00Z.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Only before this time.
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
}

impl Span {
    /// From the first moment on, and before the second.
    ///
    /// # Errors
    /// What was given is no time; says how one is written.
    pub fn times(&self) -> Result<(Timestamp, Timestamp), String> {
        if let Some(text) = &self.day {
            return day(text).ok_or_else(|| format!("--day: a day is written 2026-11-25, not {text:?}"));
        }
        let time = |option: &str, text: &Option<String>, default| match text {
            None => Ok(default),
            Some(text) => timestamp(text).ok_or_else(|| format!("{option}: {EXPECTED}, not {text:?}")),
        };
        Ok((time("--from", &self.from, Timestamp(0))?, time("--to", &self.to, Timestamp(u64::MAX))?))
    }
}

/// Which turns are looked for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    pub conversation: Option<ConversationId>,
    pub from: Timestamp,
    /// Not included.
    pub to: Timestamp,
}

impl Wanted {
    #[must_use]
    pub fn has(&self, entry: &JournalEntry) -> bool {
        let context = &entry.context;
        self.conversation.is_none_or(|id| id == context.conversation)
            && self.from <= context.now
            && context.now < self.to
    }
}

/// Why there are no turns, or no more.
#[derive(Debug, thiserror::Error)]
pub enum TurnsError {
    /// What was asked for is not there, or not to be had like this.
    #[error("{0}")]
    Wrong(String),
    /// It broke off in the middle.
    #[error("{0}")]
    Broken(String),
}

impl From<TurnsError> for Output {
    fn from(error: TurnsError) -> Self {
        let code = if matches!(error, TurnsError::Wrong(_)) { WRONG_USE } else { FOUND };
        Self { stderr: format!("error: {error}\n"), code, ..Self::default() }
    }
}

/// An open source, read a bounded piece at a time.
pub enum Turns {
    Host(FromHost),
    Data(Data),
    File(FromFile),
}

impl Turns {
    /// Opens whatever holds the turns.
    ///
    /// # Errors
    /// Nothing does; says where it was looked for and what to do.
    pub async fn open(place: &Place, wanted: Wanted) -> Result<Self, TurnsError> {
        if let Some(file) = &place.journal {
            return FromFile::open(file).map(Self::File);
        }
        if let Some(host) = &place.host {
            match FromHost::ask(host, place.token.as_deref(), wanted).await? {
                Some(turns) => return Ok(Self::Host(turns)),
                None if place.data.is_none() => {
                    let message =
                        format!("nobody listens at {host}: start the host, or read its data with --data PATH");
                    return Err(TurnsError::Wrong(message));
                }
                None => {}
            }
        }
        match &place.data {
            Some(data) => Data::open(data, wanted, place.host.as_deref()).map(Self::Data),
            None => Err(TurnsError::Wrong("name a --host, --data or --journal".to_owned())),
        }
    }

    /// Where they are from, for people.
    #[must_use]
    pub fn origin(&self) -> String {
        match self {
            Self::Host(host) => format!("the host at {}", host.url()),
            Self::Data(data) => data.path().display().to_string(),
            Self::File(file) => file.name().to_owned(),
        }
    }

    /// The next turns; none at the end. What is wanted comes oldest first, except from a file, which has its own order and may have
    /// others among them.
    ///
    /// # Errors
    /// Reading broke off.
    pub async fn next(&mut self) -> Result<Option<Piece>, TurnsError> {
        match self {
            Self::Host(host) => host.next().await,
            Self::Data(data) => data.next().await,
            Self::File(file) => file.next(),
        }
    }

    /// Ends reading in good order.
    pub async fn close(self) {
        if let Self::Data(data) = self {
            data.close().await;
        }
    }

    /// Everything that is wanted, in the order of their turns where it is one conversation; and a line for each that cannot be read.
    ///
    /// # Errors
    /// Reading broke off.
    pub async fn all(mut self, wanted: Wanted) -> Result<(Vec<JournalEntry>, Vec<String>), TurnsError> {
        let (mut entries, mut lost) = (Vec::new(), Vec::new());
        while let Some(piece) = self.next().await? {
            for read in piece.read() {
                match read {
                    Ok(entry) if wanted.has(&entry) => entries.push(*entry),
                    Ok(_) => {}
                    Err(line) => lost.push(line),
                }
            }
        }
        self.close().await;
        if wanted.conversation.is_some() {
            entries.sort_by_key(|entry| entry.context.turn);
        }
        Ok((entries, lost))
    }
}

/// Some turns as they came, to be read by whoever has time for it.
#[derive(Debug)]
pub enum Piece {
    /// Whole lines, of which the first has this number; the name is the file's or the host's.
    Lines {
        name: String,
        first: usize,
        text: Vec<u8>,
    },
    Turns(Vec<(ConversationId, u32, Recorded)>),
}

impl Piece {
    /// The entries; in place of each that cannot be read a line that says which and why.
    #[must_use]
    pub fn read(self) -> Vec<Result<Box<JournalEntry>, String>> {
        match self {
            Self::Lines { name, first, text } => text
                .split(|byte| *byte == b'\n')
                .zip(first..)
                .filter(|(line, _)| !line.trim_ascii().is_empty())
                .map(|(line, number)| match json::read_line(line) {
                    Ok(Ok(entry)) => Ok(Box::new(entry)),
                    Ok(Err(lost)) => Err(format!("{} turn {}: {}", lost.conversation, lost.turn, lost.reason)),
                    Err(error) => Err(format!("{name}:{number}: this is no turn: {error}")),
                })
                .collect(),
            Self::Turns(turns) => turns
                .into_iter()
                .map(|(id, turn, recorded)| match recorded {
                    Ok(entry) => Ok(Box::new(entry)),
                    Err(why) => Err(format!("{id} turn {turn}: {why}")),
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests;
