//! The page at `/`: a phone on a desk. Three files, built into the binary, that load nothing from anywhere else.

use hyper::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use hyper::{Method, Response, StatusCode};

use super::answer::AnswerBody;
use super::control::embedded;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
                      trusted-types 'none'";

/// The page's files by their paths.
pub(super) fn file(method: &Method, path: &str) -> Option<Response<AnswerBody>> {
    if method != Method::GET {
        return None;
    }
    let mut response = match path {
        "/" => embedded("text/html; charset=utf-8", include_str!("page/index.html")),
        "/sandbox/page.css" => embedded("text/css; charset=utf-8", include_str!("page/page.css")),
        "/sandbox/page.js" => embedded("text/javascript; charset=utf-8", include_str!("page/page.js")),
        "/favicon.ico" => {
            let mut nothing = Response::new(AnswerBody::Whole(None));
            *nothing.status_mut() = StatusCode::NO_CONTENT;
            nothing
        }
        _ => return None,
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Some(response)
}
