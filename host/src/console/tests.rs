//! The pages over the real router, storage in a temporary folder: what they say, and that nothing in them runs.

mod made;
mod shell;

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::Response;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::{Console, routes};
use crate::admin::Health;
use crate::clock::MovableClock;
use crate::clock::SystemClock;
use crate::config::dev::DevOptions;
use crate::config::{Config, PluginLimits};
use crate::feed::Feed;
use crate::people::{Auditor, Caller, People, Role};
use crate::plugins::Plugins;
use crate::search::Search;
use crate::storage::Records;

use crate::storage::redb;

/// What tries to run in whatever it is shown in.
pub(crate) const HOSTILE: [&str; 8] = [
    "<script>document.title='pwned'</script>",
    "<img src=x onerror=\"document.title='pwned'\">",
    "\"><svg onload=document.title='pwned'>",
    "' onmouseover='document.title=1",
    "javascript:document.title='pwned'",
    "</textarea></pre></title><script>pwned()</script>",
    "{{7*7}}${7*7}<%= 7*7 %>",
    "\u{202e}gnp.exe\u{0}\u{1b}[31m<b id=pwned>",
];

/// A console over its own storage.
pub(crate) struct Site {
    pub(crate) console: Arc<Console>,
    pub(crate) clock: Arc<MovableClock>,
    pub(crate) people: Arc<People>,
    caller: Caller,
    router: Router,
    _folder: TempDir,
}

/// An answer, read.
pub(crate) struct Seen {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Site {
    /// Nothing happened yet, and there is no plugin.
    pub(crate) fn open() -> Self {
        Self::with(|_| {})
    }

    /// With a configuration of its own.
    pub(crate) fn with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut config = dev(folder.path());
        change(&mut config);
        let clock = Arc::new(MovableClock::over(Arc::new(SystemClock)));
        let file = folder.path().join("turnwise.redb");
        let storage =
            redb::Redb::open(&file, redb::Settings::default(), crate::clock::Clock::now(&*clock)).expect("storage");
        let plugins = Arc::new(Plugins::new(PluginLimits::default().memory_bytes_max).expect("an engine"));
        let bots = config.sources.iter().map(|(name, source)| (name.clone(), source.bot.clone())).collect();
        let health = Arc::new(Health::new(Arc::clone(&plugins), bots, clock.clone()));
        let storage = Arc::new(storage);
        let search = Arc::new(Search::new(Search::folder_of(&file), storage.clone(), clock.clone()));
        let console = Arc::new(Console::new(
            storage,
            search,
            plugins,
            Arc::new(config),
            clock.clone(),
            Feed::default(),
            health,
            Arc::default(),
            CancellationToken::new(),
        ));
        let people = Arc::new(People::new(Arc::clone(&console.storage) as Arc<dyn Records>, clock.clone(), true, None));
        let caller = Caller { role: Role::Admin, ..Caller::dev() };
        Self { router: routes(Arc::clone(&console)), console, clock, _folder: folder, people, caller }
    }

    /// As somebody with this role from now on.
    pub(crate) fn as_a(&mut self, role: Role) {
        self.caller = Caller { id: role.name().to_owned(), name: format!("A {role}"), role };
    }

    pub(crate) async fn get(&self, path: &str) -> Seen {
        self.send(Request::get(path).body(Body::empty()).expect("a request")).await
    }

    /// As a form sends it.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Seen {
        let mut body = String::new();
        for (name, value) in fields {
            let value = percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC);
            body += &format!("{}{name}={value}", if body.is_empty() { "" } else { "&" });
        }
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body)).expect("a request")).await
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Seen {
        let response = self.answer(request).await;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a whole body");
        Seen { status, headers, text: String::from_utf8(body.to_vec()).expect("UTF-8") }
    }
}

impl Site {
    /// As the guard lets it through.
    pub(crate) async fn answer(&self, mut request: Request<Body>) -> Response {
        let from = Ipv4Addr::LOCALHOST.into();
        let auditor = Auditor::new(Arc::clone(&self.people), self.caller.clone(), from);
        request.extensions_mut().insert(auditor);
        request.extensions_mut().insert(self.caller.clone());
        self.router.clone().oneshot(request).await.expect("routers answer")
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // The file is gone with its folder; closing it in order would only take time.
        self.console.closing.cancel();
    }
}

impl Seen {
    /// A page that is fine.
    pub(crate) fn page(self) -> String {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text);
        self.text
    }

    /// Where the action led, and what it said.
    pub(crate) fn done(&self) -> (String, String) {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.text);
        let header = |name| self.headers[name].to_str().expect("ASCII").to_owned();
        let cookie = header(header::SET_COOKIE);
        let said = cookie.split(['=', ';']).nth(1).expect("a flash message");
        let said = percent_encoding::percent_decode_str(said).decode_utf8().expect("UTF-8").into_owned();
        (header(header::LOCATION), said)
    }

    /// Why it was refused.
    pub(crate) fn refused(&self, status: StatusCode) -> String {
        assert_eq!(self.status, status, "{}", self.text);
        let (_, rest) = self.text.split_once("data-error>").expect("a reason");
        rest.split('<').next().unwrap_or_default().to_owned()
    }
}

/// Nothing of the hostile texts is markup on the page, however they are spelled in it.
pub(crate) fn is_inert(page: &str) {
    let body = page.split_once("<main").expect("a page").1;
    for tag in ["<script", "<img src=x", "<svg onload", "<b id=pwned", "href=\"javascript:"] {
        assert!(!body.contains(tag), "{tag} is markup in {page}");
    }
    // Of a tag, without what stands between its quotes, which are all double.
    for tag in body.split('<').skip(1).filter_map(|rest| rest.split('>').next()) {
        let names: String = tag.split('"').step_by(2).collect();
        assert!(!names.contains(" on"), "<{tag}> has a handler");
    }
}

fn dev(folder: &Path) -> Config {
    let any = "127.0.0.1:0".parse().expect("an address");
    Config::dev(DevOptions {
        listen: any,
        admin: any,
        sandbox: any,
        bot: "menu".to_owned(),
        plugins_dir: folder.join("plugins"),
        data_dir: folder.to_owned(),
    })
}
