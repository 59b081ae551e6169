//! The API is what its document says, and lets in whom it says.

use std::collections::BTreeSet;

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, header};
use tower::ServiceExt as _;

use super::*;
use crate::config::{Console, PluginLimits};
use crate::desk::acts::Acts;
use crate::feed::Feed;
use crate::people::tests::World;
use crate::people::{Caller, People, Role};
use crate::storage::{Quarantined, Records, Upkeep as _};

struct Api {
    router: Router,
    people: Arc<People>,
    world: World,
}

impl Api {
    fn new() -> Self {
        let world = World::new(false);
        let clock = Arc::clone(&world.clock) as Arc<dyn Clock>;
        let storage = Arc::clone(&world.storage) as Arc<dyn Storage>;
        let plugins = Arc::new(Plugins::new(PluginLimits::default().memory_bytes_max).expect("an engine"));
        let bots = vec![("whatsapp".to_owned(), "menu".to_owned())];
        let health = Arc::new(Health::new(plugins, bots, Arc::clone(&clock)));
        let search = Arc::new(Search::new(world.folder().join("search"), Arc::clone(&storage), Arc::clone(&clock)));
        let sources = Arc::new(vec!["whatsapp".to_owned()]);
        let acts = Acts::new(Arc::clone(&storage), Feed::default(), Arc::clone(&clock));
        let admin = Admin { health, storage, clock: Arc::clone(&clock), search, acts, sources };
        let records = Arc::clone(&world.storage) as Arc<dyn Records>;
        let people = Arc::new(People::new(records, clock, false, None));
        let bound = "127.0.0.1:8081".parse().expect("an address");
        let guard = Guard::new(Arc::clone(&people), &crate::config::tests::server(), &Console::default(), bound);
        Self { router: guard.before(router(admin, Router::new())), people, world }
    }

    async fn token(&self, role: Role) -> String {
        self.people.create_token("test", role, &Caller::dev()).await.expect("created").1.text()
    }

    /// The status and what was answered as JSON, or null.
    async fn ask(&self, method: &str, path: &str, token: Option<&str>, body: Option<Value>) -> (StatusCode, Value) {
        let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, "127.0.0.1:8081");
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let request = request.header(header::CONTENT_TYPE, "application/json").body(body).expect("a request");
        let answer = self.router.clone().oneshot(request).await.expect("it answers");
        let status = answer.status();
        let bytes = to_bytes(answer.into_body(), 1 << 24).await.expect("a body");
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }
}

/// A path in which everything is named, if by nobody's name.
fn filled(path: &str) -> String {
    let id = match path {
        path if path.starts_with("/v1/conversations") => "c_00000000000000000000000000000000",
        path if path.starts_with("/v1/outbox") => "o_1",
        path if path.starts_with("/v1/quarantine") => "q_1",
        _ => "nobody",
    };
    path.replace("{id}", id).replace("{receipt}", "x_1")
}

#[tokio::test]
async fn every_endpoint_is_there_and_lets_in_whom_it_says() {
    let api = Api::new();
    let mut tokens = Vec::new();
    for role in Role::ALL {
        tokens.push((role, api.token(role).await));
    }
    for endpoint in endpoints() {
        let (path, what) = (filled(endpoint.path), format!("{} {}", endpoint.method, endpoint.path));
        let (status, _) = api.ask(endpoint.method, &path, None, None).await;
        assert_eq!(status == StatusCode::UNAUTHORIZED, endpoint.needs.is_some(), "{what}: {status}");
        for (role, token) in &tokens {
            let (status, answer) = api.ask(endpoint.method, &path, Some(token), None).await;
            let too_little = endpoint.needs.is_some_and(|needs| *role < needs);
            assert_eq!(status == StatusCode::FORBIDDEN, too_little, "{what} as {role}: {status} {answer}");
            assert_ne!(status, StatusCode::METHOD_NOT_ALLOWED, "{what}");
            // A 404 with a detail is the endpoint's own: there is nobody of that name.
            assert!(status != StatusCode::NOT_FOUND || answer["detail"].is_string(), "{what}: {answer}");
            assert!(!status.is_server_error() || endpoint.path == "/readyz", "{what}: {status} {answer}");
        }
    }
    let admin = &tokens[3].1;
    for path in ["/v1", "/v1/nothing", "/v1/conversations/c_0/nothing", "/openapi.yaml"] {
        let (status, answer) = api.ask("get", path, Some(admin), None).await;
        assert_eq!((status, &answer["detail"]), (StatusCode::NOT_FOUND, &Value::Null), "{path}");
        assert_eq!(api.ask("get", path, None, None).await.0, StatusCode::UNAUTHORIZED, "nobody learns what there is");
    }
    assert_eq!(api.ask("put", "/v1/plugins", Some(admin), None).await.0, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn the_document_is_openapi_and_says_what_there_is() {
    let api = Api::new();
    let token = api.token(Role::Viewer).await;
    let (status, document) = api.ask("get", "/openapi.json", Some(&token), None).await;
    assert_eq!((status, &document["openapi"]), (StatusCode::OK, &json!("3.1.0")));
    assert!(document["info"]["title"].is_string() && document["info"]["version"].is_string());

    let mut documented = BTreeSet::new();
    let mut names = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("methods") {
            let what = format!("{method} {path}");
            documented.insert(what.clone());
            assert!(names.insert(operation["operationId"].as_str().expect("a name").to_owned()), "{what}: named twice");
            assert!(operation["summary"].as_str().is_some_and(|summary| summary.len() > 8), "{what}");
            let in_path: BTreeSet<&str> = parameters(operation, "path").collect();
            let named: BTreeSet<&str> =
                path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
            assert_eq!(in_path, named, "{what}");
            let responses = operation["responses"].as_object().expect("responses");
            assert!(responses.keys().any(|status| status.starts_with('2')), "{what}");
            assert!(operation["security"].is_array(), "{what}");
            assert_eq!(
                method == "post" && !path.ends_with("redrive"),
                requires_body(operation) && !path.ends_with("redrive"),
                "{what}"
            );
        }
    }
    let there: BTreeSet<String> =
        endpoints().iter().map(|endpoint| format!("{} {}", endpoint.method, endpoint.path)).collect();
    assert_eq!(documented, there);
    check(&document, &document);
}

fn parameters<'a>(operation: &'a Value, place: &'a str) -> impl Iterator<Item = &'a str> {
    let all = operation["parameters"].as_array().expect("parameters").iter();
    all.filter(move |parameter| parameter["in"] == place).filter_map(|parameter| parameter["name"].as_str())
}

fn requires_body(operation: &Value) -> bool {
    operation["requestBody"]["content"]["application/json"]["schema"].is_object()
}

/// Every reference leads somewhere, and every type is one.
fn check(document: &Value, value: &Value) {
    match value {
        Value::Object(fields) => {
            if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                let pointer = reference.strip_prefix('#').expect("within the document");
                assert!(document.pointer(pointer).is_some(), "{reference}");
            }
            fields.values().for_each(|value| check(document, value));
        }
        Value::Array(items) => items.iter().for_each(|value| check(document, value)),
        _ => {}
    }
}

/// What is missing of what a schema says must be there.
fn missing(schema: &Value, value: &Value) -> Vec<String> {
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut missing: Vec<String> = required.filter(|name| value.get(name).is_none()).map(ToOwned::to_owned).collect();
    for (name, of) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(value) = value.get(name) {
            missing.extend(self::missing(of, value));
        }
    }
    for item in value.as_array().into_iter().flatten() {
        missing.extend(self::missing(&schema["items"], item));
    }
    missing
}

#[tokio::test]
async fn what_is_answered_has_the_shape_that_is_documented() {
    let api = Api::new();
    let token = api.token(Role::Admin).await;
    let body = Quarantined {
        source: "whatsapp".into(),
        received: api.world.clock.now(),
        reason: "odd".into(),
        body: br#"{"user_id":"ada", "message":"#.to_vec(),
    };
    api.world.storage.quarantine(vec![body]).await.expect("kept");
    for endpoint in endpoints().iter().filter(|endpoint| endpoint.method == "get") {
        let path = filled(endpoint.path).replace("nobody", "ada");
        let (status, answer) = api.ask("get", &path, Some(&token), None).await;
        if status == StatusCode::OK && endpoint.content_type == "application/json" {
            assert_eq!(missing(&endpoint.answer, &answer), Vec::<String>::new(), "{}: {answer}", endpoint.path);
        }
    }
}

#[tokio::test]
async fn a_quarantined_body_is_mended_over_the_api() {
    let api = Api::new();
    let token = api.token(Role::Operator).await;
    let broken = br#"{"message":"hi"}"#.to_vec();
    let received = api.world.clock.now();
    let body = Quarantined { source: "whatsapp".into(), received, reason: "nobody".into(), body: broken };
    api.world.storage.quarantine(vec![body]).await.expect("kept");
    let (_, listed) = api.ask("get", "/v1/quarantine", Some(&token), None).await;
    let id = listed["bodies"][0]["id"].as_str().expect("an id").to_owned();
    assert!(listed["bodies"][0].get("body").is_none(), "a list has no content");

    let path = format!("/v1/quarantine/{id}/redrive");
    let (status, refused) = api.ask("post", &path, Some(&token), Some(json!({}))).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{refused}");
    let mended = json!({ "body": r#"{"user_id":"ada","message":"hi"}"# });
    let (status, done) = api.ask("post", &path, Some(&token), Some(mended.clone())).await;
    assert_eq!((status, &done["duplicate"]), (StatusCode::ACCEPTED, &json!(false)), "{done}");
    assert_eq!(api.ask("post", &path, Some(&token), Some(mended)).await.0, StatusCode::NOT_FOUND, "once");
    let log: Vec<String> = api.world.audited().await.into_iter().map(|entry| entry.action).collect();
    assert!(log.contains(&"quarantine.redriven".to_owned()), "{log:?}");
    assert_eq!(api.world.storage.depths().await.expect("readable").inbox, 1);
}

#[tokio::test]
async fn x6_an_erased_user_leaves_a_receipt_and_nothing_else() {
    let api = Api::new();
    let token = api.token(Role::Admin).await;
    let inbound = crate::inbound::read("whatsapp", br#"{"user_id":"ada","message":"hi","dispatch_id":"d1"}"#);
    let inbound = inbound.expect("readable");
    let now = api.world.clock.now();
    api.world.storage.accept(now, vec![inbound.clone()]).await.expect("accepted");
    let (status, receipt) = api.ask("delete", "/v1/users/ada", Some(&token), None).await;
    assert_eq!((status, &receipt["removed"]["inbox"]), (StatusCode::OK, &json!(1)), "{receipt}");
    assert!(!receipt.to_string().contains("ada"), "the receipt names nobody: {receipt}");

    let again = api.world.storage.accept(now, vec![inbound]).await.expect("asked");
    assert!(matches!(again[..], [crate::storage::Accepted::Duplicate(_)]), "{again:?}");
    assert_eq!(api.ask("get", "/v1/users/ada", Some(&token), None).await.0, StatusCode::NOT_FOUND);
    assert_eq!(api.ask("delete", "/v1/users/ada", Some(&token), None).await.0, StatusCode::NOT_FOUND);
    let path = format!("/v1/erasures/{}", receipt["receipt"].as_str().expect("a receipt"));
    assert_eq!(api.ask("get", &path, Some(&token), None).await, (StatusCode::OK, receipt), "it is still valid");
    let log = api.world.audited().await;
    assert!(log.iter().any(|entry| entry.action == "user.erased"));
    assert!(!log.iter().any(|entry| format!("{entry:?}").contains("ada")), "{log:?}");
}

#[tokio::test]
async fn figures_for_prometheus_are_well_formed() {
    let api = Api::new();
    let request = Request::get("/metrics").header(header::HOST, "127.0.0.1:8081").body(Body::empty());
    let answer = api.router.clone().oneshot(request.expect("a request")).await.expect("it answers");
    assert_eq!(answer.status(), StatusCode::OK);
    let text = to_bytes(answer.into_body(), 1 << 20).await.expect("a body");
    let text = String::from_utf8(text.to_vec()).expect("UTF-8");
    let mut families = BTreeSet::new();
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            assert!(families.insert(help.split(' ').next().expect("a name")), "{line}");
        } else if !line.starts_with('#') {
            let (name, value) = line.rsplit_once(' ').expect("a value");
            assert!(
                families.contains(name.split('{').next().expect("a name")) && value.parse::<u64>().is_ok(),
                "{line}"
            );
        }
    }
    assert!(text.contains("\nturnwise_outbox_depth 0\n"), "{text}");
}
