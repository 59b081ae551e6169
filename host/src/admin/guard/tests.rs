//! Who comes through: X2 and the ways in.

use axum::Extension;
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, LOCATION, ORIGIN};
use axum::http::{Method, StatusCode};
use axum::routing::{any, get};
use tower::ServiceExt as _;

use super::*;
use crate::config::{Console, Proxy, Secret};
use crate::people::Key;
use crate::people::tests::{HERE, PASSWORD, World};
use crate::storage::Records;

/// A listener behind the guard, whose only page says who came through.
struct Door {
    router: Router,
    people: Arc<People>,
    _world: World,
}

impl Door {
    fn new(dev: bool, proxy: Option<Proxy>, hosts: &[&str]) -> Self {
        let world = World::new(dev);
        let records = Arc::clone(&world.storage) as Arc<dyn Records>;
        let people = Arc::new(People::new(records, Arc::clone(&world.clock) as _, dev, None));
        let mut server = crate::config::tests::server();
        server.admin_hosts = hosts.iter().map(ToString::to_string).collect();
        let guard =
            Guard::new(Arc::clone(&people), &server, &Console { proxy }, "127.0.0.1:8081".parse().expect("an address"));
        let who = |caller: Option<Extension<Caller>>, Address(from): Address| async move {
            caller.map_or_else(|| "nobody".to_owned(), |Extension(caller)| format!("{} from {from}", caller.name))
        };
        let operators = get(|| async { "done" }).layer(middleware::from_fn_with_state(Role::Operator, needs));
        let router = Router::new().route("/operators", operators).fallback(any(who));
        Self { router: guard.before(router), people, _world: world }
    }

    /// Of somebody who was let in as an admin.
    async fn session(&self) -> Key {
        let key = self.people.first_key().await.expect("storage works").expect("nobody is there");
        self.people.enter(&key.text(), "ada", PASSWORD, HERE).await.expect("she enters")
    }

    async fn token(&self, role: Role) -> String {
        format!("Bearer {}", self.people.create_token("ci", role, &Caller::dev()).await.expect("created").1.text())
    }

    /// What a request with these headers is answered; it is for 127.0.0.1:8081 where they name no host.
    async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> (StatusCode, String) {
        let answer = self.answer(method, path, headers).await;
        let status = answer.status();
        let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.expect("a body");
        (status, String::from_utf8(body.to_vec()).expect("UTF-8"))
    }

    async fn answer(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = Request::builder().method(method).uri(path).extension(Peer(HERE));
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            request = request.header(HOST, "127.0.0.1:8081");
        }
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        self.router.clone().oneshot(request.body(Body::empty()).expect("a request")).await.expect("it answers")
    }
}

#[tokio::test]
async fn x2_only_our_own_names_are_answered() {
    let door = Door::new(true, None, &["Console.example.com"]);
    let own = [
        "127.0.0.1",
        "127.0.0.1:8081",
        "localhost:9999",
        "LOCALHOST",
        "[::1]:8081",
        "[::1]",
        "console.example.com:443",
    ];
    for host in own {
        assert_eq!(door.ask(Method::GET, "/x", &[("host", host)]).await.0, StatusCode::OK, "{host}");
    }
    let foreign = [
        "evil.example.com",
        "127.0.0.1.evil.example.com",
        "localhost.evil.example.com:8081",
        "127.0.0.1:8081@evil.example.com",
        "10.0.0.1:8081",
        "[::2]:8081",
        "[::1]evil",
        "127.0.0.1:80:81",
        "",
    ];
    for host in foreign {
        let (status, text) = door.ask(Method::GET, "/x", &[("host", host)]).await;
        assert_eq!(status, StatusCode::MISDIRECTED_REQUEST, "{host:?}: {text}");
    }
    let twice = [("host", "127.0.0.1"), ("host", "evil.example.com")];
    assert_eq!(door.ask(Method::GET, "/x", &twice).await.0, StatusCode::MISDIRECTED_REQUEST);
    let absolute = door.ask(Method::GET, "http://evil.example.com/x", &[]).await;
    assert_eq!(absolute.0, StatusCode::MISDIRECTED_REQUEST);
    let probe = door.ask(Method::GET, "/readyz", &[("host", "10.1.2.3:8081")]).await;
    assert_eq!(probe.0, StatusCode::OK, "probes come by address");
}

#[tokio::test]
async fn x2_another_sites_page_changes_nothing() {
    let door = Door::new(false, None, &["console.example.com"]);
    let session = door.session().await;
    let cookie = format!("other=1; turnwise_session={}", session.text());
    let ours = "http://127.0.0.1:8081";
    let forbidden: [&[(&str, &str)]; 9] = [
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "something new")],
        &[("origin", "null")],
        &[("origin", "null"), ("sec-fetch-site", "same-origin")],
        &[("origin", "http://evil.example.com")],
        &[("origin", "http://127.0.0.1:9999")],
        &[("origin", ours), ("origin", "http://evil.example.com")],
        &[("origin", ours), ("sec-fetch-site", "cross-site")],
    ];
    for headers in forbidden {
        for method in [Method::POST, Method::DELETE, Method::PUT] {
            let headers = [&[("cookie", cookie.as_str())], headers].concat();
            let (status, text) = door.ask(method, "/x", &headers).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{headers:?}: {text}");
        }
    }
    let allowed: [&[(&str, &str)]; 4] = [
        &[("sec-fetch-site", "same-origin"), ("origin", ours)],
        &[("origin", ours)],
        &[],
        // A proxy that writes its own host.
        &[("sec-fetch-site", "same-origin"), ("origin", "https://console.example.com")],
    ];
    for headers in allowed {
        let headers = [&[("cookie", cookie.as_str())], headers].concat();
        assert_eq!(door.ask(Method::POST, "/x", &headers).await.0, StatusCode::OK, "{headers:?}");
    }
    let link = [("cookie", cookie.as_str()), ("sec-fetch-site", "cross-site")];
    assert_eq!(door.ask(Method::GET, "/x", &link).await.0, StatusCode::OK, "looking changes nothing");
}

#[tokio::test]
async fn who_has_no_credentials_gets_in_nowhere_but_where_signing_in_is() {
    let door = Door::new(false, None, &[]);
    for path in ["/v1/plugins", "/", "/console/", "/nowhere", "/console/sign-in/x", "/livez/x", "/openapi.json"] {
        assert_eq!(door.ask(Method::GET, path, &[]).await.0, StatusCode::UNAUTHORIZED, "{path}");
    }
    for path in ["/livez", "/readyz", "/metrics", "/console/sign-in", "/console/welcome", "/console/assets/a.css"] {
        assert_eq!(door.ask(Method::GET, path, &[]).await, (StatusCode::OK, "nobody".into()).clone(), "{path}");
    }
    let page = door.answer(Method::GET, "/console/inbox?x=1", &[("accept", "text/html,*/*")]).await;
    assert_eq!(page.status(), StatusCode::SEE_OTHER);
    assert_eq!(page.headers()[LOCATION], "/console/sign-in?next=%2Fconsole%2Finbox%3Fx%3D1");
    for (name, value) in [("x-content-type-options", "nosniff"), ("cache-control", "no-store")] {
        assert_eq!(page.headers()[name], value);
    }
    assert!(page.headers().get("access-control-allow-origin").is_none());
    assert_eq!(door.ask(Method::GET, "/x", &[("authorization", "Bearer dev")]).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_role_opens_what_it_opens() {
    let door = Door::new(false, None, &[]);
    let expected = [StatusCode::FORBIDDEN, StatusCode::FORBIDDEN, StatusCode::OK, StatusCode::OK];
    for (role, expected) in Role::ALL.into_iter().zip(expected) {
        let token = door.token(role).await;
        let asked = door.ask(Method::GET, "/operators", &[(AUTHORIZATION.as_str(), &token)]).await;
        assert_eq!(asked.0, expected, "{role}: {}", asked.1);
    }
    assert_eq!(door.ask(Method::GET, "/operators", &[]).await.0, StatusCode::UNAUTHORIZED);
    let token = door.token(Role::Admin).await;
    for broken in [token.replace("Bearer ", "Basic "), token.replace(' ', "  "), "Bearer".into(), format!("{token}x")] {
        let asked = door.ask(Method::GET, "/operators", &[("authorization", &broken)]).await;
        assert_eq!(asked.0, StatusCode::UNAUTHORIZED, "{broken}");
    }
    let twice = [("authorization", token.as_str()), ("authorization", token.as_str())];
    assert_eq!(door.ask(Method::GET, "/operators", &twice).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn dev_takes_whoever_is_no_browser_and_serve_nobody() {
    let dev = Door::new(true, None, &[]);
    let somebody = (StatusCode::OK, format!("dev from {HERE}"));
    assert_eq!(dev.ask(Method::POST, "/x", &[]).await, somebody);
    assert_eq!(dev.ask(Method::GET, "/x", &[("authorization", "Bearer dev")]).await, somebody);
    for browser in [(COOKIE.as_str(), "a=b"), (ORIGIN.as_str(), "http://127.0.0.1:8081"), ("sec-fetch-mode", "cors")] {
        assert_eq!(dev.ask(Method::GET, "/x", &[browser]).await.0, StatusCode::UNAUTHORIZED, "{browser:?}");
    }
    assert_eq!(dev.ask(Method::GET, "/x", &[("authorization", "Bearer x")]).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(Door::new(false, None, &[]).ask(Method::GET, "/x", &[]).await.0, StatusCode::UNAUTHORIZED);
}

fn proxy(secret: Option<&str>, peers: &[&str], unknown: Option<Role>) -> Proxy {
    let peers = peers.iter().map(|peer| peer.parse().expect("a network")).collect();
    Proxy { header: "x-forwarded-email".parse().expect("a header"), secret: secret.map(Secret::new), peers, unknown }
}

#[tokio::test]
async fn a_proxys_word_counts_only_where_it_is_allowed_to() {
    let word = ("x-forwarded-email", "bob@example.com");
    let secret = ("x-turnwise-proxy-secret", "0123456789abcdef");
    let from = ("x-forwarded-for", "203.0.113.9, 198.51.100.7");

    let closed = Door::new(false, None, &[]);
    assert_eq!(closed.ask(Method::GET, "/x", &[word, secret]).await.0, StatusCode::UNAUTHORIZED, "not configured");

    let door = Door::new(false, Some(proxy(Some("0123456789abcdef"), &[], Some(Role::Viewer))), &[]);
    assert_eq!(door.ask(Method::GET, "/x", &[word]).await.0, StatusCode::UNAUTHORIZED, "without its secret");
    let wrong = ("x-turnwise-proxy-secret", "0123456789abcdeX");
    assert_eq!(door.ask(Method::GET, "/x", &[word, wrong]).await.0, StatusCode::UNAUTHORIZED, "a wrong one");
    let let_in = door.ask(Method::GET, "/x", &[word, secret, from]).await;
    assert_eq!(let_in, (StatusCode::OK, "bob@example.com from 198.51.100.7".into()), "what it says itself is believed");
    assert_eq!(door.ask(Method::GET, "/operators", &[word, secret]).await.0, StatusCode::FORBIDDEN);
    let two = [word, ("x-forwarded-email", "eve@example.com"), secret];
    assert_eq!(door.ask(Method::GET, "/x", &two).await.0, StatusCode::FORBIDDEN, "which of them?");
    let post = [word, secret, ("origin", "http://evil.example.com")];
    assert_eq!(door.ask(Method::POST, "/x", &post).await.0, StatusCode::FORBIDDEN, "its login does not help others");

    let elsewhere = Door::new(false, Some(proxy(None, &["10.0.0.0/8"], Some(Role::Viewer))), &[]);
    assert_eq!(elsewhere.ask(Method::GET, "/x", &[word]).await.0, StatusCode::UNAUTHORIZED, "another peer");
    let here = Door::new(false, Some(proxy(None, &["192.0.2.0/24"], None)), &[]);
    assert_eq!(here.ask(Method::GET, "/x", &[word]).await.0, StatusCode::FORBIDDEN, "nobody added bob");
    here.people.add("Bob@example.com", Role::Operator).await.expect("added");
    assert_eq!(here.ask(Method::GET, "/operators", &[word]).await.0, StatusCode::OK);
}
