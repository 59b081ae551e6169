use super::*;

fn address(text: &str) -> IpAddr {
    text.parse().unwrap_or_else(|_| panic!("{text} is an address"))
}

fn policy(allow_private: &[&str]) -> Policy {
    Policy {
        allow_private: allow_private.iter().map(|network| network.parse().expect(network)).collect(),
        public: true,
    }
}

/// The addresses of row G7, and whatever else leads somewhere inside.
const INSIDE: &[&str] = &[
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "198.18.0.1",
    "198.19.255.255",
    "::1",
    "fc00::1",
    "fdff:ffff::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::192.168.1.1",
];

const NOWHERE: &[&str] = &[
    "0.0.0.0",
    "0.1.2.3",
    "100.100.100.200",
    "168.63.129.16",
    "169.254.0.1",
    "169.254.169.254",
    "169.254.170.2",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::127.0.0.1",
    "::8.8.8.8",
    "::2",
    "::ffff:0.0.0.0",
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",
    "64:ff9b::169.254.169.254",
    "64:ff9b::0.0.0.0",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:2::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::1",
    "3fff::1",
    "5f00::1",
    "fd00:ec2::254",
    "fd00:ec2::23",
    "fd20:ce::254",
    "fe80::1",
    "febf::1",
    "fec0::1",
    "ff02::1",
    "4000::1",
    "e000::1",
];

const OUTSIDE: &[&str] = &[
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.1",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.1",
    "169.253.255.255",
    "169.255.0.1",
    "172.15.255.255",
    "172.32.0.1",
    "192.167.255.255",
    "192.169.0.1",
    "198.17.255.255",
    "198.20.0.1",
    "223.255.255.255",
    "2001:4860:4860::8888",
    "2606:4700::1111",
    "2a00:1450:4001::1",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
];

#[test]
fn every_range_can_be_read() {
    assert_eq!(RANGES.private.len(), PRIVATE.len());
    assert_eq!(RANGES.never.len(), NEVER.len());
    assert_eq!(RANGES.as_ipv4.len(), IPV6_AS_IPV4.len());
    assert_eq!(RANGES.unicast.to_string(), IPV6_UNICAST);
}

#[test]
fn a_call_reaches_the_internet_and_nothing_else() {
    for text in INSIDE {
        assert!(matches!(reach(address(text)), Reach::Private(_)), "{text}: {:?}", reach(address(text)));
        assert!(matches!(policy(&[]).check(address(text)), Err(Refused::Private(_))), "{text}");
    }
    for text in NOWHERE {
        assert!(matches!(reach(address(text)), Reach::Never(_)), "{text}: {:?}", reach(address(text)));
        assert!(matches!(policy(&[]).check(address(text)), Err(Refused::Never(_))), "{text}");
    }
    for text in OUTSIDE {
        assert_eq!(reach(address(text)), Reach::Public, "{text}");
        assert_eq!(policy(&[]).check(address(text)), Ok(()), "{text}");
    }
}

#[test]
fn what_is_allowed_is_allowed_to_the_address_and_no_further() {
    let loopback = policy(&["127.0.0.1/32", "10.1.0.0/16"]);
    for text in ["127.0.0.1", "::ffff:127.0.0.1", "64:ff9b::127.0.0.1", "10.1.2.3"] {
        assert_eq!(loopback.check(address(text)), Ok(()), "{text}");
    }
    for text in ["127.0.0.2", "::1", "10.2.0.1", "::ffff:10.2.0.1", "192.168.0.1"] {
        assert!(matches!(loopback.check(address(text)), Err(Refused::Private(_))), "{text}");
    }
}

#[test]
fn nothing_allows_what_gives_out_credentials() {
    let everything = policy(&["0.0.0.0/0", "::/0"]);
    for text in NOWHERE {
        assert!(matches!(everything.check(address(text)), Err(Refused::Never(_))), "{text}");
    }
}

#[test]
fn what_travels_readable_stays_inside() {
    let readable = Policy { public: false, ..policy(&["10.0.0.0/8"]) };
    assert_eq!(readable.check(address("10.0.0.1")), Ok(()));
    for text in OUTSIDE {
        assert_eq!(readable.check(address(text)), Err(Refused::Readable), "{text}");
    }
}

#[test]
fn only_parts_of_private_ranges_can_be_named() {
    let range = |text: &str| private_range(&text.parse().expect(text)).map(|range| range.to_string());
    assert_eq!(range("10.1.0.0/16").as_deref(), Some("10.0.0.0/8"));
    assert_eq!(range("127.0.0.1/32").as_deref(), Some("127.0.0.0/8"));
    assert_eq!(range("fd12::/48").as_deref(), Some("fc00::/7"));
    for text in ["0.0.0.0/0", "8.0.0.0/7", "8.8.8.8/32", "::/0", "2000::/3", "169.254.169.254/32"] {
        assert_eq!(range(text), None, "{text}");
    }
}
