//! What every page has: who looks at it, where it is, what was just done, and headers that let nothing foreign run.
//!
//! ```ignore
//! #[derive(askama::Template)]
//! #[template(path = "plugins.html")]
//! struct Listing { page: Page, bots: Vec<Bot> }
//!
//! async fn listing(State(console): State<Arc<Console>>, page: Page) -> Result<Response, Trouble> {
//!     let page = page.titled("Plugins");
//!     html(&Listing { page, bots: … })
//! }
//! ```

use std::sync::Arc;

use askama::Template;
use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::Console;
use super::assets::ASSETS;
use super::trouble::Trouble;
use crate::clock::Timestamp;
use crate::limits::CONSOLE_FLASH_CHARS_MAX;
use crate::people::{Caller, Role};

/// Nothing inline, nothing from elsewhere; markup is made of text by one policy of our script only.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
                      trusted-types turnwise";

/// Holds what was just done until the next page has said it.
const FLASH_COOKIE: &str = "turnwise_flash";

/// Says that a region is fetched by the script, not a page by a person.
const REGION_HEADER: &str = "x-turnwise-region";

/// A place in the navigation.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub name: &'static str,
    pub path: &'static str,
    /// Pressed after `g`.
    pub key: char,
    /// The symbol's id in `base.html`, without `icon-`.
    pub icon: &'static str,
    /// Whether a phone's bar has room for it.
    pub is_first: bool,
    pub needs: Role,
}

/// The pages, in the order they are shown.
pub const PLACES: [Place; 10] = [
    Place { name: "Inbox", path: "/console/inbox", key: 'i', icon: "inbox", is_first: true, needs: Role::Viewer },
    Place {
        name: "Conversations",
        path: "/console/conversations",
        key: 'c',
        icon: "chats",
        is_first: true,
        needs: Role::Viewer,
    },
    Place {
        name: "Simulator",
        path: "/console/simulator",
        key: 's',
        icon: "phone",
        is_first: true,
        needs: Role::Operator,
    },
    Place {
        name: "State graph",
        path: "/console/graph",
        key: 'g',
        icon: "graph",
        is_first: false,
        needs: Role::Viewer,
    },
    Place { name: "Plugins", path: "/console/plugins", key: 'p', icon: "plug", is_first: true, needs: Role::Viewer },
    Place { name: "Outbox", path: "/console/outbox", key: 'o', icon: "outbox", is_first: false, needs: Role::Viewer },
    Place {
        name: "Analytics",
        path: "/console/analytics",
        key: 'a',
        icon: "chart",
        is_first: false,
        needs: Role::Viewer,
    },
    Place { name: "Setup", path: "/console/setup", key: 'u', icon: "gear", is_first: false, needs: Role::Viewer },
    Place { name: "People", path: "/console/people", key: 'e', icon: "people", is_first: false, needs: Role::Admin },
    Place { name: "Audit log", path: "/console/audit", key: 'l', icon: "list", is_first: false, needs: Role::Admin },
];

/// What every template's field `page` is.
#[derive(Clone, Debug)]
pub struct Page {
    pub caller: Caller,
    /// Where it is, e.g. `/console/plugins`.
    pub path: String,
    pub title: String,
    /// What was just done.
    pub flash: Option<String>,
    /// The host's time, which `turnwise dev` can turn.
    pub now: Timestamp,
}

impl FromRequestParts<Arc<Console>> for Page {
    type Rejection = <Caller as FromRequestParts<Arc<Console>>>::Rejection;

    async fn from_request_parts(parts: &mut Parts, console: &Arc<Console>) -> Result<Self, Self::Rejection> {
        let caller = Caller::from_request_parts(parts, console).await?;
        let is_region = parts.headers.contains_key(REGION_HEADER);
        let flash = if is_region { None } else { flash_of(&parts.headers) };
        Ok(Self { caller, path: parts.uri.path().to_owned(), title: String::new(), flash, now: console.clock.now() })
    }
}

impl Page {
    #[must_use]
    pub fn titled(self, title: impl Into<String>) -> Self {
        Self { title: title.into(), ..self }
    }

    /// Whether the caller may do what needs this role; templates leave out what they may not.
    #[must_use]
    pub fn may(&self, needs: &Role) -> bool {
        self.caller.role >= *needs
    }

    #[must_use]
    pub fn is_operator(&self) -> bool {
        self.may(&Role::Operator)
    }

    /// Whether the caller answers users.
    #[must_use]
    pub fn is_agent(&self) -> bool {
        self.may(&Role::Agent)
    }

    /// Ends what the caller may not do.
    ///
    /// # Errors
    /// 403
    pub fn needs(&self, role: Role) -> Result<(), Trouble> {
        if self.may(&role) { Ok(()) } else { Err(Trouble::forbidden(role)) }
    }

    /// The places this caller can go to.
    #[must_use]
    pub fn places(&self) -> Vec<Place> {
        PLACES.into_iter().filter(|place| self.may(&place.needs)).collect()
    }

    #[must_use]
    pub fn is_at(&self, place: &Place) -> bool {
        self.path == place.path || self.path.strip_prefix(place.path).is_some_and(|rest| rest.starts_with('/'))
    }

    /// Of the caller's name, for where a picture would be.
    #[must_use]
    pub fn initial(&self) -> String {
        self.caller.name.chars().next().map_or_else(|| "?".to_owned(), |first| first.to_uppercase().to_string())
    }

    #[must_use]
    pub fn role(&self) -> &'static str {
        self.caller.role.name()
    }

    #[must_use]
    pub fn css(&self) -> &'static str {
        &ASSETS.css.path
    }

    #[must_use]
    pub fn script(&self) -> &'static str {
        &ASSETS.script.path
    }

    #[must_use]
    pub fn icon(&self) -> &'static str {
        &ASSETS.icon.path
    }
}

/// A rendered page with its headers.
///
/// # Errors
/// The template failed, which only a formatter of ours can bring about.
pub fn html(template: &impl Template) -> Result<Response, Trouble> {
    let text = template.render().map_err(|error| Trouble::broken(&error))?;
    Ok(with_headers(StatusCode::OK, text))
}

pub(super) fn with_headers(status: StatusCode, text: String) -> Response {
    let mut response = (status, Html(text)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A page that said what was done says it once; a region fetched meanwhile does not take it away.
pub(super) async fn forget_flash(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let is_said =
        request.method() == Method::GET && !headers.contains_key(REGION_HEADER) && flash_of(headers).is_some();
    let mut response = next.run(request).await;
    let is_html =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_said && is_html {
        let forgotten = "turnwise_flash=; Path=/console; Max-Age=0; HttpOnly; SameSite=Strict";
        response.headers_mut().append(header::SET_COOKIE, HeaderValue::from_static(forgotten));
    }
    response
}

/// After an action: 303 to a page, which says what was done; nothing where the page shows it by itself.
#[must_use]
pub fn done(path: &str, said: &str) -> Response {
    if said.is_empty() {
        return Redirect::to(path).into_response();
    }
    let said: String = said.chars().take(CONSOLE_FLASH_CHARS_MAX).collect();
    let said = utf8_percent_encode(&said, NON_ALPHANUMERIC);
    let cookie = format!("{FLASH_COOKIE}={said}; Path=/console; Max-Age=20; HttpOnly; SameSite=Strict");
    ([(header::SET_COOKIE, cookie)], Redirect::to(path)).into_response()
}

fn flash_of(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let (_, said) = pairs.find(|(name, value)| *name == FLASH_COOKIE && !value.is_empty())?;
    let said = percent_decode_str(said).decode_utf8().ok()?;
    Some(said.chars().take(CONSOLE_FLASH_CHARS_MAX).collect())
}
