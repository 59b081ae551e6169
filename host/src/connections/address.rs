//! Which addresses a call may go to. A name is the other side's to point anywhere, so what counts is the address it led to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use ipnet::{IpNet, Ipv6Net};

/// Ranges that a connection may be allowed to, since a service of one's own may be there.
const PRIVATE: [(&str, &str); 8] = [
    ("10.0.0.0/8", "a private network"),
    ("100.64.0.0/10", "a carrier's own network"),
    ("127.0.0.0/8", "this machine"),
    ("172.16.0.0/12", "a private network"),
    ("192.168.0.0/16", "a private network"),
    ("198.18.0.0/15", "a test network"),
    ("::1/128", "this machine"),
    ("fc00::/7", "a private network"),
];

/// Ranges that no connection may be allowed to: nothing that answers calls is there, or what is there gives out credentials.
const NEVER: [(&str, &str); 26] = [
    ("0.0.0.0/8", "no address, and this machine to some systems"),
    ("100.100.100.200/32", "a cloud's metadata service"),
    ("168.63.129.16/32", "a cloud's metadata service"),
    ("169.254.0.0/16", "link-local, where clouds have their metadata service"),
    ("192.0.0.0/24", "reserved, and a cloud's metadata service"),
    ("192.0.2.0/24", "for documentation"),
    ("192.88.99.0/24", "a tunnel's entrance"),
    ("198.51.100.0/24", "for documentation"),
    ("203.0.113.0/24", "for documentation"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved"),
    ("2001::/23", "a tunnel's or a protocol's own"),
    ("2001:db8::/32", "for documentation"),
    ("2002::/16", "a tunnel to an IPv4 address"),
    ("3fff::/20", "for documentation"),
    ("64:ff9b:1::/48", "a tunnel to an IPv4 address"),
    ("100::/64", "discarded"),
    ("5f00::/16", "a protocol's own"),
    ("fd00:ec2::254/128", "a cloud's metadata service"),
    ("fd00:ec2::23/128", "a cloud's credentials"),
    ("fd20:ce::254/128", "a cloud's metadata service"),
    ("fe80::/10", "link-local"),
    ("fec0::/10", "reserved"),
    ("ff00::/8", "multicast"),
    ("::/128", "no address, and this machine to some systems"),
    ("::ffff:0:0:0/96", "a translated IPv4 address"),
];

/// All of IPv6 that is given out; everything else is as good as reserved.
const IPV6_UNICAST: &str = "2000::/3";
/// IPv6 addresses that stand for the IPv4 address in their last four bytes.
const IPV6_AS_IPV4: [&str; 2] = ["::ffff:0:0/96", "64:ff9b::/96"];

/// What is at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The internet.
    Public,
    /// A network of one's own; what it is, for people.
    Private(&'static str),
    /// Nothing that a connection is for; why, for people.
    Never(&'static str),
}

/// What a connection's calls may reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Private addresses are refused but for these.
    pub allow_private: Vec<IpNet>,
    /// Whether it may be the internet at all; not where a call would travel readable.
    pub public: bool,
}

/// Why a call may not go to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("is {0}, where no connection may lead")]
    Never(&'static str),
    #[error("is {0}, and the connection's `allow_private` does not name it")]
    Private(&'static str),
    #[error("is on the internet, where `http` would travel readable")]
    Readable,
}

struct Ranges {
    private: Vec<(IpNet, &'static str)>,
    never: Vec<(IpNet, &'static str)>,
    as_ipv4: Vec<Ipv6Net>,
    unicast: Ipv6Net,
}

static RANGES: LazyLock<Ranges> = LazyLock::new(|| {
    let read = |ranges: &[(&str, &'static str)]| {
        ranges.iter().filter_map(|(range, what)| Some((range.parse().ok()?, *what))).collect()
    };
    Ranges {
        private: read(&PRIVATE),
        never: read(&NEVER),
        as_ipv4: IPV6_AS_IPV4.iter().filter_map(|range| range.parse().ok()).collect(),
        unicast: IPV6_UNICAST.parse().unwrap_or_default(),
    }
});

impl Policy {
    /// Whether a call may go there.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, address: IpAddr) -> Result<(), Refused> {
        match reach(address) {
            Reach::Never(what) => Err(Refused::Never(what)),
            Reach::Private(_) if self.allow_private.iter().any(|network| network.contains(&meant(address))) => Ok(()),
            Reach::Private(what) => Err(Refused::Private(what)),
            Reach::Public if self.public => Ok(()),
            Reach::Public => Err(Refused::Readable),
        }
    }
}

/// What is at an address.
#[must_use]
pub fn reach(address: IpAddr) -> Reach {
    let address = meant(address);
    let among = |ranges: &[(IpNet, &'static str)]| {
        ranges.iter().find(|(range, _)| range.contains(&address)).map(|(_, what)| *what)
    };
    if let Some(what) = among(&RANGES.never) {
        return Reach::Never(what);
    }
    if let Some(what) = among(&RANGES.private) {
        return Reach::Private(what);
    }
    match address {
        IpAddr::V6(address) if !RANGES.unicast.contains(&address) => Reach::Never("reserved"),
        _ => Reach::Public,
    }
}

/// The private range that a network lies in, if it lies in one: what `allow_private` may name.
#[must_use]
pub fn private_range(network: &IpNet) -> Option<IpNet> {
    RANGES.private.iter().map(|(range, _)| *range).find(|range| range.contains(network))
}

/// Every range that `allow_private` may name a part of.
pub fn private_ranges() -> impl Iterator<Item = &'static str> {
    PRIVATE.iter().map(|(range, _)| *range)
}

/// An IPv6 address that stands for an IPv4 one is that one: the network takes it there.
fn meant(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) if RANGES.as_ipv4.iter().any(|range| range.contains(&v6)) => IpAddr::V4(last_four(v6)),
        _ => address,
    }
}

fn last_four(address: Ipv6Addr) -> Ipv4Addr {
    let [.., a, b, c, d] = address.octets();
    Ipv4Addr::new(a, b, c, d)
}

#[cfg(test)]
mod tests;
