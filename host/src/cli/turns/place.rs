//! Which host, which data and which plugins are meant.

use std::path::{Path, PathBuf};

use super::Source;
use crate::cli::output::{Output, colour_on_stderr};
use crate::cli::{host, token};
use crate::config::{self, ABSENT_PLUGINS, ABSENT_SECRETS, SystemEnvironment, load_excusing};

const CONFIG: &str = "turnwise.toml";
/// Where `turnwise dev` is and keeps its data where it is told nothing else.
const DEV_ADMIN: &str = "http://127.0.0.1:8081";
const DEV_DATA: &str = ".turnwise";
const DATA_FILE: &str = "turnwise.redb";
const PLUGINS: &str = "plugins";

/// Where to look.
#[derive(Debug)]
pub struct Place {
    /// Of its admin listener, without a slash at the end.
    pub(super) host: Option<String>,
    /// What it is shown.
    pub(super) token: Option<String>,
    pub(super) data: Option<PathBuf>,
    pub(super) journal: Option<PathBuf>,
    pub plugins: config::Plugins,
}

impl Place {
    /// # Errors
    /// The configuration is wrong: what to print.
    pub fn of(source: &Source) -> Result<Self, Output> {
        let file = source.config.clone().unwrap_or_else(|| PathBuf::from(CONFIG));
        let mut place = if source.config.is_some() || file.is_file() { configured(&file)? } else { dev() };
        if let Some(dir) = &source.plugins {
            place.plugins = folder(dir);
        }
        if source.host.is_some() || source.data.is_some() || source.journal.is_some() {
            place.host = source.host.as_deref().map(url);
            place.token = token::given();
            place.data = source.data.as_deref().map(data_file);
            place.journal.clone_from(&source.journal);
        }
        Ok(place)
    }
}

fn configured(file: &Path) -> Result<Place, Output> {
    // Looking at turns needs no secrets, and who looks may have none.
    let excused = [ABSENT_PLUGINS, ABSENT_SECRETS].concat();
    let (config, _) = load_excusing(&excused, file, &SystemEnvironment)
        .map_err(|errors| Output::wrong_configuration(&errors, false, colour_on_stderr(&SystemEnvironment)))?;
    // A cache made by whoever looks would not be the host's own.
    let cache = config.plugins.cache.filter(|dir| dir.is_dir());
    let plugins = config::Plugins { cache, ..config.plugins };
    let host = Some(host::url(config.server.admin));
    let token = token::beside(&config.storage.path);
    Ok(Place { host, token, data: Some(config.storage.path), journal: None, plugins })
}

fn dev() -> Place {
    let cache = Some(Path::new(DEV_DATA).join("cache")).filter(|dir| dir.is_dir());
    let plugins = config::Plugins { cache, ..folder(Path::new(PLUGINS)) };
    let data = data_file(Path::new(DEV_DATA));
    let token = token::beside(&data);
    Place { host: Some(DEV_ADMIN.to_owned()), token, data: Some(data), journal: None, plugins }
}

fn folder(dir: &Path) -> config::Plugins {
    config::Plugins { dir: dir.to_owned(), cache: None, named: Default::default() }
}

fn data_file(path: &Path) -> PathBuf {
    if path.is_dir() { path.join(DATA_FILE) } else { path.to_owned() }
}

fn url(host: &str) -> String {
    let host = host.trim_end_matches('/');
    if host.contains("://") { host.to_owned() } else { format!("http://{host}") }
}
