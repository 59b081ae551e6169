//! The configuration of `turnwise dev`: everything on this machine, nothing to write.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::read::{TEXT_PROPERTY, defaults};
use super::{Campaign, Config, Connection, Desk, Header, Secret, Source};

/// Of source and sandbox alike; dev listens on loopback only, where a secret would keep nobody out.
pub const DEV_SECRET: &str = "dev";

/// What `turnwise dev` can be told.
#[derive(Clone, Debug)]
pub struct DevOptions {
    pub listen: SocketAddr,
    pub admin: SocketAddr,
    /// Where the sandbox plays Braze.
    pub sandbox: SocketAddr,
    /// Who answers.
    pub bot: String,
    pub plugins_dir: PathBuf,
    pub data_dir: PathBuf,
}

impl DevOptions {
    /// What `turnwise dev` does where it is told nothing.
    #[must_use]
    pub fn usual() -> Self {
        let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Self {
            listen: at(8080),
            admin: at(8081),
            sandbox: at(8082),
            bot: "menu".to_owned(),
            plugins_dir: "plugins".into(),
            data_dir: ".turnwise".into(),
        }
    }
}

impl Config {
    /// One source, `whatsapp`, answered by one bot through the sandbox's campaign `reply`. Every plugin may call the sandbox's language
    /// model, `llm`, and its shop, `shop`.
    #[must_use]
    pub fn dev(options: DevOptions) -> Self {
        let mut config = defaults();
        config.dev = true;
        config.server.listen = options.listen;
        config.server.admin = options.admin;
        config.storage.path = options.data_dir.join("turnwise.redb");
        config.plugins.dir = options.plugins_dir;
        config.plugins.cache = Some(options.data_dir.join("cache"));
        config.braze.endpoint = format!("http://{}", options.sandbox);
        config.braze.api_key = Secret::new(DEV_SECRET);
        let reply = Campaign { id: "reply".to_owned(), text_property: TEXT_PROPERTY.to_owned(), buttons: true };
        config.braze.campaigns.insert("reply".to_owned(), reply);
        let source = Source::answered_by(options.bot, vec![Secret::new(DEV_SECRET)]);
        config.sources.insert("whatsapp".to_owned(), source);
        for (name, below, method, path) in
            [("llm", "llm/v1", "POST", "/chat/completions"), ("shop", "shop", "GET", "/orders/")]
        {
            let connection = of_sandbox(options.sandbox, below, method, path);
            config.connections.insert(name.to_owned(), connection);
            config.connections_of_all.push(name.to_owned());
        }
        config.desk = Some(Desk::built_in());
        config
    }
}

/// What bots like to call, played by the sandbox.
fn of_sandbox(sandbox: SocketAddr, below: &str, method: &str, path: &str) -> Connection {
    let key = Header {
        name: "authorization".to_owned(),
        value: Secret::new(format!("Bearer {DEV_SECRET}")),
        secrets: vec![Secret::new(DEV_SECRET)],
    };
    Connection {
        headers: vec![key],
        methods: vec![method.to_owned()],
        paths: vec![path.to_owned()],
        allow_private: vec![sandbox.ip().into()],
        ..Connection::to(format!("http://{sandbox}/{below}"))
    }
}
