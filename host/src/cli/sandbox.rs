//! `turnwise sandbox`: the fake Braze on its own.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use super::serve::failed;
use super::{address, signals};
use crate::clock::SystemClock;
use crate::sandbox::{SandboxConfig, bind};

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Where it plays Braze; port 0 picks a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8082")]
    listen: SocketAddr,
    /// The webhook it delivers messages to.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080/v1/inbound/whatsapp")]
    deliver_to: String,
    /// Where its Chatwoot tells what agents do.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080/v1/desk/chatwoot")]
    deliver_desk_to: String,
    /// The bearer token it sends with each webhook, and the secret that its Chatwoot signs with.
    #[arg(long, value_name = "TOKEN", default_value = "dev")]
    token: String,
    /// The REST key callers must show, and the access token of its Chatwoot.
    #[arg(long, value_name = "KEY", default_value = "dev")]
    api_key: String,
    /// Multiplies Braze's waits between retries: 0.01 makes half an hour eighteen seconds.
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    time_scale: f64,
}

/// Runs until it is stopped.
pub async fn run(options: Options) -> ExitCode {
    let (stop, _listening) = match signals::shutdown() {
        Ok(stop) => stop,
        Err(error) => return failed(&error),
    };
    let mut config = SandboxConfig::new(options.listen, &options.deliver_to, &options.token, &options.api_key);
    config.time_scale = options.time_scale;
    config.desk_to = options.deliver_desk_to;
    let sandbox = match bind(config, Arc::new(SystemClock)).await {
        Ok(sandbox) => sandbox,
        Err(error) => {
            eprintln!("error: cannot listen on {} (--listen): {error}", options.listen);
            return ExitCode::FAILURE;
        }
    };
    print!("{}", address("sandbox", sandbox.addr(), "open it and write a message"));
    sandbox.run(stop.cancelled_owned()).await;
    ExitCode::SUCCESS
}
