//! The commands: each is one function from its arguments to an exit code, data on stdout and talk on stderr.

pub mod braze_template;
pub mod by_hand;
pub mod chat;
pub mod check;
pub mod dev;
pub mod graph;
pub mod host;
pub mod output;
pub mod plugin_build;
pub mod plugin_check;
pub mod plugin_list;
pub mod plugin_new;
pub mod plugin_release;
pub mod record;
pub mod replay;
pub mod sandbox;
pub mod serve;
pub mod session;
pub mod signals;
pub mod test;
pub mod token;
pub mod turns;

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Environment, SystemEnvironment};
use crate::plugins::{COMPILE_COMMAND, compile_for_host};
use crate::telemetry;
use braze_template::TemplateOptions;

/// Answers WhatsApp messages that Braze delivers, with what your plugins say.
#[derive(Debug, Parser)]
#[command(name = "turnwise", version, arg_required_else_help = true, after_help = FIRST_STEPS)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

const FIRST_STEPS: &str = "\
First steps:
  turnwise plugin new      A small bot to begin with, in the language of your choice
  turnwise dev             Talk to your plugins in the browser. Needs no account and no configuration
  turnwise chat            Talk to one in the terminal, with a clock that you turn
  turnwise check           Once there is a turnwise.toml: is it right?
  turnwise braze template  What to paste into Braze, and what to click
  turnwise serve           Answer real messages
  turnwise replay          What would another version of a bot have said to them?";

#[derive(Debug, Subcommand)]
enum Command {
    /// Have a conversation on this machine: no account, no configuration, no network.
    Dev(dev::Options),
    /// Answer real messages through Braze, until stopped.
    Serve {
        /// The configuration.
        #[arg(long, value_name = "FILE", default_value = "turnwise.toml")]
        config: PathBuf,
    },
    /// Find every mistake of the configuration at once, or say what it sets up.
    Check {
        /// The configuration.
        #[arg(long, value_name = "FILE", default_value = "turnwise.toml")]
        config: PathBuf,
        /// Print the mistakes as a JSON array, empty where there are none.
        #[arg(long)]
        json: bool,
    },
    /// Begin a plugin, build it, and say whether a file is one.
    #[command(subcommand)]
    Plugin(PluginCommand),
    /// Talk to a plugin in this terminal, with a clock that you turn.
    Chat(chat::Options),
    /// Play transcripts (*.chat) against a plugin, and say where it does something else.
    Test(test::Options),
    /// What operators do to a conversation of the host that runs.
    #[command(subcommand)]
    Session(SessionCommand),
    /// What waits to be sent, and what was not: look, send again, let go. Of the host that runs.
    #[command(subcommand)]
    Outbox(by_hand::Outbox),
    /// Webhook bodies that could not be read: look, mend, try again, let go. Of the host that runs.
    #[command(subcommand)]
    Quarantine(by_hand::Quarantine),
    /// Everything that is kept of a user: export it, or erase it. Of the host that runs.
    #[command(subcommand)]
    User(by_hand::User),
    /// Make a transcript of a conversation as it was.
    Record(record::Options),
    /// Run recorded turns again: is everything as it was, or what does another version of a plugin do?
    Replay(replay::Options),
    /// Draw a bot's steps as conversations walked them: how many, from where to where, and where people stop.
    Graph(graph::Options),
    /// Say what to paste into Braze.
    #[command(subcommand)]
    Braze(BrazeCommand),
    /// Run the fake Braze of `dev` on its own, in front of any host.
    Sandbox(sandbox::Options),
    /// What the host starts to compile a plugin in a process of its own.
    #[command(hide = true, name = COMPILE_COMMAND)]
    CompilePlugin {
        /// How long it may compute.
        cpu_seconds: u64,
        /// How much address space it may take.
        memory_bytes: u64,
        /// Which engine the code is for, as the host names it.
        engine: String,
    },
}

#[derive(Debug, Subcommand)]
enum PluginCommand {
    /// Write a small complete project to begin with.
    New(plugin_new::Options),
    /// Build a plugin's source, or every plugin of a folder, with the language's own tools.
    Build(plugin_build::Options),
    /// Say whether a file is a plugin for this host, and what it says of itself.
    Check {
        /// The built plugin, e.g. plugins/menu.wasm.
        file: PathBuf,
        /// Print it as a JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Say which plugins serve and what is wrong with the others: of the host that runs, else of the folder.
    List(plugin_list::Options),
    /// Give the candidate NAME@candidate.wasm the place of NAME.wasm, which is kept as NAME@previous.wasm.
    Promote(plugin_release::Options),
    /// Withdraw the candidate; where there is none, put the previous version back.
    Rollback(plugin_release::Options),
}

#[derive(Debug, Subcommand)]
enum SessionCommand {
    /// End it: nothing is said to the user, whose next message begins a new one.
    End(session::EndOptions),
}

#[derive(Debug, Subcommand)]
enum BrazeCommand {
    /// Print what to paste into Braze, per source: the webhook's URL, headers and body, and what to click.
    Template {
        /// The configuration.
        #[arg(long, value_name = "FILE", default_value = "turnwise.toml")]
        config: PathBuf,
        /// Only this source.
        #[arg(long, value_name = "NAME")]
        source: Option<String>,
        /// Where Braze reaches this host, e.g. https://bot.example.com.
        #[arg(long, value_name = "URL")]
        public_url: Option<String>,
        /// Print the token's value in place of its reference.
        #[arg(long)]
        show_token: bool,
        /// Print it as a JSON array, one object per source.
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
        Command::CompilePlugin { cpu_seconds, memory_bytes, engine } => {
            ExitCode::from(compile_for_host(cpu_seconds, memory_bytes, &engine))
        }
        Command::Check { config, json } => check::run(&config, json),
        Command::Plugin(PluginCommand::New(options)) => plugin_new::run(&options).emit(),
        Command::Plugin(PluginCommand::Build(options)) => {
            in_runtime(async move { ExitCode::from(plugin_build::run(options).await) })
        }
        Command::Plugin(PluginCommand::Check { file, json }) => {
            in_runtime(async move { ExitCode::from(plugin_check::run(&file, json).await) })
        }
        Command::Chat(options) => ExitCode::from(chat::run(&options)),
        Command::Graph(options) => graph::run(options),
        Command::Record(options) => in_runtime(async move { record::run(&options).await.emit() }),
        Command::Replay(options) => in_runtime(async move { ExitCode::from(replay::run(&options).await) }),
        Command::Test(options) => ExitCode::from(test::run(&options)),
        Command::Plugin(PluginCommand::List(options)) => in_runtime(plugin_list::run(options)),
        Command::Plugin(PluginCommand::Promote(options)) => in_runtime(plugin_release::promote(options)),
        Command::Plugin(PluginCommand::Rollback(options)) => plugin_release::rollback(&options).emit(),
        Command::Outbox(command) => in_runtime(by_hand::outbox(command)),
        Command::Quarantine(command) => in_runtime(by_hand::quarantine(command)),
        Command::User(command) => in_runtime(by_hand::user(command)),
        Command::Session(SessionCommand::End(options)) => in_runtime(session::end(options)),
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
        Ok(runtime) => {
            let code = runtime.block_on(command);
            // Nobody waits for a compilation that may still be under way.
            runtime.shutdown_background();
            code
        }
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
