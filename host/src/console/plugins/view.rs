//! What the page shows of each bot.

use std::collections::{BTreeMap, BTreeSet};

use crate::clock::Timestamp;
use crate::config::{Config, PluginLimits};
use crate::console::Console;
use crate::conversation::Version;
use crate::conversation::release::{CandidateRule, ReleaseRule};
use crate::plugins::{Listed, Manifest, Standing};

/// A bot with all its versions.
pub(super) struct Bot {
    pub(super) name: String,
    /// The sources whose messages it gets.
    pub(super) sources: Vec<String>,
    pub(super) stable: Option<Shown>,
    pub(super) candidate: Option<Shown>,
    pub(super) previous: Option<Shown>,
    /// What is done with a candidate.
    pub(super) rule: String,
    pub(super) sessions: &'static str,
    pub(super) connections: Vec<Grant>,
    pub(super) campaigns: Vec<Grant>,
    /// Names only: what they hold may be nobody's business.
    pub(super) settings: Vec<String>,
    pub(super) limits: PluginLimits,
}

/// One version.
pub(super) struct Shown {
    pub(super) listed: Listed,
    pub(super) manifest: Option<Manifest>,
    pub(super) since: Timestamp,
}

/// Something a plugin may reach for.
pub(super) struct Grant {
    pub(super) name: String,
    pub(super) granted: bool,
    /// Its manifest says it wants it.
    pub(super) wanted: bool,
}

impl Shown {
    fn of(name: &str, standing: &Standing) -> Self {
        let plugin = standing.serving.as_ref().map(|serving| &serving.plugin);
        Self {
            listed: Listed::of(name, standing),
            manifest: plugin.and_then(|plugin| plugin.manifest.clone()),
            since: standing.serving.as_ref().map(|serving| serving.since).unwrap_or_default(),
        }
    }

    pub(super) fn digest(&self) -> String {
        self.listed.sha256.as_deref().unwrap_or_default().chars().take(12).collect()
    }

    pub(super) fn sha256(&self) -> &str {
        self.listed.sha256.as_deref().unwrap_or_default()
    }

    pub(super) fn version(&self) -> &str {
        self.listed.version.as_deref().filter(|version| !version.is_empty()).unwrap_or("no version")
    }

    /// Milliseconds since 1970, for the next turn that tries a stopped plugin.
    pub(super) fn probe_at(&self) -> u64 {
        self.listed.stopped.as_ref().map_or(0, |stopped| stopped.until)
    }
}

impl Bot {
    fn of(config: &Config, name: &str, standings: &BTreeMap<String, Standing>) -> Self {
        let shown = |version: Version| {
            let plugin = version.plugin(name);
            standings.get(&plugin).map(|standing| Shown::of(&plugin, standing))
        };
        let stable = shown(Version::Stable);
        let candidate = shown(Version::Candidate);
        let configured = config.plugins.named.get(name);
        let release = configured.map_or_else(ReleaseRule::default, |plugin| plugin.release);
        let manifests = || [&stable, &candidate].into_iter().flatten().filter_map(|shown| shown.manifest.as_ref());
        let wanted_connections: BTreeSet<&str> =
            manifests().flat_map(|manifest| &manifest.connections).map(String::as_str).collect();
        let wanted_campaigns: BTreeSet<&str> =
            manifests().flat_map(|manifest| &manifest.campaigns).map(String::as_str).collect();
        let known = config.braze.campaigns.keys().chain(config.braze.canvases.keys());
        let connections = grants(config.connections.keys(), &wanted_connections, |connection| {
            config.denies_connection(name, connection).is_none()
        });
        let campaigns = grants(known, &wanted_campaigns, |campaign| {
            config.denies_campaign(name, campaign).is_none() || config.denies_canvas(name, campaign).is_none()
        });
        Self {
            name: name.to_owned(),
            sources: config
                .sources
                .iter()
                .filter(|(_, source)| source.bot == name)
                .map(|(name, _)| name.clone())
                .collect(),
            previous: shown(Version::Previous),
            stable,
            candidate,
            rule: match release.candidate {
                CandidateRule::Shadow => {
                    "It is only watched: it gets every event, and nothing of what it decides is done.".to_owned()
                }
                CandidateRule::Canary { percent } => format!("It has {percent} % of the sessions that begin."),
            },
            sessions: release.sessions.name(),
            connections,
            campaigns,
            settings: configured
                .map_or_else(Vec::new, |plugin| plugin.settings.iter().map(|setting| setting.name.clone()).collect()),
            limits: configured.map_or_else(PluginLimits::default, |plugin| plugin.limits),
        }
    }
}

/// What is granted, and what is wanted and is not.
fn grants<'a>(
    known: impl Iterator<Item = &'a String>,
    wanted: &BTreeSet<&'a str>,
    granted: impl Fn(&str) -> bool,
) -> Vec<Grant> {
    let names: BTreeSet<&str> = known.map(String::as_str).chain(wanted.iter().copied()).collect();
    let grants = names.into_iter().map(|name| Grant {
        granted: granted(name),
        wanted: wanted.contains(name),
        name: name.to_owned(),
    });
    grants.filter(|grant| grant.granted || grant.wanted).collect()
}

/// All bots, those that a source leads to first, and what is wrong with the folder.
pub(super) fn bots(console: &Console) -> (Vec<Bot>, Option<String>) {
    let mut standings = console.plugins.standings();
    let problem = standings.remove("*").and_then(|folder| folder.problem);
    let loaded = standings.keys().filter_map(|plugin| Version::of_plugin(plugin)).map(|(bot, _)| bot);
    let routed = console.config.sources.values().map(|source| source.bot.as_str());
    let names: BTreeSet<&str> = loaded.chain(routed).collect();
    let mut bots: Vec<Bot> = names.into_iter().map(|name| Bot::of(&console.config, name, &standings)).collect();
    bots.sort_by_key(|bot| bot.sources.is_empty());
    (bots, problem)
}
