//! What operators do by hand, asked of the host that runs: `turnwise outbox`, `turnwise quarantine`, `turnwise user`.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::host::Host;
use super::output::{FOUND, Output};

/// Which host.
#[derive(Debug, clap::Args)]
pub struct Of {
    /// The configuration of the host that runs; without one, that of `turnwise dev`.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print it as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Subcommand)]
pub enum Outbox {
    /// What waits to be sent; with --dead, what was not sent and will not be.
    List {
        /// What was not sent and will not be, newest first.
        #[arg(long)]
        dead: bool,
        /// How many rows at most.
        #[arg(long, value_name = "COUNT", default_value_t = 100)]
        max: usize,
        #[command(flatten)]
        of: Of,
    },
    /// One row with what it says. Who looked is in the audit log.
    Show {
        /// The row, e.g. o_1f0a.
        id: String,
        #[command(flatten)]
        of: Of,
    },
    /// Send dead rows again.
    Redrive {
        /// The rows, e.g. o_1f0a.
        #[arg(required = true)]
        ids: Vec<String>,
        #[command(flatten)]
        of: Of,
    },
    /// Forget what dead rows would have said, so that nobody sends them again.
    Drop {
        /// The rows, e.g. o_1f0a.
        #[arg(required = true)]
        ids: Vec<String>,
        #[command(flatten)]
        of: Of,
    },
}

#[derive(Debug, clap::Subcommand)]
pub enum Quarantine {
    /// Webhook bodies that could not be read, newest first.
    List {
        /// How many at most.
        #[arg(long, value_name = "COUNT", default_value_t = 100)]
        max: usize,
        #[command(flatten)]
        of: Of,
    },
    /// One of them as it was sent. Who looked is in the audit log.
    Show {
        /// The body, e.g. q_1f0a.
        id: String,
        #[command(flatten)]
        of: Of,
    },
    /// Read them again, once the template is corrected or the body is mended.
    Redrive {
        /// The bodies, e.g. q_1f0a.
        #[arg(required = true)]
        ids: Vec<String>,
        /// What to read in place of the one that was sent; `-` is stdin.
        #[arg(long, value_name = "FILE")]
        body: Option<PathBuf>,
        #[command(flatten)]
        of: Of,
    },
    /// Let them go.
    Drop {
        /// The bodies, e.g. q_1f0a.
        #[arg(required = true)]
        ids: Vec<String>,
        #[command(flatten)]
        of: Of,
    },
}

#[derive(Debug, clap::Subcommand)]
pub enum User {
    /// Everything that is kept of a user, as JSON.
    Export {
        /// The external id, or the phone number of somebody who has none.
        id: String,
        #[command(flatten)]
        of: Of,
    },
    /// Erase everything that is kept of a user, and print the receipt. What Braze keeps is erased there.
    Erase {
        /// The external id, or the phone number of somebody who has none.
        id: String,
        /// Do it: nothing of it comes back.
        #[arg(long, required = true)]
        yes: bool,
        #[command(flatten)]
        of: Of,
    },
}

/// 0 where it is done, 1 where there is no host or it refuses, 2 for a wrong configuration.
pub async fn outbox(command: Outbox) -> ExitCode {
    let done = match command {
        Outbox::List { dead, max, of } => {
            let state = if dead { "dead" } else { "waiting" };
            looked(&of, &format!("/v1/outbox?state={state}&max={max}"), |answer| rows(answer, "rows", outbox_line))
                .await
        }
        Outbox::Show { id, of } => looked(&of, &format!("/v1/outbox/{}", part(&id)), pretty).await,
        Outbox::Redrive { ids, of } => {
            each(&of, &ids, Act::Post("redrive", None), "/v1/outbox", |id, answer| {
                format!("{id} is sent again, as {}\n", text(answer, "id"))
            })
            .await
        }
        Outbox::Drop { ids, of } => {
            each(&of, &ids, Act::Delete, "/v1/outbox", |id, _| format!("{id} is let go\n")).await
        }
    };
    done.unwrap_or_else(|output| output).emit()
}

/// As [`outbox`].
pub async fn quarantine(command: Quarantine) -> ExitCode {
    let done = match command {
        Quarantine::List { max, of } => {
            looked(&of, &format!("/v1/quarantine?max={max}"), |answer| rows(answer, "bodies", quarantine_line)).await
        }
        Quarantine::Show { id, of } => {
            looked(&of, &format!("/v1/quarantine/{}", part(&id)), |answer| format!("{}\n", text(answer, "body"))).await
        }
        Quarantine::Redrive { ids, body, of } => match repaired(&ids, body) {
            Ok(body) => {
                each(&of, &ids, Act::Post("redrive", body), "/v1/quarantine", |id, answer| {
                    let (event, conversation) = (text(answer, "event_id"), text(answer, "conversation"));
                    let again = if answer["duplicate"] == true { ", which was there already" } else { "" };
                    format!("{id} is {event} of {conversation}{again}\n")
                })
                .await
            }
            Err(output) => Err(output),
        },
        Quarantine::Drop { ids, of } => {
            each(&of, &ids, Act::Delete, "/v1/quarantine", |id, _| format!("{id} is let go\n")).await
        }
    };
    done.unwrap_or_else(|output| output).emit()
}

/// As [`outbox`].
pub async fn user(command: User) -> ExitCode {
    let done = match command {
        User::Export { id, of } => looked(&of, &format!("/v1/users/{}", part(&id)), pretty).await,
        User::Erase { id, yes: _, of } => {
            each(&of, &[id], Act::Delete, "/v1/users", |_, receipt| pretty(receipt)).await
        }
    };
    done.unwrap_or_else(|output| output).emit()
}

async fn looked(of: &Of, path: &str, shown: impl Fn(&Value) -> String) -> Result<Output, Output> {
    let host = Host::find(of.config.as_deref())?;
    let answer: Value = host.get(path).await?.ok_or_else(|| host.nobody())?;
    Ok(Output::fine(if of.json { pretty(&answer) } else { shown(&answer) }))
}

enum Act {
    Post(&'static str, Option<String>),
    Delete,
}

/// Does it to each; where one is refused the others are still done, and the exit code says so.
async fn each(
    of: &Of,
    ids: &[String],
    act: Act,
    below: &str,
    said: impl Fn(&str, &Value) -> String,
) -> Result<Output, Output> {
    let host = Host::find(of.config.as_deref())?;
    let mut output = Output::default();
    for id in ids {
        let path = format!("{below}/{}", part(id));
        let answer: Result<Option<Value>, Output> = match &act {
            Act::Post(verb, body) => {
                let body = body.as_ref().map_or_else(|| json!({}), |body| json!({ "body": body }));
                host.post(&format!("{path}/{verb}"), &body).await
            }
            Act::Delete => host.delete(&path).await,
        };
        match answer {
            Ok(None) => return Err(host.nobody()),
            Ok(Some(answer)) if of.json => output.stdout += &format!("{answer}\n"),
            Ok(Some(answer)) => output.stdout += &said(id, &answer),
            Err(refused) => {
                output.stderr += &refused.stderr;
                output.code = FOUND;
            }
        }
    }
    Ok(output)
}

fn repaired(ids: &[String], body: Option<PathBuf>) -> Result<Option<String>, Output> {
    let Some(file) = body else { return Ok(None) };
    if ids.len() > 1 {
        return Err(Output::wrong_use("--body mends one body: name one"));
    }
    let read = if file.as_os_str() == "-" {
        std::io::read_to_string(std::io::stdin())
    } else {
        std::fs::read_to_string(&file)
    };
    read.map(Some).map_err(|error| Output::wrong_use(&format!("cannot read {}: {error}", file.display())))
}

fn rows(answer: &Value, list: &str, line: fn(&Value) -> String) -> String {
    let rows = answer[list].as_array().map(Vec::as_slice).unwrap_or_default();
    rows.iter().fold(String::new(), |mut all, row| {
        // A string can always be written to.
        let _ = writeln!(all, "{}", printable(&line(row)));
        all
    })
}

fn outbox_line(row: &Value) -> String {
    let what = format!("{} ({})", text(row, "kind"), text(row, "target"));
    let reason = row["reason"].as_str().map_or_else(String::new, |reason| format!("  {reason}"));
    let (id, state, conversation) = (text(row, "id"), text(row, "state"), text(row, "conversation"));
    format!("{id}  {state:<8}  {conversation} turn {}  {what}  {}{reason}", row["turn"], text(row, "created"))
}

fn quarantine_line(row: &Value) -> String {
    let (id, received, source) = (text(row, "id"), text(row, "received"), text(row, "source"));
    format!("{id}  {received}  {source}  {} bytes  {}", row["bytes"], text(row, "reason"))
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

/// What others wrote must not steer the terminal.
fn printable(line: &str) -> String {
    line.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn part(id: &str) -> String {
    utf8_percent_encode(id, NON_ALPHANUMERIC).to_string()
}
