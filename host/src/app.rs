//! The whole host, put together: the only file that knows every adapter.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::admin::guard::Guard;
use crate::admin::{self, Admin, Health};
use crate::braze::{Braze, BrazeError};
use crate::calls::Calls;
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::connections::{Connections, ConnectionsError};
use crate::console::{self, Console};
use crate::conversation::Route;
use crate::conversation::effects::Catalog;
use crate::desk::Remote;
use crate::desk::chatwoot::ChatwootError;
use crate::dispatch::{Dispatch, Settings};
use crate::driver::Driver;
use crate::feed::Feed;
use crate::ingress::listener::Limits;
use crate::ingress::{self, Ingress};
use crate::limits::{PEOPLE_TIDY_INTERVAL, SWEEP_INTERVAL, SWEEP_PIECE_INTERVAL};
use crate::people::{Key, LocalToken, People};
use crate::plugins::{Compiling, EngineError, Folder, Plugins};
use crate::search::{Indexer, Search};
use crate::storage::redb::{OpenError, Redb};
use crate::storage::{Records, Storage, StorageError, Swept};
use crate::telemetry;

mod configured;

use configured::Configured;

/// Why the host does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Storage(#[from] OpenError),
    #[error("the plugin engine does not start: {0}")]
    Plugins(#[from] EngineError),
    #[error("the Braze client cannot be made: {0}")]
    Braze(#[from] BrazeError),
    #[error(transparent)]
    Connections(#[from] ConnectionsError),
    #[error("the token for commands on this machine cannot be written beside the database: {0}")]
    Token(io::Error),
    #[error(transparent)]
    Unreadable(#[from] StorageError),
    #[error(transparent)]
    Desk(#[from] ChatwootError),
    #[error("cannot listen on {addr} ({key} in the configuration): {why}")]
    Listen { addr: SocketAddr, key: &'static str, why: io::Error },
}

/// Why a running host stopped by itself.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error("{0}; nothing more is acknowledged. Mend the disk and start again: everything acknowledged is there")]
    Storage(String),
}

impl From<StorageError> for RunError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error.to_string())
    }
}

/// A host whose parts are ready and whose sockets are bound.
pub struct App {
    config: Config,
    clock: Arc<dyn Clock>,
    storage: Arc<dyn Storage>,
    folder: Folder,
    plugins: Arc<Plugins>,
    health: Arc<Health>,
    braze: Arc<Braze>,
    connections: Arc<Connections>,
    people: Arc<People>,
    /// What opens the first page of the console, if anything does.
    first: Option<Key>,
    /// For commands on this machine, as long as the host runs.
    token: LocalToken,
    desk: Option<Remote>,
    public: TcpListener,
    admin: TcpListener,
}

impl App {
    /// Opens storage, loads plugins and binds; nothing is served yet.
    pub async fn build(config: Config, clock: Arc<dyn Clock>) -> Result<Self, StartError> {
        telemetry::key_log_names(config.braze.api_key.expose());
        let public = bind(config.server.listen, "server.listen").await?;
        let admin = bind(config.server.admin, "server.admin").await?;
        let storage = Arc::new(Redb::open(&config.storage.path, config.storage.settings, clock.now())?);
        let folder = Folder::open(config.plugins.clone(), Compiling::in_processes(), Arc::clone(&clock)).await?;
        let plugins = folder.plugins();
        let bots = config.sources.iter().map(|(source, settings)| (source.clone(), settings.bot.clone())).collect();
        let health = Arc::new(Health::new(Arc::clone(&plugins), bots, Arc::clone(&clock)));
        let braze = Arc::new(Braze::new(&config.braze, Arc::clone(&clock))?);
        let connections = Arc::new(Connections::new(&config.connections, Arc::clone(&clock))?);
        let desk = Remote::new(config.desk.as_ref(), &clock)?;
        let token = LocalToken::write(&config.storage.path).map_err(StartError::Token)?;
        let records = Arc::clone(&storage) as Arc<dyn Records>;
        let people = Arc::new(People::new(records, Arc::clone(&clock), config.dev, Some(&token)));
        let first = people.first_key().await?;
        Ok(Self {
            config,
            clock,
            storage,
            folder,
            plugins,
            health,
            braze,
            connections,
            people,
            first,
            token,
            desk,
            public,
            admin,
        })
    }

    /// Where webhooks go.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.public.local_addr().unwrap_or(self.config.server.listen)
    }

    /// Where operators look.
    #[must_use]
    pub fn admin_addr(&self) -> SocketAddr {
        self.admin.local_addr().unwrap_or(self.config.server.admin)
    }

    /// Where the first admin chooses a password, or whoever runs `dev` gets in; none where somebody can sign in already.
    #[must_use]
    pub fn welcome(&self) -> Option<String> {
        let (key, mut admin) = (self.first.as_ref()?, self.admin_addr());
        // All addresses are none to open; this machine has one of them.
        if admin.ip().is_unspecified() {
            admin.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        Some(format!("http://{admin}/console/welcome?key={}", key.text()))
    }

    /// The plugins that are ready.
    #[must_use]
    pub fn plugins(&self) -> &Plugins {
        &self.plugins
    }

    /// Serves until `shutdown`, then drains: accepts nothing new, finishes the turns under way, ends dispatch after its current calls,
    /// closes the database. What has not begun is there at the next start.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), RunError> {
        let guard = Guard::new(Arc::clone(&self.people), &self.config.server, &self.config.console, self.admin_addr());
        let Self {
            config,
            clock,
            storage,
            folder,
            plugins,
            health,
            braze,
            connections,
            people,
            first: _,
            token,
            desk,
            public,
            admin,
        } = self;
        let limits = Limits::of(&config.server);
        let config = Arc::new(config);

        let mut ingress = Ingress::new(&config.server, &config.sources, Arc::clone(&storage), Arc::clone(&clock));
        if let Some(desk) = &desk {
            ingress = ingress.with_desk(desk.name, desk.webhooks());
        }
        let ingress = Arc::new(ingress);
        let catalog: Arc<dyn Catalog + Send + Sync> =
            Arc::new(Configured::new(Arc::clone(&config), Arc::clone(&plugins)));
        let drain_timeout = config.server.drain_timeout;
        let feed = Feed::default();
        let settings = Settings::new(&config.braze, drain_timeout);
        let dispatch =
            Dispatch::new(Arc::clone(&storage), braze, Arc::clone(&clock), settings, feed.clone(), random_seed());
        let closing = CancellationToken::new();
        let index = Search::folder_of(&config.storage.path);
        let search = Arc::new(Search::new(index, Arc::clone(&storage), Arc::clone(&clock)));
        let indexer = Indexer::new(Arc::clone(&search));
        let watched = feed.subscribe();
        let console = Arc::new(Console::new(
            Arc::clone(&storage),
            Arc::clone(&search),
            Arc::clone(&plugins),
            Arc::clone(&config),
            Arc::clone(&clock),
            feed.clone(),
            Arc::clone(&health),
            dispatch.standings(),
            closing.clone(),
        ));
        let driver = Driver::new(
            Arc::clone(&storage),
            plugins,
            routes(&config),
            catalog,
            Arc::clone(&clock),
            feed.clone(),
            drain_timeout,
        );
        let grants = Arc::clone(&config);
        let denies = Arc::new(move |bot: &str, connection: &str| grants.denies_connection(bot, connection));
        let calls = Calls::new(Arc::clone(&storage), connections, denies, drain_timeout);

        let mut webhooks = Stage::start(|stop| async move {
            ingress::serve(public, ingress, stop).await;
            Ok(())
        });
        let mut turns = Stage::start(|stop| driver.run(stop));
        let mut sends = Stage::start(|stop| dispatch.run(stop));
        let mut requests = Stage::start(|stop| calls.run(stop));
        let mut desk = desk.map(|desk| {
            let (storage, clock) = (Arc::clone(&storage), Arc::clone(&clock));
            Stage::start(move |stop| desk.run(storage, clock, drain_timeout, stop))
        });
        let mut operators = Stage::start({
            let api = Admin {
                health: Arc::clone(&health),
                storage: Arc::clone(&storage),
                clock: Arc::clone(&clock),
                search: Arc::clone(&search),
                acts: console.acts.clone(),
                sources: Arc::new(config.sources.keys().cloned().collect()),
            };
            |stop| async move {
                admin::serve(admin, api, console::routes(console), guard, limits, stop).await;
                Ok(())
            }
        });
        let mut changes = Stage::start(|stop| async move {
            folder.watch(stop).await;
            Ok(())
        });
        let mut tidying = Stage::start(|stop| tidy(people, stop));
        let mut indexing = Stage::start(|stop| async move {
            indexer.run(watched, stop).await;
            Ok(())
        });
        let mut sweeps = Stage::start({
            let storage = Arc::clone(&storage);
            |stop| sweep(storage, clock, stop)
        });

        let failed = tokio::select! {
            () = shutdown => None,
            reason = storage.failed() => Some(reason),
            error = turns.failed() => Some(error.to_string()),
            error = sends.failed() => Some(error.to_string()),
            error = requests.failed() => Some(error.to_string()),
            error = tidying.failed() => Some(error.to_string()),
            error = failed_if_any(desk.as_mut()) => Some(error.to_string()),
            error = sweeps.failed() => Some(error.to_string()),
            error = webhooks.failed() => Some(error.to_string()),
            error = changes.failed() => Some(error.to_string()),
            error = indexing.failed() => Some(error.to_string()),
        };
        if let Some(reason) = failed {
            // Whatever is under way cannot be recorded any more: stop at once, as after a crash.
            health.storage_failed();
            return Err(RunError::Storage(reason));
        }
        health.drain();
        closing.cancel();
        tracing::info!("draining");
        webhooks.stop().await?;
        changes.stop().await?;
        turns.stop().await?;
        requests.stop().await?;
        if let Some(desk) = &mut desk {
            desk.stop().await?;
        }
        sends.stop().await?;
        sweeps.stop().await?;
        tidying.stop().await?;
        drop(token);
        indexing.stop().await?;
        storage.close().await?;
        operators.stop().await?;
        tracing::info!("stopped");
        Ok(())
    }
}

/// One part of the host that runs until it is told to stop.
struct Stage {
    stop: CancellationToken,
    task: JoinSet<Result<(), StorageError>>,
}

impl Stage {
    fn start<F, R>(run: F) -> Self
    where
        F: FnOnce(tokio_util::sync::WaitForCancellationFutureOwned) -> R,
        R: Future<Output = Result<(), StorageError>> + Send + 'static,
    {
        let stop = CancellationToken::new();
        let mut task = JoinSet::new();
        task.spawn(run(stop.clone().cancelled_owned()));
        Self { stop, task }
    }

    /// Resolves only if the part ends by itself with an error.
    async fn failed(&mut self) -> StorageError {
        match self.task.join_next().await {
            Some(Ok(Err(error))) => error,
            Some(Err(panic)) => StorageError::Failed(format!("a part of the host panicked: {panic}")),
            _ => std::future::pending().await,
        }
    }

    async fn stop(&mut self) -> Result<(), StorageError> {
        self.stop.cancel();
        match self.task.join_next().await {
            Some(Ok(result)) => result,
            Some(Err(panic)) => Err(StorageError::Failed(format!("a part of the host panicked: {panic}"))),
            None => Ok(()),
        }
    }
}

/// Never resolves where there is no such part.
async fn failed_if_any(stage: Option<&mut Stage>) -> StorageError {
    match stage {
        Some(stage) => stage.failed().await,
        None => std::future::pending().await,
    }
}

async fn sweep(
    storage: Arc<dyn Storage>,
    clock: Arc<dyn Clock>,
    stop: impl Future<Output = ()>,
) -> Result<(), StorageError> {
    tokio::pin!(stop);
    let mut wait = SWEEP_INTERVAL;
    loop {
        tokio::select! {
            () = &mut stop => return Ok(()),
            () = tokio::time::sleep(wait) => {
                wait = match storage.sweep(clock.now()).await? {
                    Swept::All => SWEEP_INTERVAL,
                    Swept::APiece => SWEEP_PIECE_INTERVAL,
                }
            }
        }
    }
}

async fn tidy(people: Arc<People>, stop: impl Future<Output = ()>) -> Result<(), StorageError> {
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return Ok(()),
            () = tokio::time::sleep(PEOPLE_TIDY_INTERVAL) => people.tidy().await?,
        }
    }
}

async fn bind(addr: SocketAddr, key: &'static str) -> Result<TcpListener, StartError> {
    TcpListener::bind(addr).await.map_err(|why| StartError::Listen { addr, key, why })
}

fn routes(config: &Config) -> HashMap<String, Arc<Route>> {
    let route = |(name, source): (&String, &config::Source)| {
        let route = Route {
            source: name.clone(),
            bot: source.bot.clone(),
            campaign: source.campaign.clone(),
            fallback_text: source.fallback_text.clone(),
            numbered_choices: config.braze.campaigns.get(&source.campaign).is_some_and(|campaign| !campaign.buttons),
            rules: source.rules.clone(),
            idle_timeout: source.idle_timeout,
            carry_over: source.carry_over.clone(),
            commands: source.commands.clone(),
        };
        (name.clone(), Arc::new(route))
    };
    config.sources.iter().map(route).collect()
}

fn random_seed() -> u64 {
    // Only spreads retries of several hosts; without entropy they would merely come together.
    getrandom::u64().unwrap_or_default()
}
