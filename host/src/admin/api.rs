//! The admin API as one table: what an endpoint is for programs stands beside what it does, and both the router and the OpenAPI
//! document are made of it. Neither can have what the other has not.

mod document;
pub mod shape;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::middleware;
use axum::routing::{MethodFilter, MethodRouter, on};
use serde_json::Value;

use super::Admin;
use super::guard::needs;
use crate::limits::PUSHED_EVENT_BYTES_MAX;
use crate::people::Role;

pub use document::document;

/// What may stand behind the `?` of a path.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    pub name: &'static str,
    /// A JSON type.
    pub kind: &'static str,
    pub says: &'static str,
}

/// One method of one path.
pub struct Endpoint {
    pub method: &'static str,
    /// With `{id}` where something is named.
    pub path: &'static str,
    /// What a caller must be; none: anybody may ask.
    pub needs: Option<Role>,
    pub summary: &'static str,
    pub query: &'static [Parameter],
    /// What a request's JSON must be, as a schema.
    pub body: Option<Value>,
    pub status: u16,
    pub content_type: &'static str,
    /// What an answer's JSON is, as a schema.
    pub answer: Value,
    handler: MethodRouter<Admin>,
}

impl Endpoint {
    /// `GET path`, for viewers.
    pub fn get<H, T>(path: &'static str, summary: &'static str, handler: H) -> Self
    where
        H: Handler<T, Admin>,
        T: 'static,
    {
        Self::new("get", MethodFilter::GET, path, summary, handler)
    }

    /// `POST path`, for operators.
    pub fn post<H, T>(path: &'static str, summary: &'static str, handler: H) -> Self
    where
        H: Handler<T, Admin>,
        T: 'static,
    {
        Self { needs: Some(Role::Operator), ..Self::new("post", MethodFilter::POST, path, summary, handler) }
    }

    /// `DELETE path`, for operators.
    pub fn delete<H, T>(path: &'static str, summary: &'static str, handler: H) -> Self
    where
        H: Handler<T, Admin>,
        T: 'static,
    {
        Self { needs: Some(Role::Operator), ..Self::new("delete", MethodFilter::DELETE, path, summary, handler) }
    }

    fn new<H, T>(
        method: &'static str,
        filter: MethodFilter,
        path: &'static str,
        summary: &'static str,
        handler: H,
    ) -> Self
    where
        H: Handler<T, Admin>,
        T: 'static,
    {
        Self {
            method,
            path,
            needs: Some(Role::Viewer),
            summary,
            query: &[],
            body: None,
            status: 200,
            content_type: "application/json",
            answer: shape::anything(),
            handler: on(filter, handler),
        }
    }

    #[must_use]
    pub fn needs(self, role: Role) -> Self {
        Self { needs: Some(role), ..self }
    }

    /// Nobody has to say who they are.
    #[must_use]
    pub fn open(self) -> Self {
        Self { needs: None, ..self }
    }

    #[must_use]
    pub fn query(self, query: &'static [Parameter]) -> Self {
        Self { query, ..self }
    }

    #[must_use]
    pub fn body(self, schema: Value) -> Self {
        Self { body: Some(schema), ..self }
    }

    /// Larger bodies than pushed events.
    #[must_use]
    pub fn bytes_max(self, bytes: usize) -> Self {
        Self { handler: self.handler.layer(DefaultBodyLimit::max(bytes)), ..self }
    }

    #[must_use]
    pub fn answers(self, status: u16, schema: Value) -> Self {
        Self { status, answer: schema, ..self }
    }

    /// Answers something else than one JSON value.
    #[must_use]
    pub fn as_type(self, content_type: &'static str) -> Self {
        Self { content_type, ..self }
    }
}

/// All endpoints, each let in by the role it needs.
pub fn router(endpoints: Vec<Endpoint>) -> Router<Admin> {
    let router = endpoints.into_iter().fold(Router::new(), |router, endpoint| {
        let handler = match endpoint.needs {
            Some(role) => endpoint.handler.layer(middleware::from_fn_with_state(role, needs)),
            None => endpoint.handler,
        };
        router.route(endpoint.path, handler)
    });
    router.layer(DefaultBodyLimit::max(PUSHED_EVENT_BYTES_MAX))
}
