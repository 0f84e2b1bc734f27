//! Whose request it is, as far as rates are concerned: the other end of the connection, or whom a proxy
//! names that the configuration trusts. Never stored, never logged.

use crate::config::Cidr;
use crate::ingest::ClientNetwork;
use crate::serve::Peer;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use std::net::IpAddr;

const FORWARDED_FOR: &str = "x-forwarded-for";

pub(super) fn client_of(parts: &Parts, trusted: &[Cidr]) -> Option<ClientNetwork> {
    let Peer(peer) = parts.extensions.get()?;
    Some(ClientNetwork::of(address(*peer, &parts.headers, trusted)))
}

/// Each proxy writes behind what it was told who asked it. So from the right: the first address that is
/// not one of our proxies' is the last that one of them has seen itself; what stands further left the
/// client can have invented.
fn address(peer: IpAddr, headers: &HeaderMap, trusted: &[Cidr]) -> IpAddr {
    let is_ours = |address: IpAddr| trusted.iter().any(|proxy| proxy.contains(address));
    let mut nearest = peer;
    let told = headers.get_all(FORWARDED_FOR);
    let told: Vec<&str> = told
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    let mut told = told.iter().flat_map(|value| value.split(',')).rev();
    while is_ours(nearest) {
        let Some(next) = told.next().and_then(|text| parsed(text.trim())) else {
            break;
        };
        nearest = next;
    }
    nearest
}

/// Some proxies write the port, too.
fn parsed(text: &str) -> Option<IpAddr> {
    let with_port = || {
        text.parse()
            .ok()
            .map(|address: std::net::SocketAddr| address.ip())
    };
    text.parse().ok().or_else(with_port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_believed_only_when_it_is_ours() {
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let cases: [(&str, &[&str], &str); 8] = [
            ("203.0.113.1", &[], "203.0.113.1"),
            ("203.0.113.1", &["198.51.100.7"], "203.0.113.1"),
            ("10.0.0.1", &["198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["1.2.3.4, 198.51.100.7"], "198.51.100.7"),
            (
                "10.0.0.1",
                &["1.2.3.4, 198.51.100.7, 10.9.9.9"],
                "198.51.100.7",
            ),
            (
                "10.0.0.1",
                &["1.2.3.4", "198.51.100.7:4711"],
                "198.51.100.7",
            ),
            ("10.0.0.1", &["1.2.3.4, unknown"], "10.0.0.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
        ];
        for (peer, told, client) in cases {
            let mut headers = HeaderMap::new();
            for value in told {
                headers.append(FORWARDED_FOR, value.parse().unwrap());
            }
            let found = address(peer.parse().unwrap(), &headers, &trusted);
            assert_eq!(found.to_string(), client, "{peer} {told:?}");
        }
    }
}
