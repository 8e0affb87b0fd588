//! Where a request comes from, also through proxies that the operator trusts.

use axum::extract::Request;
use axum::http::HeaderMap;
use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The bits of an IPv6 address that one household has for itself; what is after them it can choose at will.
const NETWORK_BITS: u32 = 64;

/// Who sends a request, as far as can be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// The address; that of the last hop which no trusted proxy vouches for.
    pub address: IpAddr,
    /// Whether the client speaks TLS, to the desk or to a trusted proxy: cookies may be marked `Secure`.
    pub is_secure: bool,
}

impl Client {
    /// The sender of a request that came through [`super::identified`].
    pub fn of(request: &Request) -> Client {
        let unknown = Client {
            address: Ipv4Addr::UNSPECIFIED.into(),
            is_secure: false,
        };
        request.extensions().get().copied().unwrap_or(unknown)
    }
}

/// The sender of a request that `peer` brought. The headers of proxies are believed of trusted ones only: anybody can
/// write them.
pub(super) fn behind(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet], is_tls: bool) -> Client {
    let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.contains(&address));
    let peer = peer.to_canonical();
    if !is_trusted(peer) {
        return Client {
            address: peer,
            is_secure: is_tls,
        };
    }
    let mut address = peer;
    let hops = headers.get_all("x-forwarded-for").iter();
    let mut hops: Vec<&str> = hops
        .flat_map(|value| value.to_str().unwrap_or("?").split(','))
        .collect();
    // Each proxy adds to the end who it heard from, so the list is believed from its end as far as trust reaches.
    while let Some(hop) = hops.pop() {
        let Some(heard_from) = hop_address(hop.trim()) else {
            break;
        };
        address = heard_from;
        if !is_trusted(address) {
            break;
        }
    }
    let scheme = headers
        .get("x-forwarded-proto")
        .and_then(|value| value.to_str().ok());
    Client {
        address,
        is_secure: is_tls || scheme.is_some_and(|scheme| scheme.trim().eq_ignore_ascii_case("https")),
    }
}

/// The address of a hop, with or without a port.
fn hop_address(hop: &str) -> Option<IpAddr> {
    let with_port = || hop.parse().ok().map(|address: std::net::SocketAddr| address.ip());
    let in_brackets = || hop.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok();
    let address = hop
        .parse::<IpAddr>()
        .ok()
        .or_else(with_port)
        .or_else(|| in_brackets().map(IpAddr::V6))?;
    Some(address.to_canonical())
}

/// What an address is counted as.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let mask = u128::MAX << (128 - NETWORK_BITS);
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&str], scheme: &str) -> (String, bool) {
        let trusted: Vec<IpNet> = ["127.0.0.0/8", "10.0.0.0/8", "fd00::/8"]
            .map(|net| net.parse().unwrap())
            .into();
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        headers.insert("x-forwarded-proto", scheme.parse().unwrap());
        let client = behind(peer.parse().unwrap(), &headers, &trusted, false);
        (client.address.to_string(), client.is_secure)
    }

    #[test]
    fn only_trusted_proxies_are_believed_and_only_as_far_as_trust_reaches() {
        let cases: [(&str, &[&str], &str); 9] = [
            ("192.0.2.7", &["198.51.100.1"], "192.0.2.7"),
            ("127.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("::ffff:127.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("127.0.0.1", &["1.2.3.4, 198.51.100.1"], "198.51.100.1"),
            ("127.0.0.1", &["1.2.3.4, 198.51.100.1, 10.1.1.1"], "198.51.100.1"),
            (
                "127.0.0.1",
                &["1.2.3.4", "198.51.100.1:443", "10.1.1.1"],
                "198.51.100.1",
            ),
            ("10.0.0.1", &["[2001:db8::1]:55"], "2001:db8::1"),
            ("127.0.0.1", &["nonsense, 10.1.1.1"], "10.1.1.1"),
            ("127.0.0.1", &[], "127.0.0.1"),
        ];
        for (peer, forwarded, expected) in cases {
            assert_eq!(
                client(peer, forwarded, "http").0,
                expected,
                "{peer} {forwarded:?}"
            );
        }
    }

    #[test]
    fn the_scheme_is_believed_of_trusted_proxies_only() {
        assert!(client("127.0.0.1", &[], "HTTPS").1);
        assert!(!client("127.0.0.1", &[], "http").1);
        assert!(!client("192.0.2.7", &[], "https").1);
        assert!(behind("192.0.2.7".parse().unwrap(), &HeaderMap::new(), &[], true).is_secure);
    }
}
