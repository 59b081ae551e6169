//! Which plugin answers for which bot, and what is wrong with the file it should come from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use super::load::Plugin;
use super::look::Digest;
use crate::clock::Timestamp;

/// All bots. Read by every turn, written only when something changes.
#[derive(Default)]
pub(super) struct Registry {
    bots: RwLock<BTreeMap<String, Standing>>,
}

/// How one bot stands.
#[derive(Clone, Default)]
pub struct Standing {
    /// Where its plugin is to come from.
    pub file: PathBuf,
    pub serving: Option<Serving>,
    /// Why the file as it is now cannot serve.
    pub problem: Option<String>,
    /// The content that the problem is of, where it is the content's.
    pub(super) refused: Option<Digest>,
}

/// What its turns are answered by.
#[derive(Clone)]
pub struct Serving {
    pub plugin: Arc<Plugin>,
    /// When it took over.
    pub since: Timestamp,
}

impl Registry {
    pub(super) fn get(&self, bot: &str) -> Option<Arc<Plugin>> {
        let bots = self.bots.read().unwrap_or_else(PoisonError::into_inner);
        bots.get(bot)?.serving.as_ref().map(|serving| Arc::clone(&serving.plugin))
    }

    /// The bots that have a plugin.
    pub(super) fn names(&self) -> Vec<String> {
        let bots = self.bots.read().unwrap_or_else(PoisonError::into_inner);
        bots.iter().filter(|(_, standing)| standing.serving.is_some()).map(|(name, _)| name.clone()).collect()
    }

    /// The turns that begin from now on are this plugin's; returns the one before it.
    pub(super) fn activate(&self, plugin: Arc<Plugin>, now: Timestamp) -> Option<Arc<Plugin>> {
        let (name, file) = (plugin.name.clone(), plugin.file.clone());
        let serving = Some(Serving { plugin, since: now });
        let standing = Standing { file, serving, problem: None, refused: None };
        let before = self.bots.write().unwrap_or_else(PoisonError::into_inner).insert(name, standing);
        before?.serving.map(|serving| serving.plugin)
    }

    /// Notes what is wrong with a bot's file; whatever serves goes on. Returns whether it was not known yet.
    pub(super) fn complain(&self, bot: &str, file: &Path, problem: String, refused: Option<Digest>) -> bool {
        let mut bots = self.bots.write().unwrap_or_else(PoisonError::into_inner);
        let standing = bots.entry(bot.to_owned()).or_default();
        let new = standing.problem.as_ref() != Some(&problem);
        file.clone_into(&mut standing.file);
        standing.problem = Some(problem);
        standing.refused = refused;
        new
    }

    /// The bot's file is well again; returns whether it was not.
    pub(super) fn clear(&self, bot: &str) -> bool {
        let mut bots = self.bots.write().unwrap_or_else(PoisonError::into_inner);
        bots.get_mut(bot).is_some_and(|standing| {
            standing.refused = None;
            standing.problem.take().is_some()
        })
    }

    pub(super) fn remove(&self, bot: &str) -> Option<Standing> {
        self.bots.write().unwrap_or_else(PoisonError::into_inner).remove(bot)
    }

    pub(super) fn standing(&self, bot: &str) -> Option<Standing> {
        self.bots.read().unwrap_or_else(PoisonError::into_inner).get(bot).cloned()
    }

    /// Every bot there is or should be.
    pub(super) fn all(&self) -> BTreeMap<String, Standing> {
        self.bots.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
