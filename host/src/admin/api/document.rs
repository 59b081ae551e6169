//! `GET /openapi.json`: the table as OpenAPI 3.1.

use serde_json::{Map, Value, json};

use super::{Endpoint, shape};

/// The document of these endpoints.
#[must_use]
pub fn document(endpoints: &[Endpoint]) -> Value {
    let mut paths = Map::new();
    for endpoint in endpoints {
        let item = paths.entry(endpoint.path).or_insert_with(|| json!({}));
        item[endpoint.method] = operation(endpoint);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Turnwise admin API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "What operators and other systems ask of a running host, on its admin listener.",
        },
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token that an admin made in the console, under People.",
                },
                "session": { "type": "apiKey", "in": "cookie", "name": "turnwise_session" },
            },
            "schemas": { "Refusal": shape::object([("error", shape::text()), ("detail", shape::text())]) },
            "responses": {
                "Refused": {
                    "description": "Not done; `detail` says why in a sentence.",
                    "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Refusal" } } },
                },
            },
        },
    })
}

fn operation(endpoint: &Endpoint) -> Value {
    let in_path = endpoint.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let in_path = in_path.map(|name| json!({ "name": name, "in": "path", "required": true, "schema": shape::text() }));
    let in_query = endpoint.query.iter().map(|parameter| {
        json!({
            "name": parameter.name,
            "in": "query",
            "description": parameter.says,
            "schema": { "type": parameter.kind },
        })
    });
    let refused = || json!({ "$ref": "#/components/responses/Refused" });
    let mut responses = json!({
        endpoint.status.to_string(): {
            "description": "Done.",
            "content": { endpoint.content_type: { "schema": endpoint.answer } },
        },
        "default": refused(),
    });
    if endpoint.needs.is_some() {
        responses["401"] = refused();
        responses["403"] = refused();
    }
    let mut operation = json!({
        "operationId": operation_id(endpoint),
        "summary": endpoint.summary,
        "parameters": in_path.chain(in_query).collect::<Vec<_>>(),
        "responses": responses,
        "security": endpoint.needs.map_or_else(|| json!([]), |_| json!([{ "token": [] }, { "session": [] }])),
    });
    if let Some(role) = endpoint.needs {
        operation["x-role"] = json!(role.name());
    }
    if let Some(body) = &endpoint.body {
        operation["requestBody"] = json!({ "required": true, "content": { "application/json": { "schema": body } } });
    }
    operation
}

/// e.g. `post_conversations_id_events`
fn operation_id(endpoint: &Endpoint) -> String {
    let parts = endpoint.path.split('/').filter(|part| !part.is_empty() && *part != "v1");
    let words = parts.map(|part| part.trim_matches(['{', '}']).replace(['-', '.'], "_"));
    [endpoint.method.to_owned()].into_iter().chain(words).collect::<Vec<_>>().join("_")
}
