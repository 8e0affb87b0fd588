//! What every request passes: the name that it was sent to, and headers that keep other pages from using the desk.
//!
//! Without a login the browser's own rules are the only wall between the desk and other pages. A page of an attacker can
//! have its own name resolve to this machine (DNS rebinding) and is then of the same origin, so a name that the
//! operator does not know is refused. An IP address cannot be rebound.

use crate::config::auth::host_of;
use crate::walls::Client;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// Headers of every response that does not set them itself.
const HEADERS: [(HeaderName, HeaderValue); 7] = [
    // Pages have a policy of their own. Whatever else is opened as one loads and runs nothing, and no other page may show
    // it in a frame and have its visitors click into it.
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
    ),
    // Pages of others that opened the desk, or were opened by it, have no hold on it.
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    // Of what a browser may ask its user for, the desk needs only notifications, which have no such word.
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static(
            "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), \
             microphone=(), midi=(), payment=(), serial=(), usb=()",
        ),
    ),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
];

/// For browsers that came by TLS: they come by nothing else for 30 days from each visit on. Longer would bind an operator
/// who gives TLS up.
const TLS_ONLY: HeaderValue = HeaderValue::from_static("max-age=2592000");

/// The router behind the guard. `allowed_hosts` are names that the desk is reached by, beside localhost.
pub fn guarded(router: Router, allowed_hosts: Vec<String>) -> Router {
    router.layer(from_fn_with_state(Arc::new(allowed_hosts), guard))
}

async fn guard(State(allowed_hosts): State<Arc<Vec<String>>>, request: Request, next: Next) -> Response {
    let is_tls_only = is_tls_only(&request, &allowed_hosts);
    let mut response = match refusal(&request, &allowed_hosts) {
        None => next.run(request).await,
        Some(refusal) => refusal.into_response(),
    };
    add_missing(response.headers_mut());
    if is_tls_only {
        response
            .headers_mut()
            .insert(header::STRICT_TRANSPORT_SECURITY, TLS_ONLY);
    }
    response
}

/// Why a request is refused for the name that it was sent to.
fn refusal(request: &Request, allowed_hosts: &[String]) -> Option<(StatusCode, &'static str)> {
    let named = request.headers().get_all(header::HOST).iter().count();
    // HTTP/1.1 wants exactly one (RFC 9112, section 3.2): of two, a proxy may look at the one and this at the other.
    if named > 1 || (named == 0 && request.version() == Version::HTTP_11) {
        let message = "a request names the desk in one header, and only one; send Host once, such as \
                       Host: localhost:8000\n";
        return Some((StatusCode::BAD_REQUEST, message));
    }
    if host(request).is_none_or(|host| is_known(&host, allowed_hosts)) {
        return None;
    }
    let message = "this desk does not go by that name; use its IP address or localhost, or start it with \
                   --allowed-host NAME\n";
    Some((StatusCode::MISDIRECTED_REQUEST, message))
}

/// Whether the browser may be told to come by TLS alone. What is told holds for the whole host, whatever the port: so it is
/// said of a name that is the desk's, by the usual port. On another one the host has other services, and so has localhost.
fn is_tls_only(request: &Request, allowed_hosts: &[String]) -> bool {
    let is_usual_port =
        authority(request).is_some_and(|authority| !authority.contains(':') || authority.ends_with(":443"));
    let is_own_name = host(request).is_some_and(|host| {
        !is_name(&host, "localhost") && allowed_hosts.iter().any(|name| is_name(&host, name))
    });
    Client::of(request).is_secure && is_usual_port && is_own_name
}

fn add_missing(headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(value);
    }
}

/// The host that the request was sent to, and its port where that is said.
fn authority(request: &Request) -> Option<String> {
    match request.headers().get(header::HOST) {
        // A name that is no text is no name that anybody allowed.
        Some(host) => Some(host.to_str().unwrap_or("?").to_owned()),
        None => Some(request.uri().authority()?.to_string()),
    }
}

/// The host that the request was sent to, without its port.
fn host(request: &Request) -> Option<String> {
    Some(host_of(&authority(request)?).to_owned())
}

fn is_known(host: &str, allowed_hosts: &[String]) -> bool {
    let is_address = host.parse::<Ipv4Addr>().is_ok()
        || host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .is_some_and(|host| host.parse::<Ipv6Addr>().is_ok());
    is_address || is_name(host, "localhost") || allowed_hosts.iter().any(|name| is_name(host, name))
}

fn is_name(host: &str, name: &str) -> bool {
    host.trim_end_matches('.').eq_ignore_ascii_case(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_allowed_names_pass_and_others_do_not() {
        let case = |authority: &str| {
            let request = Request::builder()
                .header(header::HOST, authority)
                .body(axum::body::Body::empty())
                .unwrap();
            is_known(&host(&request).unwrap(), &["desk.example".to_owned()])
        };
        for known in [
            "127.0.0.1:8000",
            "localhost:8000",
            "LOCALHOST",
            "[::1]:8000",
            "[::1]",
            "192.168.1.7",
            "desk.example:443",
        ] {
            assert!(case(known), "{known}");
        }
        for foreign in [
            "evil.example:8000",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "",
            "desk.example.evil",
            "2130706433",
        ] {
            assert!(!case(foreign), "{foreign}");
        }
    }

    #[test]
    fn a_browser_is_bound_to_tls_by_the_desks_own_name_alone() {
        let case = |host: &str, is_secure: bool| {
            let mut request = Request::builder()
                .header(header::HOST, host)
                .body(axum::body::Body::empty())
                .unwrap();
            request.extensions_mut().insert(Client {
                address: Ipv4Addr::LOCALHOST.into(),
                is_secure,
            });
            is_tls_only(&request, &["desk.example".to_owned(), "localhost".to_owned()])
        };
        assert!(case("desk.example", true));
        assert!(case("Desk.Example:443", true));
        assert!(
            !case("desk.example", false),
            "whoever is on the way may have written it"
        );
        for other in [
            "desk.example:8443",
            "localhost",
            "127.0.0.1",
            "[::1]",
            "evil.example",
        ] {
            assert!(!case(other, true), "{other}");
        }
    }

    #[test]
    fn one_host_is_named_and_only_one() {
        let refused = |version: Version, hosts: &[&str]| {
            let request = Request::builder().version(version).uri("/");
            let request = hosts
                .iter()
                .fold(request, |request, host| request.header(header::HOST, *host));
            let request = request.body(axum::body::Body::empty()).unwrap();
            refusal(&request, &[]).map(|(status, _)| status.as_u16())
        };
        assert_eq!(refused(Version::HTTP_11, &["localhost"]), None);
        assert_eq!(refused(Version::HTTP_11, &["evil.example"]), Some(421));
        assert_eq!(refused(Version::HTTP_11, &[]), Some(400));
        for hosts in [["localhost", "localhost"], ["localhost", "evil.example"]] {
            assert_eq!(refused(Version::HTTP_11, &hosts), Some(400), "{hosts:?}");
            assert_eq!(refused(Version::HTTP_10, &hosts), Some(400), "{hosts:?}");
        }
        // Before 1.1 there was no such header, and since 2 the name stands elsewhere.
        assert_eq!(refused(Version::HTTP_10, &[]), None);
        assert_eq!(refused(Version::HTTP_2, &[]), None);
    }
}
