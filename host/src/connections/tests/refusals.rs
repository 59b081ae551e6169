//! What is not called at all: row G7 of the fault matrix, and whatever a connection does not allow.

use super::*;

/// The reason why a call to the server's `/v1` was denied.
async fn denied(change: impl FnOnce(&mut Request)) -> String {
    let server = Server::start(|_, _| Behaviour::json(200, "{}")).await;
    let base_url = format!("{}/v1", server.endpoint);
    let connections =
        connections(Connection { paths: vec!["/orders/".into()], request_bytes_max: 10, ..connection(&base_url) });
    let mut asked = request("GET", "/orders/7");
    change(&mut asked);
    let outcome = connections.call(&asked, false).await;
    assert!(server.received().is_empty(), "nothing was called: {outcome:?}");
    match outcome {
        Err(RequestError::Denied(reason)) => reason,
        other => panic!("{asked:?} led to {other:?}"),
    }
}

#[tokio::test]
async fn what_the_connection_does_not_allow_is_denied_with_the_reason() {
    let header = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
    assert_eq!(denied(|asked| asked.connection = "crm".into()).await, "no connection \"crm\" is configured");
    assert!(denied(|asked| asked.method = "DELETE".into()).await.contains("it allows GET, POST"));
    assert!(denied(|asked| asked.method = "get".into()).await.contains("it allows GET, POST"));
    assert!(denied(|asked| asked.method = "GET / HTTP/1.1\r\nx:".into()).await.contains("it allows GET, POST"));
    assert!(denied(|asked| asked.path = "/admin".into()).await.contains("`/orders/`"));
    assert!(denied(|asked| asked.path = "/orders/../admin".into()).await.contains("lead out"));
    assert!(denied(|asked| asked.path = "http://127.0.0.1/".into()).await.contains("begin with `/`"));
    assert!(denied(|asked| asked.path = "@evil.example/".into()).await.contains("begin with `/`"));
    assert!(denied(|asked| asked.headers = header("Authorization", "mine")).await.contains("sends its own"));
    assert!(denied(|asked| asked.headers = header("Host", "evil.example")).await.contains("base URL"));
    assert!(denied(|asked| asked.headers = header("x-a", "1\r\nhost: evil")).await.contains("line break"));
    assert!(denied(|asked| asked.body = Some("12345678901".into())).await.contains("11 bytes"));
    assert!(denied(|asked| asked.timeout_seconds = 0).await.contains("0 seconds"));
}

/// A name that leads to each of these, one by one.
#[tokio::test]
async fn g7_no_name_leads_inside() {
    for address in [
        "127.0.0.1",
        "127.0.0.2",
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.168.0.1",
        "::1",
        "::",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "fe80::1",
        "fd00:ec2::254",
    ] {
        let names = Scripted::new(&[&[address]]);
        let connection = Connection { allow_private: Vec::new(), ..connection("https://inside.example") };
        let outcome = with_names(connection, &names).call(&request("GET", "/"), false).await;
        let Err(RequestError::Denied(reason)) = outcome else { panic!("{address}: {outcome:?}") };
        assert!(reason.starts_with("the host's address is "), "{address}: {reason}");
        assert!(!reason.contains(address), "where it leads is not the plugin's to know: {reason}");
        assert_eq!(names.asked(), 1, "{address}");
    }
}

#[tokio::test]
async fn g7_no_notation_of_an_address_leads_inside() {
    for host in [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "017700000001",
        "0",
        "0.0.0.0",
        "169.254.169.254",
        "2852039166",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[fe80::1]",
        "127.0.0.1.",
        "%31%32%37.0.0.1",
        "①②⑦.0.0.1",
        "127。0。0。1",
    ] {
        let base_url = format!("https://{host}");
        let configured = BTreeMap::from([("api".to_owned(), Connection::to(&base_url))]);
        let refused = Connections::new(&configured, Arc::new(SystemClock)).err();
        assert!(matches!(refused, Some(ConnectionsError::Address { .. })), "{host}: {refused:?}");
    }
}

#[tokio::test]
async fn g7_the_systems_own_name_for_this_machine_leads_nowhere() {
    let connection = Connection { allow_private: Vec::new(), ..connection("https://LOCALHOST") };
    let outcome = get(connection).await;
    assert!(matches!(outcome, Err(RequestError::Denied(_))), "{outcome:?}");
}

#[tokio::test]
async fn g7_a_name_that_changes_its_mind_is_checked_each_time() {
    let server = Server::start(|_, _| raw("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi")).await;
    let names = Scripted::new(&[&["127.0.0.1"], &["127.0.0.2"], &["127.0.0.1"]]);
    let base_url = server.endpoint.replace("127.0.0.1", "rebind.example");
    let connections = with_names(connection(&base_url), &names);
    let asked = request("GET", "/");
    assert_eq!(connections.call(&asked, false).await.expect("allowed").body, "hi");
    assert_eq!(names.asked(), 1, "the address that was checked is the one that was called");
    let second = connections.call(&asked, false).await;
    assert!(matches!(second, Err(RequestError::Denied(_))), "{second:?}");
    assert_eq!(connections.call(&asked, false).await.expect("allowed").body, "hi");
    assert_eq!((names.asked(), server.received().len()), (3, 2));
}

#[tokio::test]
async fn of_several_addresses_only_the_allowed_are_called() {
    let server = Server::start(|_, _| Behaviour::json(200, "{}")).await;
    let names = Scripted::new(&[&["169.254.169.254", "10.0.0.1", "127.0.0.1", "::1"]]);
    let base_url = server.endpoint.replace("127.0.0.1", "several.example");
    let outcome = with_names(connection(&base_url), &names).call(&request("GET", "/"), false).await;
    assert_eq!(outcome.map(|answer| answer.status), Ok(200));
}

#[tokio::test]
async fn what_travels_readable_does_not_leave_the_house() {
    let names = Scripted::new(&[&["8.8.8.8"]]);
    let outcome = with_names(connection("http://crm.example"), &names).call(&request("GET", "/"), false).await;
    let Err(RequestError::Denied(reason)) = outcome else { panic!("{outcome:?}") };
    assert!(reason.contains("readable"), "{reason}");
}

#[test]
fn a_connection_that_could_never_be_called_is_refused_at_the_start() {
    let refused = |connection| {
        let configured = BTreeMap::from([("api".to_owned(), connection)]);
        let error = Connections::new(&configured, Arc::new(SystemClock)).err().expect("refused");
        assert!(!error.to_string().contains("hunter2"), "{error}");
        error
    };
    for base_url in ["", "api.example.com", "ftp://x.example", "https://me:hunter2@x.example?a"] {
        let error = refused(Connection::to(base_url));
        assert!(matches!(error, ConnectionsError::BaseUrl { .. }), "{base_url}: {error}");
    }
    let broken = |name: &str, value: &str| {
        let header = Header { name: name.into(), value: Secret::new(value), secrets: Vec::new() };
        refused(Connection { headers: vec![header], ..Connection::to("https://x.example") })
    };
    assert!(matches!(broken("x a", "1"), ConnectionsError::Header { .. }));
    assert!(matches!(broken("x-a", "hunter2\r\nb: c"), ConnectionsError::Header { .. }));
}
