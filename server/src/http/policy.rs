//! The content security policy: what a page may load, run and talk to. Inline scripts run by a nonce that is another one
//! in each response; inline styles not at all, for a style can leak what a page shows.

use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use leptos::nonce::use_nonce;
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

/// The style that the chart library writes for its attribution, by its hash: the only one that is not a file.
pub const CHART_STYLE: &str = "sha256-3pRED1tOXas1FXFoPb9TGCjmYe9XQsmO9OV23khV2nY=";

/// Sets the policy of the page that is being rendered. Called once for each render, where leptos has made its nonce.
pub fn provide_policy() {
    let (Some(nonce), Some(response)) = (use_nonce(), use_context::<ResponseOptions>()) else {
        return;
    };
    let host = use_context::<Parts>().and_then(|parts| {
        let host = parts.headers.get(header::HOST)?.to_str().ok()?.to_owned();
        is_plain(&host).then_some(host)
    });
    if let Ok(policy) = HeaderValue::try_from(policy(&nonce, host.as_deref())) {
        response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
}

/// The policy of a page with this nonce, reached by this host.
fn policy(nonce: &str, host: Option<&str>) -> String {
    // Not every browser takes 'self' for the WebSockets of the same host.
    let sockets = host.map_or_else(String::new, |host| format!(" ws://{host} wss://{host}"));
    format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self' '{CHART_STYLE}'; \
         img-src 'self' data:; font-src 'self'; connect-src 'self'{sockets}; manifest-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'"
    )
}

/// Whether a host is made of what hosts are made of, and so cannot write into a policy.
fn is_plain(host: &str) -> bool {
    let is_of_hosts = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte);
    !host.is_empty() && host.bytes().all(is_of_hosts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_inline_runs_without_its_nonce() {
        let policy = policy("abc", Some("desk.example:8000"));
        assert!(policy.contains("script-src 'self' 'nonce-abc' 'wasm-unsafe-eval';"));
        assert!(policy.contains("connect-src 'self' ws://desk.example:8000 wss://desk.example:8000;"));
        for never in ["unsafe-inline", "'unsafe-eval'", "*", "http:", "strict-dynamic"] {
            assert!(!policy.contains(never), "{never} in {policy}");
        }
    }

    #[test]
    fn a_host_cannot_write_into_the_policy() {
        for host in ["a.example; script-src *", "a b", "", "a'b", "a,b"] {
            assert!(!is_plain(host), "{host:?}");
        }
        for host in ["127.0.0.1:8000", "[::1]:8000", "desk-1.example"] {
            assert!(is_plain(host), "{host:?}");
        }
    }
}
