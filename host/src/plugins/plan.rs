//! What is to be done about a plugin's file, decided from what serves and what was found. Knows no files and no time.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::inspect::Problem;
use super::load::Wanted;
use super::look::Digest;
use crate::config::{self, PluginLimits, is_name};
use crate::conversation::Version;

/// Ends the name of a file that was taken out of service and is kept; no host loads it.
pub const WITHDRAWN: &str = "@withdrawn";

/// What is known of a bot before its file is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// Whether the configuration names it, so that it is missed where it is not.
    pub configured: bool,
    /// A candidate or a previous version: whoever takes its file away wants it gone.
    pub is_extra: bool,
    /// The only content that may be loaded.
    pub pinned: Option<Digest>,
    /// The content its turns are answered by.
    pub serving: Option<Digest>,
    /// The content that was tried last and cannot serve.
    pub refused: Option<Digest>,
}

/// What a look at its file found.
#[derive(Debug)]
pub(super) enum Found {
    Content(Digest),
    Missing,
    Faulty(Problem),
}

/// What to do about it. Whatever it is, what serves goes on serving until something better is ready.
#[derive(Debug)]
pub(super) enum Step {
    /// The file is what serves: all is well.
    Keep,
    /// The file is new: compile it, try it, and put it in the place of what serves.
    Load,
    /// Nothing has changed since this was said.
    Nothing,
    /// The file cannot serve. Say so once.
    Report(Problem),
    /// Neither file nor plugin is there, and nobody asked for one.
    Forget,
}

/// The plugin's bot, and which version of it the plugin is; none where no plugin can be called so.
pub(super) fn bot(plugin: &str) -> Option<(&str, Version)> {
    Version::of_plugin(plugin).filter(|(bot, _)| is_name(bot))
}

pub(super) fn step(known: Known, found: Found) -> Step {
    match found {
        Found::Content(digest) if known.pinned.is_some_and(|pinned| pinned != digest) => match known.pinned {
            Some(pinned) if known.refused != Some(digest) => {
                Step::Report(Problem::OtherDigest { found: digest, pinned })
            }
            _ => Step::Nothing,
        },
        Found::Content(digest) if known.serving == Some(digest) => Step::Keep,
        Found::Content(digest) if known.refused == Some(digest) => Step::Nothing,
        Found::Content(_) => Step::Load,
        Found::Missing if known.is_extra => Step::Forget,
        Found::Missing if known.serving.is_some() => Step::Report(Problem::Gone),
        Found::Missing if known.configured => Step::Report(Problem::Missing),
        Found::Missing => Step::Forget,
        Found::Faulty(problem) => Step::Report(problem),
    }
}

/// The plugins there should be: those the configuration names, those whose files are in the folder, those that are known
/// already. Each comes with what the configuration says of it. Files of the folder whose names no bot can have come apart.
pub(super) fn wanted(
    config: &config::Plugins,
    in_folder: &[PathBuf],
    known: &BTreeMap<String, PathBuf>,
) -> (Vec<Wanted>, BTreeMap<String, PathBuf>) {
    let named = |(name, plugin): (&String, &config::Plugin)| Wanted {
        name: name.clone(),
        file: plugin.file.clone(),
        settings: plugin.settings.clone(),
        limits: plugin.limits,
    };
    let mut wanted: Vec<Wanted> = config.named.iter().map(named).collect();
    let by_stem = |file: &PathBuf| (file.file_stem().unwrap_or_default().to_string_lossy().into_owned(), file.clone());
    let (found, misnamed): (Vec<_>, Vec<_>) = in_folder.iter().map(by_stem).partition(|(name, _)| bot(name).is_some());
    let known = known.iter().filter(|(name, _)| bot(name).is_some()).map(|(name, file)| (name.clone(), file.clone()));
    for (name, file) in found.into_iter().chain(known) {
        if !wanted.iter().any(|other| other.name == name || other.file == file) {
            let configured = bot(&name).and_then(|(bot, _)| config.named.get(bot));
            let settings = configured.map_or_else(Vec::new, |plugin| plugin.settings.clone());
            let limits = configured.map_or_else(PluginLimits::default, |plugin| plugin.limits);
            wanted.push(Wanted { name, file, settings, limits });
        }
    }
    // What takes the bot's name is ready before what had another is gone.
    wanted.sort_by_key(|wanted| is_extra(&wanted.name));
    let mut misnamed: BTreeMap<_, _> = misnamed.into_iter().collect();
    misnamed.retain(|name, _| !name.strip_suffix(WITHDRAWN).is_some_and(is_name));
    misnamed.retain(|_, file| !wanted.iter().any(|other| other.file == *file));
    (wanted, misnamed)
}

/// Whether the plugin is a version beside the one that has its bot's name.
pub(super) fn is_extra(plugin: &str) -> bool {
    bot(plugin).is_some_and(|(_, version)| version != Version::Stable)
}

#[cfg(test)]
mod tests;
