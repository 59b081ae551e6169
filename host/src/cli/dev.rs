//! `turnwise dev`: the host and a fake Braze in one process, so that a conversation needs no account and no network.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::serve::failed;
use super::{address, signals};
use crate::app::App;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::config::dev::{DEV_SECRET, DevOptions};
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
    /// The folder of built plugins.
    #[arg(long, value_name = "DIR", default_value = "plugins")]
    plugins: PathBuf,
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
    let clock = Arc::new(SystemClock);
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
        data_dir: options.data,
    });
    let app = match App::build(config, clock).await {
        Ok(app) => app,
        Err(error) => return failed(&error),
    };
    if app.plugins().get(&options.bot).is_none() {
        let (folder, bot) = (options.plugins.display(), &options.bot);
        eprintln!(
            "warning: there is no {folder}/{bot}.wasm, so nobody answers; `make plugins` builds what is in plugins/"
        );
    }
    sandbox.handle().deliver_to(&format!("http://{}/v1/inbound/whatsapp", app.addr()));
    print!(
        "\nOpen http://{} and write to your bot.\n\n{}{}{}\nStop with Ctrl-C. What happens is logged below.\n\n",
        sandbox.addr(),
        address("sandbox", sandbox.addr(), "a phone and a fake Braze; its API key is `dev`"),
        address("public", app.addr(), "webhooks arrive here; the token is `dev`"),
        address("admin", app.admin_addr(), "/readyz?verbose says how it is"),
    );
    // The sandbox outlives the host, which still answers through it while it drains.
    let served_all = CancellationToken::new();
    let serve = async {
        let served = app.run(stop.cancelled_owned()).await;
        served_all.cancel();
        served
    };
    let (served, ()) = tokio::join!(serve, sandbox.run(served_all.cancelled()));
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}
