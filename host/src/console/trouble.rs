//! Why something was not done, as a page. The script shows its text where the form was sent from.

use std::fmt;

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::assets::ASSETS;
use super::page::with_headers;
use crate::people::Role;
use crate::storage::StorageError;

/// A status, what happened and what to do about it.
#[derive(Debug)]
pub struct Trouble {
    status: StatusCode,
    title: &'static str,
    detail: String,
}

#[derive(Template)]
#[template(path = "trouble.html")]
struct TroublePage<'a> {
    title: &'a str,
    detail: &'a str,
    css: &'a str,
}

impl Trouble {
    /// 400: the detail says which field, and what is expected.
    #[must_use]
    pub fn wrong(detail: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, title: "That is not possible", detail: detail.into() }
    }

    /// 404
    #[must_use]
    pub fn gone(detail: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, title: "Not here", detail: detail.into() }
    }

    /// 409: it has changed in the meantime.
    #[must_use]
    pub fn too_late(detail: impl Into<String>) -> Self {
        Self { status: StatusCode::CONFLICT, title: "Too late", detail: detail.into() }
    }

    /// 403
    #[must_use]
    pub fn forbidden(needs: Role) -> Self {
        let detail = format!("This needs the role {needs}; ask an admin.");
        Self { status: StatusCode::FORBIDDEN, title: "Not allowed", detail }
    }

    /// 500
    #[must_use]
    pub fn broken(error: &dyn fmt::Display) -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, title: "Something broke", detail: error.to_string() }
    }
}

impl From<StorageError> for Trouble {
    fn from(error: StorageError) -> Self {
        Self { status: StatusCode::SERVICE_UNAVAILABLE, title: "Storage does not answer", detail: error.to_string() }
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let page = TroublePage { title: self.title, detail: &self.detail, css: &ASSETS.css.path };
        with_headers(self.status, page.render().unwrap_or_else(|_| self.title.to_owned()))
    }
}

/// Where there is no page.
pub(super) async fn nowhere() -> Trouble {
    Trouble::gone("There is no such page.")
}
