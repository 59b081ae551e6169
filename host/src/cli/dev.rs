//! `turnwise dev`: the host and a fake Braze in one process, so that a conversation needs no account and no network.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::output::colour_on_stderr;
use super::plugin_build::{OnStderr, size};
use super::serve::failed;
use super::{address, signals};
use crate::app::App;
use crate::build::keep::{self, Report};
use crate::build::{BuildError, Project, Workshop};
use crate::clock::{MovableClock, SteadyClock};
use crate::config::dev::{DEV_SECRET, DevOptions};
use crate::config::{Config, SystemEnvironment};
use crate::sandbox::{SandboxConfig, bind};

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Where webhooks arrive; port 0 picks a free one, here and below.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where its health can be asked for.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8081")]
    admin: SocketAddr,
    /// Where the fake Braze is, with the page to write from.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8082")]
    sandbox: SocketAddr,
    /// Who answers: a plugin by its name.
    #[arg(long, value_name = "NAME", default_value = "menu")]
    bot: String,
    /// The folder of plugins: what is built is served, and what is source is built, now and whenever it is saved.
    #[arg(long, value_name = "DIR", default_value = "plugins")]
    plugins: PathBuf,
    /// Serve what is built and build nothing.
    #[arg(long)]
    no_build: bool,
    /// The folder conversations are kept in; delete it to begin anew.
    #[arg(long, value_name = "DIR", default_value = ".turnwise")]
    data: PathBuf,
}

/// Runs until it is stopped.
pub async fn run(options: Options) -> ExitCode {
    for (option, addr) in [("--listen", options.listen), ("--admin", options.admin), ("--sandbox", options.sandbox)] {
        if !addr.ip().is_loopback() {
            eprintln!("error: {option} {addr} can be reached from outside, and dev's token is `dev`; use 127.0.0.1");
            return ExitCode::from(2);
        }
    }
    let (stop, _listening) = match signals::shutdown() {
        Ok(stop) => stop,
        Err(error) => return failed(&error),
    };
    let clock = Arc::new(MovableClock::over(Arc::new(SteadyClock::start())));
    let braze = SandboxConfig::new(options.sandbox, "", DEV_SECRET, DEV_SECRET);
    let sandbox = match bind(braze, clock.clone()).await {
        Ok(sandbox) => sandbox,
        Err(error) => {
            eprintln!("error: cannot listen on {} (--sandbox): {error}", options.sandbox);
            return ExitCode::FAILURE;
        }
    };
    let config = Config::dev(DevOptions {
        listen: options.listen,
        admin: options.admin,
        sandbox: sandbox.addr(),
        bot: options.bot.clone(),
        plugins_dir: options.plugins.clone(),
        data_dir: options.data.clone(),
    });
    let app = match App::build(config, clock).await {
        Ok(app) => app,
        Err(error) => return failed(&error),
    };
    if app.plugins().get(&options.bot).is_none() {
        nobody_answers(&options);
    }
    sandbox.handle().deliver_to(&format!("http://{}/v1/inbound/whatsapp", app.addr()));
    print!(
        "\nOpen http://{} and write to your bot.\n\n{}{}{}\nStop with Ctrl-C. What happens is logged below.\n\n",
        sandbox.addr(),
        address("sandbox", sandbox.addr(), "a phone and a fake Braze; its API key is `dev`"),
        address("public", app.addr(), "webhooks arrive here; the token is `dev`"),
        address("admin", app.admin_addr(), "the console; the token is `dev`"),
    );
    if let Some(link) = app.welcome() {
        print!("The console, signed in: {link}\n\n");
    }
    // The sandbox outlives the host, which still answers through it while it drains.
    let served_all = CancellationToken::new();
    let serve = async {
        let served = app.run(stop.cancelled_owned()).await;
        served_all.cancel();
        served
    };
    let building = async {
        tokio::select! {
            () = build(&options), if !options.no_build => {}
            () = served_all.cancelled() => {}
        }
    };
    let (served, (), ()) = tokio::join!(serve, sandbox.run(served_all.cancelled()), building);
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

/// Says why there is no answer, and what to do about it.
fn nobody_answers(options: &Options) {
    let (folder, bot) = (options.plugins.display(), &options.bot);
    let sources = keep::projects(&options.plugins).unwrap_or_default();
    let others: Vec<&str> = sources.iter().map(|project| project.name.as_str()).collect();
    if !options.no_build && others.contains(&bot.as_str()) {
        eprintln!("{bot} is not built yet; it answers once it is.");
    } else if others.is_empty() {
        eprintln!(
            "warning: there is no {folder}/{bot}.wasm, so nobody answers; \
             to begin a bot: turnwise plugin new {bot} --lang rust --dir {folder}"
        );
    } else {
        let others = others.join(", ");
        eprintln!("warning: there is no {folder}/{bot}.wasm, so nobody answers; --bot can be one of: {others}");
    }
}

/// Builds the sources in the folder of plugins, now and whenever they are saved, until it is dropped.
async fn build(options: &Options) {
    let colour = colour_on_stderr(&SystemEnvironment);
    let workshop = Arc::new(Workshop::new(Box::new(SystemEnvironment), Arc::new(OnStderr), colour));
    keep::keep(&options.plugins, workshop, Arc::new(InLog)).await;
    // It ends only where it cannot go on; the host does.
    std::future::pending().await
}

/// A line of the log for each build; what tools say stands below it as they said it.
struct InLog;

impl Report for InLog {
    fn built(&self, project: &Project, file_bytes: usize, time: Duration, changed: bool) {
        let (plugin, language) = (&project.name, project.language);
        let said = if changed { "plugin built" } else { "up to date" };
        tracing::info!(plugin, %language, size = size(file_bytes), ms = time.as_millis(), "{said}");
    }

    fn failed(&self, project: &Project, error: &BuildError) {
        let (plugin, language, error) = (&project.name, project.language, error.to_string());
        // What is missing fits on the line; what a compiler says does not.
        let (line, rest) = match error.split_once(":\n") {
            Some((line, rest)) => (line.to_owned(), rest),
            None => (error.replace('\n', "; "), ""),
        };
        tracing::warn!(plugin, %language, why = line, "not built");
        if !rest.is_empty() {
            eprintln!("{rest}");
        }
    }

    fn blind(&self, error: &dyn std::error::Error) {
        tracing::warn!("sources are not watched, and saving one builds nothing: {error}");
    }
}
