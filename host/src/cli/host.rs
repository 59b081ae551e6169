//! The host that runs with a configuration, asked over its admin listener.

use std::fmt::Display;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::output::{Output, colour_on_stderr};
use super::token;
use crate::config::dev::DevOptions;
use crate::config::{ABSENT_PLUGINS, ABSENT_SECRETS, Config, SystemEnvironment, load_excusing};

/// On this machine, from memory: whoever takes longer is not a host that works.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// The configuration where none is named.
const CONFIG: &str = "turnwise.toml";

/// What to do where a host does not know who asks.
pub const UNKNOWN: &str = "the host does not know who asks. On its own machine, run this as the user it runs as; from elsewhere, put a \
                           token that an admin made (console, People) into TURNWISE_TOKEN";

pub struct Host {
    client: Client,
    token: Option<String>,
    /// For messages.
    name: String,
    /// e.g. "http://127.0.0.1:8081"
    pub url: String,
}

impl Host {
    /// The host of this configuration, whether it runs or not.
    ///
    /// # Errors
    /// No client can be made.
    pub fn of(config: &Config) -> Result<Self, Output> {
        // A proxy of the environment has no business between this machine and itself.
        let client = Client::builder().no_proxy().timeout(ANSWER_TIMEOUT).build();
        let client = client.map_err(|error| failure(format!("the HTTP client cannot be set up: {error}")))?;
        Ok(Self {
            client,
            token: token::beside(&config.storage.path),
            url: url(config.server.admin),
            name: "the host".to_owned(),
        })
    }

    /// The host of this configuration; where none is given and there is no turnwise.toml, that of `turnwise dev`.
    ///
    /// # Errors
    /// The configuration is wrong, or no client can be made.
    pub fn find(config: Option<&Path>) -> Result<Self, Output> {
        let file = config.unwrap_or(Path::new(CONFIG));
        if config.is_none() && !file.is_file() {
            let mut host = Self::of(&Config::dev(DevOptions::usual()))?;
            host.name = "`turnwise dev`, since there is no turnwise.toml here".to_owned();
            return Ok(host);
        }
        // Who asks a host needs none of its secrets, and may have none.
        let excused = [ABSENT_PLUGINS, ABSENT_SECRETS].concat();
        let (config, _) = load_excusing(&excused, file, &SystemEnvironment)
            .map_err(|errors| Output::wrong_configuration(&errors, false, colour_on_stderr(&SystemEnvironment)))?;
        let mut host = Self::of(&config)?;
        host.name = format!("the host of {}", file.display());
        Ok(host)
    }

    /// What to say where no host listens.
    #[must_use]
    pub fn nobody(&self) -> Output {
        let Self { url, name, .. } = self;
        failure(format!(
            "nobody listens at {url}, where {name} has its admin listener: start it, this is done by the host"
        ))
    }

    /// What `GET path` answers; none where no host listens.
    ///
    /// # Errors
    /// What listens there does not answer like a host.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Output> {
        self.ask(path, self.client.get(format!("{}{path}", self.url))).await
    }

    /// What `DELETE path` answers; none where no host listens.
    ///
    /// # Errors
    /// What listens there does not answer like a host, or refuses: its own words.
    pub async fn delete<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Output> {
        self.ask(path, self.client.delete(format!("{}{path}", self.url))).await
    }

    /// What `POST path` answers; none where no host listens.
    ///
    /// # Errors
    /// What listens there does not answer like a host, or refuses: its own words.
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<Option<T>, Output> {
        let request = self.client.request(Method::POST, format!("{}{path}", self.url));
        let request = request.header("content-type", "application/json").body(body.to_string());
        self.ask(path, request).await
    }

    async fn ask<T: DeserializeOwned>(&self, path: &str, request: RequestBuilder) -> Result<Option<T>, Output> {
        let wrong = |why: &dyn Display| {
            failure(format!("{}{path} does not answer like a host of this version: {why}", self.url))
        };
        let request = self.token.iter().fold(request, |request, token| request.bearer_auth(token));
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) if error.is_connect() => return Ok(None),
            Err(error) => return Err(wrong(&error)),
        };
        let status = answer.status();
        let bytes = answer.bytes().await.map_err(|error| wrong(&error))?;
        if status == StatusCode::UNAUTHORIZED {
            return Err(failure(format!("{}: {UNKNOWN}", self.url)));
        }
        if !status.is_success() {
            let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
            return Err(body["detail"].as_str().map_or_else(|| wrong(&status), |detail| failure(detail.to_owned())));
        }
        serde_json::from_slice(&bytes).map(Some).map_err(|error| wrong(&error))
    }
}

fn failure(why: String) -> Output {
    Output { stderr: format!("error: {why}\n"), code: 1, ..Output::default() }
}

/// Where a listener on all addresses is asked from this machine.
pub(super) fn url(admin: SocketAddr) -> String {
    let ip = if admin.ip().is_unspecified() { Ipv4Addr::LOCALHOST.into() } else { admin.ip() };
    format!("http://{}", SocketAddr::new(ip, admin.port()))
}
