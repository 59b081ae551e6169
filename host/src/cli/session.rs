//! `turnwise session end`: ends a conversation's session on the host that runs.

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::host::Host;
use super::output::{Output, colour_on_stderr};
use crate::config::{ABSENT_PLUGINS, ABSENT_SECRETS, SystemEnvironment, load_excusing};
use crate::conversation::ConversationId;

#[derive(Debug, clap::Args)]
pub struct EndOptions {
    /// The conversation, e.g. c_0f3a…, as `turnwise replay --json` names it.
    conversation: ConversationId,
    /// What the session is counted as.
    #[arg(long, value_name = "TEXT", default_value = "ended by an operator")]
    outcome: String,
    /// The configuration of the host that runs.
    #[arg(long, value_name = "FILE", default_value = "turnwise.toml")]
    config: PathBuf,
}

/// 0 where the host takes it, 1 where there is no host or no such conversation, 2 for a wrong configuration.
pub async fn end(options: EndOptions) -> ExitCode {
    ended(&options).await.unwrap_or_else(|output| output).emit()
}

async fn ended(options: &EndOptions) -> Result<Output, Output> {
    // Ending a session needs no secrets, and who does it may have none.
    let excused = [ABSENT_PLUGINS, ABSENT_SECRETS].concat();
    let (config, _) = load_excusing(&excused, &options.config, &SystemEnvironment)
        .map_err(|errors| Output::wrong_configuration(&errors, false, colour_on_stderr(&SystemEnvironment)))?;
    let host = Host::of(&config)?;
    let path = format!("/v1/conversations/{}/end-session", options.conversation);
    match host.post::<Value>(&path, &json!({ "outcome": options.outcome })).await? {
        Some(_) => Ok(Output::fine(format!("{}: its session ends as {:?}\n", options.conversation, options.outcome))),
        None => {
            let stderr = format!(
                "error: no host listens at {}, where {} has its admin listener. Sessions are ended by the host: start it with `turnwise serve`\n",
                host.url,
                options.config.display()
            );
            Err(Output { stderr, code: 1, ..Output::default() })
        }
    }
}
