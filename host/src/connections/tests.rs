mod endings;
mod refusals;
mod repeats;

use std::io;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;

use super::*;
use crate::braze::scripted::{Behaviour, Server};
use crate::clock::SystemClock;
use crate::config::{Connection, Header, RetryRule, Secret};
use crate::conversation::WhileWaiting;

const SECRET: &str = "sk-hunter2-0123456789";
/// Long enough for anything but what never ends.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection to a server of the test, with a secret and no repeats.
fn connection(base_url: &str) -> Connection {
    let authorization = Header {
        name: "authorization".into(),
        value: Secret::referred(format!("Bearer {SECRET}"), "Bearer env:KEY"),
        secrets: vec![Secret::new(SECRET)],
    };
    Connection {
        headers: vec![authorization],
        timeout: PATIENCE,
        retries_max: 0,
        allow_private: vec!["127.0.0.1/32".parse().expect("a network")],
        ..Connection::to(base_url)
    }
}

fn connections(connection: Connection) -> Connections {
    let configured = BTreeMap::from([("api".to_owned(), connection)]);
    Connections::new(&configured, Arc::new(SystemClock)).expect("it can be called")
}

fn request(method: &str, path: &str) -> Request {
    Request {
        id: "1".into(),
        connection: "api".into(),
        method: method.into(),
        path: path.into(),
        headers: Vec::new(),
        body: None,
        timeout_seconds: 60,
        while_waiting: WhileWaiting::Deliver,
    }
}

async fn get(connection: Connection) -> Result<HttpResponse, RequestError> {
    connections(connection).call(&request("GET", "/orders"), false).await
}

/// An answer of a server that closes the connection behind it.
fn raw(text: &str) -> Behaviour {
    Behaviour::Raw(text.as_bytes().to_vec())
}

/// Names that lead where the test says, one answer after the other; the last one stays.
struct Scripted {
    answers: Mutex<Vec<Vec<IpAddr>>>,
    asked: Mutex<Vec<String>>,
}

impl Scripted {
    fn new(answers: &[&[&str]]) -> Arc<Self> {
        let parse = |answer: &&[&str]| answer.iter().map(|address| address.parse().expect(address)).collect();
        Arc::new(Self { answers: Mutex::new(answers.iter().map(parse).collect()), asked: Mutex::default() })
    }

    fn asked(&self) -> usize {
        self.asked.lock().expect("not poisoned").len()
    }
}

#[async_trait]
impl Names for Scripted {
    async fn look_up(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        self.asked.lock().expect("not poisoned").push(name.to_owned());
        let mut answers = self.answers.lock().expect("not poisoned");
        let answer = if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() };
        if answer.is_empty() { Err(io::Error::other("no such name")) } else { Ok(answer) }
    }
}

fn with_names(connection: Connection, names: &Arc<Scripted>) -> Connections {
    let configured = BTreeMap::from([("api".to_owned(), connection)]);
    let names: Arc<dyn Names> = Arc::<Scripted>::clone(names);
    Connections::with_names(&configured, Arc::new(SystemClock), |_| Arc::clone(&names)).expect("it can be called")
}

#[tokio::test]
async fn a_call_carries_what_the_plugin_asks_for_and_the_secret_it_never_sees() {
    let server = Server::start(|_, _| Behaviour::Answer {
        status: 201,
        headers: vec![("X-Kind", "order".into()), ("set-cookie", "session=1".into())],
        body: "größer".into(),
    })
    .await;
    let connections = connections(connection(&format!("{}/v1", server.endpoint)));
    let asked = Request {
        headers: vec![("Content-Type".into(), "application/json".into()), ("x-trace".into(), "7".into())],
        body: Some(r#"{"id":7}"#.into()),
        ..request("POST", "/orders?dry=1")
    };
    let answer = connections.call(&asked, false).await.expect("an answer");
    assert_eq!((answer.status, answer.body.as_str()), (201, "größer"));
    let header = |name: &str| answer.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    assert_eq!((header("x-kind"), header("set-cookie")), (Some("order"), None));

    let [received] = server.received().try_into().expect("one request");
    let head = received.head.to_ascii_lowercase();
    assert!(head.starts_with("post /v1/orders?dry=1 http/1.1"), "{head}");
    for line in [
        &format!("authorization: bearer {SECRET}"),
        "content-type: application/json",
        "x-trace: 7",
        "accept-encoding: identity",
        concat!("user-agent: turnwise/", env!("CARGO_PKG_VERSION")),
    ] {
        assert!(head.lines().any(|known| known == line), "{line} in {head}");
    }
    assert!(!head.contains("cookie") && !head.contains("referer"), "{head}");
    assert_eq!(received.body, serde_json::json!({ "id": 7 }));
}

#[tokio::test]
async fn a_service_that_repeats_the_secret_does_not_show_it_to_the_plugin() {
    let server = Server::start(|_, request| Behaviour::Answer {
        status: 200,
        headers: vec![("x-echo", format!("got Bearer {SECRET}!"))],
        body: request.head.clone().into_bytes(),
    })
    .await;
    let answer = get(connection(&server.endpoint)).await.expect("an answer");
    assert!(answer.body.contains("Bearer ***"), "{}", answer.body);
    assert!(!format!("{answer:?}").contains("hunter2"), "{answer:?}");
}

#[tokio::test]
async fn no_more_calls_are_under_way_than_the_connection_allows() {
    let (release, _) = tokio::sync::watch::channel(0_usize);
    let server = gated::Server::start(release.subscribe()).await;
    let connections = Arc::new(connections(Connection { calls_in_flight_max: 3, ..connection(&server.endpoint) }));
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let connections = Arc::clone(&connections);
        calls.spawn(async move { connections.call(&request("GET", "/"), false).await.expect("an answer").status });
    }
    for released in 0..=17 {
        release.send_replace(released);
        server.arrived(released + 3).await;
    }
    release.send_replace(20);
    assert!(calls.join_all().await.iter().all(|status| *status == 200));
    assert_eq!(server.together_max(), 3);
}

#[tokio::test]
async fn waiting_for_a_turn_counts() {
    let server = Server::start(|_, _| Behaviour::Hang(Vec::new())).await;
    let connection =
        Connection { calls_in_flight_max: 1, timeout: Duration::from_millis(300), ..connection(&server.endpoint) };
    let connections = connections(connection);
    let asked = request("GET", "/");
    let (first, second) = tokio::join!(connections.call(&asked, false), connections.call(&asked, false));
    assert_eq!((first, second), (Err(RequestError::Timeout), Err(RequestError::Timeout)));
    assert_eq!(server.received().len(), 1);
}

/// A server that answers its n-th request once n requests are released.
mod gated {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::sync::watch;
    use tokio::task::JoinSet;

    use super::Arc;

    pub(super) struct Server {
        pub(super) endpoint: String,
        arrived: watch::Receiver<usize>,
        together_max: Arc<AtomicUsize>,
        _tasks: JoinSet<()>,
    }

    impl Server {
        pub(super) async fn start(released: watch::Receiver<usize>) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
            let (count, arrived) = watch::channel(0);
            let (count, together, together_max) =
                (Arc::new(count), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
            let most = Arc::clone(&together_max);
            let mut tasks = JoinSet::new();
            tasks.spawn(async move {
                let mut open = JoinSet::new();
                while let Ok((mut stream, _)) = listener.accept().await {
                    let (count, together, most) = (Arc::clone(&count), Arc::clone(&together), Arc::clone(&most));
                    let mut released = released.clone();
                    open.spawn(async move {
                        let mut head = Vec::new();
                        while !head.ends_with(b"\r\n\r\n") {
                            if stream.read_buf(&mut head).await.unwrap_or(0) == 0 {
                                return;
                            }
                        }
                        most.fetch_max(together.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        let mut number = 0;
                        count.send_modify(|count| {
                            *count += 1;
                            number = *count;
                        });
                        let _ = released.wait_for(|released| *released >= number).await;
                        together.fetch_sub(1, Ordering::SeqCst);
                        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                        let _ = stream.write_all(answer.as_bytes()).await;
                    });
                }
            });
            Self { endpoint, arrived, together_max, _tasks: tasks }
        }

        pub(super) async fn arrived(&self, requests: usize) {
            self.arrived.clone().wait_for(|count| *count >= requests).await.expect("the server runs");
        }

        pub(super) fn together_max(&self) -> usize {
            self.together_max.load(Ordering::SeqCst)
        }
    }
}
