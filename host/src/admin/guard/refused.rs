//! Why a request does not come through.

use axum::extract::Request;
use axum::http::header::{ACCEPT, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Json, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use crate::people::{PeopleError, Role};
use crate::storage::StorageError;

#[derive(Debug)]
pub(super) enum Refused {
    /// 421
    OtherHost,
    /// 403
    OtherSite,
    /// 401: the `Authorization` header is none we read.
    NoToken,
    /// 401
    WrongToken,
    /// 401: no credentials at all.
    Nobody,
    /// The same for a person in a browser, who is sent to sign in and comes back here.
    SignIn(String),
    /// 403: a proxy vouches for a name that may nothing.
    NobodysName,
    /// 403
    TooLittle(Role),
    /// 429
    Throttled { seconds: u64, detail: String },
    /// 503
    Storage(String),
}

impl Refused {
    /// Nobody is known to make this request.
    pub(super) fn unknown(request: &Request) -> Self {
        let path = request.uri().path();
        let accepts = request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
        let is_page = path == "/" || path == "/console" || path.starts_with("/console/");
        if is_page && request.method() == Method::GET && accepts.contains("text/html") {
            return Self::SignIn(request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned());
        }
        Self::Nobody
    }

    fn text(&self) -> (StatusCode, &'static str, String) {
        match self {
            Self::OtherHost => (
                StatusCode::MISDIRECTED_REQUEST,
                "misdirected",
                "this is no name of the admin listener; if it should be, add it to `admin_hosts` under [server]"
                    .to_owned(),
            ),
            Self::OtherSite => {
                (StatusCode::FORBIDDEN, "cross_site", "the page that sent this is not one of ours".to_owned())
            }
            Self::NoToken => (
                StatusCode::UNAUTHORIZED,
                "unauthorized",
                "send the header `Authorization: Bearer TOKEN`, once".to_owned(),
            ),
            Self::WrongToken => (
                StatusCode::UNAUTHORIZED,
                "unauthorized",
                "nobody has this token; an admin makes one in the console, under People".to_owned(),
            ),
            Self::Nobody | Self::SignIn(_) => (
                StatusCode::UNAUTHORIZED,
                "unauthorized",
                "sign in at /console/, or send the header `Authorization: Bearer TOKEN`".to_owned(),
            ),
            Self::NobodysName => (
                StatusCode::FORBIDDEN,
                "forbidden",
                "the proxy says who you are, and nobody of that name may do anything here: ask an admin to add it"
                    .to_owned(),
            ),
            Self::TooLittle(role) => {
                (StatusCode::FORBIDDEN, "forbidden", format!("this needs the role {role}; ask an admin"))
            }
            Self::Throttled { detail, .. } => (StatusCode::TOO_MANY_REQUESTS, "throttled", detail.clone()),
            Self::Storage(error) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable", error.clone()),
        }
    }
}

impl From<StorageError> for Refused {
    fn from(error: StorageError) -> Self {
        Self::Storage(error.to_string())
    }
}

impl From<PeopleError> for Refused {
    fn from(error: PeopleError) -> Self {
        match error {
            PeopleError::Storage(error) => error.into(),
            PeopleError::Throttled { wait } => {
                Self::Throttled { seconds: wait.as_secs().max(1), detail: error.to_string() }
            }
            _ => Self::WrongToken,
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        if let Self::SignIn(back) = &self {
            let next = utf8_percent_encode(back, NON_ALPHANUMERIC);
            return (StatusCode::SEE_OTHER, [(LOCATION, format!("/console/sign-in?next={next}"))]).into_response();
        }
        let (status, error, detail) = self.text();
        let mut response = (status, Json(json!({ "error": error, "detail": detail }))).into_response();
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Self::Throttled { seconds, .. } = self {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
