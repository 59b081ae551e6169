//! The files that pages load: built into the binary, under names that change with their content, so that a browser asks once.
//!
//! A name is looked up in a list of three; no path is ever made of it.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest as _, Sha256};

use crate::plugins::hex;

/// A file with the name it has at the moment.
pub(super) struct Asset {
    /// e.g. `/console/assets/console-1f2e3d4c5b6a7988.css`
    pub(super) path: String,
    etag: String,
    content_type: &'static str,
    text: &'static str,
}

pub(super) struct Assets {
    pub(super) css: Asset,
    pub(super) script: Asset,
    pub(super) icon: Asset,
}

pub(super) static ASSETS: LazyLock<Assets> = LazyLock::new(|| Assets {
    css: Asset::new("css", "text/css; charset=utf-8", include_str!("assets/console.css")),
    script: Asset::new("js", "text/javascript; charset=utf-8", include_str!("assets/console.js")),
    icon: Asset::new("svg", "image/svg+xml", include_str!("assets/console.svg")),
});

impl Asset {
    fn new(ending: &str, content_type: &'static str, text: &'static str) -> Self {
        let digest = hex(&Sha256::digest(text)[..8]);
        Self {
            path: format!("/console/assets/console-{digest}.{ending}"),
            etag: format!("\"{digest}\""),
            content_type,
            text,
        }
    }
}

/// `GET /console/assets/{name}`
pub(super) async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Assets { css, script, icon } = &*ASSETS;
    let is_named = |asset: &&&Asset| asset.path.rsplit_once('/').is_some_and(|(_, own)| own == name);
    let Some(asset) = [css, script, icon].iter().find(is_named).copied() else {
        return (StatusCode::NOT_FOUND, "there is no such file\n").into_response();
    };
    let caching = [
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::ETAG, asset.etag.as_str()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known == asset.etag.as_str()) {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    (caching, [(header::CONTENT_TYPE, asset.content_type)], asset.text).into_response()
}
