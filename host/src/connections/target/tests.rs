use super::*;

fn called(base: &str, path: &str, patterns: &[&str]) -> Result<String, BadPath> {
    let patterns: Vec<String> = patterns.iter().map(ToString::to_string).collect();
    url(&Url::parse(base).expect(base), path, &patterns).map(String::from)
}

fn below(path: &str) -> Result<String, BadPath> {
    called("https://api.example.com/v1", path, &["/"])
}

#[test]
fn a_path_stands_behind_the_base() {
    for (path, expected) in [
        ("", "https://api.example.com/v1"),
        ("/", "https://api.example.com/v1/"),
        ("?page=2", "https://api.example.com/v1?page=2"),
        ("/orders/7", "https://api.example.com/v1/orders/7"),
        ("/orders/7/", "https://api.example.com/v1/orders/7/"),
        ("/orders?id=7&to=https://x//y", "https://api.example.com/v1/orders?id=7&to=https://x//y"),
        ("/orders?", "https://api.example.com/v1/orders?"),
        ("/orders?q=100%25&r=..", "https://api.example.com/v1/orders?q=100%25&r=.."),
        ("/a b/é?q=ü ß", "https://api.example.com/v1/a%20b/%C3%A9?q=%C3%BC%20%C3%9F"),
        ("/users/@me", "https://api.example.com/v1/users/@me"),
        ("/users/ada@example.com:80", "https://api.example.com/v1/users/ada@example.com:80"),
        ("/projects/group%2Fproject", "https://api.example.com/v1/projects/group%2Fproject"),
        ("/files/..rc", "https://api.example.com/v1/files/..rc"),
        ("/files/a..b", "https://api.example.com/v1/files/a..b"),
        ("/100%2525", "https://api.example.com/v1/100%2525"),
    ] {
        assert_eq!(below(path).as_deref(), Ok(expected), "{path}");
    }
    assert_eq!(called("https://api.example.com", "/a", &["/"]).as_deref(), Ok("https://api.example.com/a"));
    assert_eq!(called("https://api.example.com", "", &["/"]).as_deref(), Ok("https://api.example.com/"));
    assert_eq!(called("http://[::1]:8080", "/a", &["/"]).as_deref(), Ok("http://[::1]:8080/a"));
}

#[test]
fn no_path_leaves_the_base() {
    for path in [
        "orders",
        ".evil.example/",
        "@evil.example/",
        ":80@evil.example/",
        "https://evil.example/",
        "HTTPS://evil.example/",
        "//evil.example/",
        "///evil.example/",
        "\\\\evil.example\\",
        "/\\evil.example",
        "/a\\..\\b",
        "/a//b",
        "/..",
        "/../admin",
        "/a/../../admin",
        "/a/./b",
        "/a/..;/b",
        "/a/..;x=1/b",
        "/%2e%2e/admin",
        "/%2E%2e/admin",
        "/.%2e/admin",
        "/%2e./admin",
        "/a%2f..%2f..%2fadmin",
        "/..%2fadmin",
        "/..%5cadmin",
        "/a%5c..%5cb",
        "/%252e%252e/admin",
        "/%25252e%25252e/admin",
        "/%2525252e%2525252e/admin",
        "/%252525252e/x",
        "/%25%32%65%25%32%65/admin",
        "/a#b",
        "/a?b#c",
        "/a%",
        "/a%2",
        "/a%zz",
        "/a%00b",
        "/a%0d%0ax:%20y",
        "/a\r\nx: y",
        "/a\tb",
        "/a\u{0}b",
        "/a\u{85}b",
        "/a\nb?c",
        "/a?b\r\nc",
        " /a",
        "/.. ",
        "/..%20/a",
        "/.\t./a",
    ] {
        let answer = below(path);
        assert!(answer.is_err(), "{path:?} leads to {answer:?}");
    }
    assert!(matches!(below(&format!("/{}", "a".repeat(CALL_PATH_BYTES_MAX))), Err(BadPath::TooLong(_))));
}

/// Paths of all that means something somewhere, by a fixed sequence of numbers.
#[test]
fn whatever_is_written_the_host_is_the_connections() {
    const PIECES: [&str; 22] = [
        "/",
        "\\",
        "..",
        ".",
        "%2e",
        "%2f",
        "%5c",
        "%25",
        "@",
        ":",
        "//",
        "?",
        "#",
        ";",
        "a",
        "evil.example",
        "http:",
        "é",
        " ",
        "\t",
        "%",
        "&",
    ];
    let mut state = 7_u32;
    let mut next = |below: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize % below
    };
    let mut allowed = 0;
    for _ in 0..100_000 {
        let path: String = (0..=next(7)).map(|_| PIECES[next(PIECES.len())]).collect();
        if let Ok(url) = below(&path) {
            allowed += 1;
            let rest =
                url.strip_prefix("https://api.example.com/v1").unwrap_or_else(|| panic!("{path} leads to {url}"));
            assert!(rest.is_empty() || rest.starts_with(['/', '?']), "{path} leads to {url}");
            assert!(!rest.split('?').next().unwrap_or_default().split('/').any(|piece| piece == ".."), "{url}");
        }
    }
    assert!(allowed > 1000, "{allowed}: most of them are refused, not all");
}

#[test]
fn patterns_say_which_paths() {
    for (pattern, path, expected) in [
        ("/", "", true),
        ("/", "/a/b", true),
        ("/orders", "/orders", true),
        ("/orders", "/orders?id=7", true),
        ("/orders", "/orders/", false),
        ("/orders", "/orders/7", false),
        ("/orders", "/ordersx", false),
        ("/orders", "/Orders", false),
        ("/orders/", "/orders", false),
        ("/orders/", "/orders/", true),
        ("/orders/", "/orders/7/items", true),
        ("/orders/*", "/orders/7", true),
        ("/orders/*", "/orders/7/items", false),
        ("/orders/*", "/orders", false),
        ("/orders/*/items", "/orders/7/items", true),
        ("/orders/*/items", "/orders/7/8/items", false),
        ("/orders/*/", "/orders/7/items", true),
        ("/orders/*/", "/orders/7", false),
        ("/v*.json", "/v1.json", true),
        ("/v*.json", "/v1.xml", false),
        ("/a*b*c", "/abc", true),
        ("/a*b*c", "/axbyc", true),
        ("/a*b*c", "/axc", false),
        ("/a*a", "/a", false),
        ("/a*b*b", "/ab", false),
        // A server that decodes sees other pieces than one that does not.
        ("/orders/*", "/orders/7%2Fitems", false),
        ("/orders/*/items", "/orders/7%2Fitems", false),
        ("/orders/items", "/orders%2Fitems", false),
        ("/orders/items", "/orders/%69tems", false),
        ("/orders/*", "/orders/caf%C3%A9", true),
        ("/orders/*", "/orders/%FF", true),
        ("/orders/", "/orders/7%2Fitems", true),
    ] {
        assert_eq!(called("https://x.example/base", path, &[pattern]).is_ok(), expected, "{pattern} {path}");
    }
    let refused = called("https://x.example", "/admin", &["/orders", "/carts/*"]);
    assert_eq!(refused, Err(BadPath::NotAllowed("`/orders`, `/carts/*`".to_owned())));
    assert!(called("https://x.example", "/carts/7", &["/orders", "/carts/*"]).is_ok());
}

#[test]
fn a_pattern_is_a_plain_path() {
    for pattern in ["/", "/a", "/a/", "/a/*", "/a*b/c", "/v1/chat/completions", "/a:b@c;d"] {
        assert_eq!(flaw_of_pattern(pattern), None, "{pattern}");
    }
    for pattern in ["", "a", "*", "/a?b", "/a#b", "/a%20b", "/a b", "/é", "/a//b", "/../a", "/a/./b", "/a/**", "/a\\b"]
    {
        assert!(flaw_of_pattern(pattern).is_some(), "{pattern}");
    }
}
