//! What each plugin was given: `[plugins.NAME] connections` and `campaigns`.

use super::Config;

impl Config {
    /// Why the plugin of this name may not call a connection, in words for its author; none where it may.
    #[must_use]
    pub fn denies_connection(&self, plugin: &str, connection: &str) -> Option<String> {
        if !self.connections.contains_key(connection) {
            return Some(format!("no connection {connection:?} is configured: there is no [connections.{connection}]"));
        }
        let own = self.plugins.named.get(plugin).map(|plugin| plugin.connections.as_slice()).unwrap_or_default();
        let granted = own.iter().chain(&self.connections_of_all).any(|granted| granted == connection);
        (!granted).then(|| {
            format!("the plugin was not given the connection {connection:?}: [plugins.{plugin}] connections does not name it")
        })
    }

    /// Why the plugin of this name may not trigger a campaign, in words for its author; none where it may.
    #[must_use]
    pub fn denies_campaign(&self, plugin: &str, campaign: &str) -> Option<String> {
        let place = format!("[braze.campaigns.{campaign}]");
        self.denies_send(plugin, "campaign", campaign, self.braze.campaigns.contains_key(campaign), &place)
    }

    /// Why the plugin of this name may not let users enter a Canvas, in words for its author; none where it may.
    #[must_use]
    pub fn denies_canvas(&self, plugin: &str, canvas: &str) -> Option<String> {
        let place = format!("[braze.canvases.{canvas}]");
        self.denies_send(plugin, "Canvas", canvas, self.braze.canvases.contains_key(canvas), &place)
    }

    fn denies_send(&self, plugin: &str, what: &str, name: &str, is_known: bool, place: &str) -> Option<String> {
        if !is_known {
            return Some(format!("no {what} named {name:?} is configured: there is no {place}"));
        }
        (!self.grants_campaign(plugin, name)).then(|| {
            format!("the plugin was not given the {what} {name:?}: [plugins.{plugin}] campaigns does not name it")
        })
    }

    /// Whether the plugin of this name may trigger this campaign or Canvas: all if none are listed for it, and in any case those that
    /// sources reply through, which its replies go through anyway.
    #[must_use]
    pub(super) fn grants_campaign(&self, plugin: &str, campaign: &str) -> bool {
        let listed = self.plugins.named.get(plugin).and_then(|plugin| plugin.campaigns.as_ref());
        listed.is_none_or(|listed| listed.iter().any(|listed| listed == campaign))
            || self.sources.values().any(|source| source.campaign == campaign)
    }
}
