//! The way in and out: signing in, one-time links, signing out. These pages are for those who have no session yet.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, Query};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Extension, Router, routing::post};
use serde::Deserialize;

use super::assets::ASSETS;
use super::page::with_headers;
use super::{Console, Trouble};
use crate::limits::PASSWORD_CHARS_MIN;
use crate::people::{Address, Auditor, Key, People, PeopleError, Welcome, cookie};

const HOME: &str = "/console/";

pub(super) fn routes() -> Router<Arc<Console>> {
    Router::new()
        .route("/console/sign-in", get(sign_in_page).post(sign_in))
        .route("/console/welcome", get(welcome_page).post(welcome))
        .route("/console/sign-out", post(sign_out))
}

/// What can be filled in.
#[derive(Clone, Copy)]
enum Shown {
    SignIn,
    First,
    Invited,
    Nothing,
}

#[derive(Template)]
#[template(path = "door.html")]
struct Door {
    title: &'static str,
    said: String,
    error: Option<String>,
    form: Shown,
    name: String,
    key: String,
    next: String,
    css: &'static str,
    icon: &'static str,
    password_chars_min: usize,
}

impl Door {
    fn new(title: &'static str, form: Shown) -> Self {
        Self {
            title,
            said: String::new(),
            error: None,
            form,
            name: String::new(),
            key: String::new(),
            next: String::new(),
            css: &ASSETS.css.path,
            icon: &ASSETS.icon.path,
            password_chars_min: PASSWORD_CHARS_MIN,
        }
    }

    fn answer(self, status: StatusCode) -> Response {
        match self.render() {
            Ok(text) => with_headers(status, text),
            Err(error) => Trouble::broken(&error).into_response(),
        }
    }
}

#[derive(Default, Deserialize)]
struct SignIn {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    next: String,
}

/// `GET /console/sign-in?next=/console/…`
async fn sign_in_page(
    Extension(people): Extension<Arc<People>>,
    Query(SignIn { next, .. }): Query<SignIn>,
) -> Result<Response, Trouble> {
    let said = if people.is_dev() {
        "This is `turnwise dev`: open the link that it printed.".to_owned()
    } else if people.is_empty().await? {
        "Nobody can sign in yet: open the link that `turnwise serve` printed when it started.".to_owned()
    } else {
        String::new()
    };
    Ok(Door { said, next, ..Door::new("Sign in", Shown::SignIn) }.answer(StatusCode::OK))
}

/// `POST /console/sign-in`
async fn sign_in(
    Extension(people): Extension<Arc<People>>,
    Address(from): Address,
    headers: HeaderMap,
    Form(SignIn { name, password, next }): Form<SignIn>,
) -> Result<Response, Trouble> {
    match people.sign_in(&name, &password, from).await {
        Ok(key) => Ok(entered(&headers, &key, &next)),
        Err(error) => {
            let status = match &error {
                PeopleError::Storage(_) => return Err(error.into()),
                PeopleError::Throttled { .. } => StatusCode::TOO_MANY_REQUESTS,
                _ => StatusCode::UNAUTHORIZED,
            };
            let error = Some(sentence(&error));
            Ok(Door { error, name, next, ..Door::new("Sign in", Shown::SignIn) }.answer(status))
        }
    }
}

#[derive(Default, Deserialize)]
struct Opened {
    #[serde(default)]
    key: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
}

/// `GET /console/welcome?key=…`: shows what the link opens; only in `dev` opening it is all there is to do.
async fn welcome_page(
    Extension(people): Extension<Arc<People>>,
    Address(from): Address,
    headers: HeaderMap,
    Query(Opened { key, .. }): Query<Opened>,
) -> Result<Response, Trouble> {
    match people.welcome(&key).await {
        Ok(Welcome::Dev) => {
            let session = people.enter(&key, "", "", from).await?;
            Ok(entered(&headers, &session, HOME))
        }
        Ok(opened) => Ok(Door { key, ..welcoming(&opened) }.answer(StatusCode::OK)),
        Err(PeopleError::Storage(error)) => Err(error.into()),
        Err(error) => Ok(dead(&error)),
    }
}

/// `POST /console/welcome`
async fn welcome(
    Extension(people): Extension<Arc<People>>,
    Address(from): Address,
    headers: HeaderMap,
    Form(Opened { key, name, password }): Form<Opened>,
) -> Result<Response, Trouble> {
    match people.enter(&key, &name, &password, from).await {
        Ok(session) => Ok(entered(&headers, &session, HOME)),
        Err(error @ (PeopleError::DeadLink | PeopleError::Conflict)) => Ok(dead(&error)),
        Err(error @ PeopleError::Invalid(_)) => {
            let Ok(opened) = people.welcome(&key).await else { return Ok(dead(&PeopleError::DeadLink)) };
            let shown = Door { key, error: Some(sentence(&error)), ..welcoming(&opened) };
            let name = if matches!(opened, Welcome::First) { name } else { shown.name.clone() };
            Ok(Door { name, ..shown }.answer(StatusCode::BAD_REQUEST))
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /console/sign-out`
async fn sign_out(auditor: Auditor, headers: HeaderMap) -> Result<Response, Trouble> {
    if let Some(session) = cookie::session(&headers) {
        auditor.people().sign_out(session, auditor.caller(), auditor.from()).await?;
    }
    Ok(([(SET_COOKIE, cookie::clear(&headers))], Redirect::to("/console/sign-in")).into_response())
}

fn welcoming(opened: &Welcome) -> Door {
    let said = match opened {
        Welcome::Invited(name) => format!("Hello {name}. Choose a password."),
        Welcome::First | Welcome::Dev => {
            "You are the first here, and an admin. Choose a name and a password.".to_owned()
        }
    };
    let (form, name) = match opened {
        Welcome::Invited(name) => (Shown::Invited, name.clone()),
        Welcome::First | Welcome::Dev => (Shown::First, String::new()),
    };
    Door { said, name, ..Door::new("Welcome", form) }
}

fn dead(error: &PeopleError) -> Response {
    Door { error: Some(sentence(error)), ..Door::new("Welcome", Shown::Nothing) }.answer(StatusCode::GONE)
}

fn entered(headers: &HeaderMap, session: &Key, next: &str) -> Response {
    // Only our own pages: a link to the sign-in page must not lead elsewhere.
    let is_ours = next.starts_with(HOME) && !next.contains(['\\', '\n', '\r']) && !next.contains("//");
    let next = if is_ours { next } else { HOME };
    ([(SET_COOKIE, cookie::set(headers, session))], Redirect::to(next)).into_response()
}

fn sentence(error: &PeopleError) -> String {
    let text = error.to_string();
    let mut chars = text.chars();
    chars.next().map(|first| format!("{}{}.", first.to_uppercase(), chars.as_str())).unwrap_or_default()
}

impl From<PeopleError> for Trouble {
    fn from(error: PeopleError) -> Self {
        match error {
            PeopleError::Storage(error) => error.into(),
            PeopleError::Absent(_) => Self::gone(sentence(&error)),
            PeopleError::Conflict | PeopleError::LastAdmin | PeopleError::DeadLink => Self::too_late(sentence(&error)),
            error => Self::wrong(sentence(&error)),
        }
    }
}
