//! The commands: each is one function from its arguments to an exit code, data on stdout and talk on stderr.

pub mod braze_template;
pub mod check;
pub mod dev;
pub mod output;
pub mod plugin_check;
pub mod sandbox;
pub mod serve;
pub mod signals;

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Environment, SystemEnvironment};
use crate::telemetry;
use braze_template::TemplateOptions;

/// The bridge between Braze and the people who write conversation bots.
///
/// Try it: `turnwise dev`, then open the sandbox's address and type a message.
#[derive(Debug, Parser)]
#[command(name = "turnwise", version, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve webhooks and answer them through Braze.
    Serve {
        /// The configuration.
        #[arg(long, default_value = "turnwise.toml")]
        config: PathBuf,
    },
    /// Have a conversation on this machine: no account, no configuration, no network.
    Dev(dev::Options),
    /// Run the fake Braze alone.
    Sandbox(sandbox::Options),
    /// Report every mistake of the configuration at once.
    Check {
        #[arg(long, default_value = "turnwise.toml")]
        config: PathBuf,
        /// Print an array of mistakes for programs.
        #[arg(long)]
        json: bool,
    },
    /// Look at plugins.
    #[command(subcommand)]
    Plugin(PluginCommand),
    /// Set Braze up.
    #[command(subcommand)]
    Braze(BrazeCommand),
}

#[derive(Debug, Subcommand)]
enum PluginCommand {
    /// Say whether a file is a plugin for this host, and what it says of itself.
    Check {
        file: PathBuf,
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
enum BrazeCommand {
    /// Print what to paste into Braze, per source: the webhook's URL, headers and body, and what to click.
    Template {
        #[arg(long, default_value = "turnwise.toml")]
        config: PathBuf,
        /// Only this source.
        #[arg(long)]
        source: Option<String>,
        /// Where Braze reaches this host, e.g. https://bot.example.com.
        #[arg(long)]
        public_url: Option<String>,
        /// Print the token's value in place of its reference.
        #[arg(long)]
        show_token: bool,
        #[arg(long)]
        json: bool,
    },
}

/// Runs the command.
#[must_use]
pub fn run(cli: Cli) -> ExitCode {
    match cli.command {
        Command::Serve { config } => logged(None, serve::run(config)),
        Command::Dev(options) => logged(Some(telemetry::DEV_FILTER), dev::run(options)),
        Command::Sandbox(options) => logged(None, sandbox::run(options)),
        Command::Check { config, json } => check::run(&config, json),
        Command::Plugin(PluginCommand::Check { file, json }) => {
            in_runtime(async move { ExitCode::from(plugin_check::run(&file, json).await) })
        }
        Command::Braze(BrazeCommand::Template { config, source, public_url, show_token, json }) => {
            braze_template::run(&TemplateOptions { config, source, json, public_url, show_token })
        }
    }
}

/// Runs a command that goes on until it is stopped, and logs meanwhile: what `TURNWISE_LOG` says, else `filter`.
fn logged(filter: Option<&str>, command: impl Future<Output = ExitCode>) -> ExitCode {
    telemetry::start(SystemEnvironment.var("TURNWISE_LOG").as_deref().or(filter));
    in_runtime(command)
}

fn in_runtime(command: impl Future<Output = ExitCode>) -> ExitCode {
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(command),
        Err(error) => {
            eprintln!("error: no threads for the runtime: {error}");
            ExitCode::FAILURE
        }
    }
}

/// One line of where something listens.
fn address(name: &str, addr: SocketAddr, what: &str) -> String {
    format!("  {name:<8} http://{addr}  {what}\n")
}
