//! One line of the list of plugins: what operators are told of a bot, over HTTP and on the command line.

use serde::{Deserialize, Serialize};

use super::inspect::hex;
use super::registry::Standing;
use super::shadow::Shadowed;

/// What serves, what it is, and what is wrong with its file. Of a bot without a plugin only the name, the file and the problem.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    pub name: String,
    pub file: String,
    pub serving: bool,
    /// Why the file as it is now is not what serves.
    pub problem: Option<String>,
    /// Of what serves, as everything below.
    pub sha256: Option<String>,
    /// As its manifest says.
    pub version: Option<String>,
    /// What it was built for, e.g. "turnwise:bot@0.1.0".
    pub contract: Option<String>,
    pub state_version: Option<u32>,
    /// Where a conversation can stand.
    pub steps: Vec<String>,
    /// The file's size in bytes.
    pub size: Option<usize>,
    /// Milliseconds since 1970: when it took over.
    pub since: Option<u64>,
    pub compile_ms: Option<u64>,
    /// It mostly fails and is not asked.
    pub stopped: Option<Stopped>,
    /// Of a candidate that is only watched: how it would have answered.
    pub shadow: Option<Shadowed>,
}

/// A plugin that is not asked for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopped {
    /// Milliseconds since 1970.
    pub since: u64,
    /// When one turn tries it again, likewise.
    pub until: u64,
    /// What its last turn failed of, e.g. "trapped".
    pub failure: String,
}

impl Listed {
    #[must_use]
    pub fn of(name: &str, standing: &Standing) -> Self {
        let problem = standing.problem.clone();
        let file = standing.file.display().to_string();
        let listed = Self { name: name.to_owned(), file, problem, ..Self::default() };
        let Some(serving) = &standing.serving else { return listed };
        let plugin = &serving.plugin;
        Self {
            serving: true,
            sha256: Some(hex(&plugin.digest)),
            version: plugin.version().map(str::to_owned),
            contract: Some(plugin.contract.clone()),
            state_version: plugin.state_version(),
            steps: plugin.manifest.as_ref().map_or_else(Vec::new, |manifest| manifest.steps.clone()),
            size: Some(plugin.file_bytes),
            since: Some(serving.since.0),
            compile_ms: u64::try_from(plugin.compile_time.as_millis()).ok(),
            stopped: plugin.breaker.opened().map(|opened| Stopped {
                since: opened.since.0,
                until: opened.until.0,
                failure: opened.kind.to_owned(),
            }),
            shadow: plugin.shadow.counts(),
            ..listed
        }
    }
}
