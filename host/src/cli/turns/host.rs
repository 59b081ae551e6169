//! Turns of a running host, over its admin API.

use std::fmt::Display;
use std::time::Duration;

use super::lines::Lines;
use super::{Piece, TurnsError, Wanted};
use crate::cli::host::UNKNOWN;

/// On this machine or near it; how long the whole answer takes is nobody's business.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A host that does not go on for so long hangs.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// An answer that is read as it comes.
pub struct FromHost {
    host: String,
    answer: reqwest::Response,
    lines: Lines,
    /// Of one conversation, which the host tells newest first: kept until all are there.
    reversed: bool,
    ended: bool,
}

impl FromHost {
    /// Asks; none where nobody listens.
    pub(super) async fn ask(host: &str, token: Option<&str>, wanted: Wanted) -> Result<Option<Self>, TurnsError> {
        let Wanted { conversation, from, to } = wanted;
        let url = match conversation {
            Some(id) => format!("{host}/v1/conversations/{id}/turns?max={}", u32::MAX),
            None => format!("{host}/v1/turns?from={from}&to={to}"),
        };
        let wrong = |why: &dyn Display| {
            TurnsError::Wrong(format!("{url} does not answer like the admin address of a host of this version: {why}"))
        };
        // A proxy of the environment has no business between this machine and itself.
        let client = reqwest::Client::builder().no_proxy().connect_timeout(CONNECT_TIMEOUT).read_timeout(READ_TIMEOUT);
        let client = client.build().map_err(|error| wrong(&error))?;
        let answer = match token.iter().fold(client.get(&url), |request, token| request.bearer_auth(token)).send().await
        {
            Ok(answer) => answer,
            Err(error) if error.is_connect() => return Ok(None),
            Err(error) => return Err(wrong(&error)),
        };
        let is_ours = answer.headers().get("content-type").is_some_and(|kind| kind == "application/x-ndjson");
        match conversation {
            Some(id) if answer.status() == reqwest::StatusCode::NOT_FOUND => {
                let message = format!(
                    "the host at {host} has no conversation {id}: a webhook's answer and `turnwise replay --json` name them"
                );
                return Err(TurnsError::Wrong(message));
            }
            _ if answer.status() == reqwest::StatusCode::UNAUTHORIZED => {
                return Err(TurnsError::Wrong(format!("{host}: {UNKNOWN}")));
            }
            _ if !answer.status().is_success() => return Err(wrong(&answer.status())),
            _ if !is_ours => return Err(wrong(&"it writes something else than lines of JSON")),
            _ => {}
        }
        let lines = Lines::of(url);
        Ok(Some(Self { host: host.to_owned(), answer, lines, reversed: conversation.is_some(), ended: false }))
    }

    pub(super) fn url(&self) -> &str {
        &self.host
    }

    pub(super) async fn next(&mut self) -> Result<Option<Piece>, TurnsError> {
        if !self.reversed {
            return self.piece().await;
        }
        let mut all = Vec::new();
        while let Some(piece) = self.piece().await? {
            if let Piece::Lines { text, .. } = piece {
                all.extend_from_slice(&text);
            }
        }
        let mut lines: Vec<&[u8]> = all.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
        lines.reverse();
        let piece = Piece::Lines { name: self.lines.name().to_owned(), first: 1, text: lines.join(&b'\n') };
        Ok((!all.is_empty()).then_some(piece))
    }

    async fn piece(&mut self) -> Result<Option<Piece>, TurnsError> {
        while !self.ended {
            let chunk = self.answer.chunk().await;
            let broken = |error| TurnsError::Broken(format!("the host at {} broke off: {error}", self.host));
            match chunk.map_err(broken)? {
                Some(bytes) => {
                    if let Some(piece) = self.lines.push(&bytes)? {
                        return Ok(Some(piece));
                    }
                }
                None => self.ended = true,
            }
        }
        Ok(self.lines.finish())
    }
}
