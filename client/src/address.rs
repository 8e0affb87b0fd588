//! Where a desk is.

use crate::StartError;
use tickwire_protocol::REALTIME_PATH;
use tokio_tungstenite::tungstenite::http::Uri;
use tokio_tungstenite::tungstenite::http::uri::{PathAndQuery, Scheme};

/// The URL of a desk's WebSocket.
#[derive(Clone, Debug)]
pub(crate) struct Address(Uri);

impl Address {
    /// Reads a URL. `http` and `https` stand for `ws` and `wss`, and without a path the desk's own is taken.
    pub fn new(text: &str) -> Result<Address, StartError> {
        // The text is not repeated in any error: it may hold a token.
        let uri: Uri = text.trim().parse().map_err(|_| StartError::NotAUrl)?;
        let mut parts = uri.into_parts();
        let is_tls = match parts.scheme.as_ref().map(Scheme::as_str) {
            Some("ws" | "http") => false,
            Some("wss" | "https") => true,
            _ => return Err(StartError::Scheme),
        };
        if is_tls && !cfg!(feature = "tls") {
            return Err(StartError::NoTls);
        }
        let scheme = if is_tls { "wss" } else { "ws" };
        parts.scheme = Some(Scheme::try_from(scheme).map_err(|_| StartError::Scheme)?);
        let given = parts.path_and_query.take();
        let path = given.as_ref().map_or("/", PathAndQuery::path);
        let path = if path == "/" { REALTIME_PATH } else { path };
        let text = match given.as_ref().and_then(PathAndQuery::query) {
            Some(query) => format!("{path}?{query}"),
            None => path.to_owned(),
        };
        parts.path_and_query = Some(PathAndQuery::try_from(text).map_err(|_| StartError::NotAUrl)?);
        Uri::from_parts(parts)
            .map(Address)
            .map_err(|_| StartError::NotAUrl)
    }

    /// The URL to dial.
    pub fn uri(&self) -> &Uri {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_enough() {
        for (given, dialed) in [
            ("ws://127.0.0.1:8000", "ws://127.0.0.1:8000/api/ws/realtime"),
            ("http://localhost:8000/", "ws://localhost:8000/api/ws/realtime"),
            (" ws://[::1]:8000 ", "ws://[::1]:8000/api/ws/realtime"),
            ("ws://desk/other?a=b", "ws://desk/other?a=b"),
            ("ws://desk?a=b", "ws://desk/api/ws/realtime?a=b"),
        ] {
            assert_eq!(Address::new(given).unwrap().uri().to_string(), dialed);
        }
    }

    #[test]
    fn what_is_no_desk_is_refused_without_being_repeated() {
        for bad in [
            "",
            "127.0.0.1:8000",
            "ftp://desk",
            "ws://",
            "/path",
            "ws://a b?token=secret",
        ] {
            let error = Address::new(bad).unwrap_err();
            assert!(!error.to_string().contains("secret"), "{bad}: {error}");
        }
    }

    #[test]
    #[cfg(not(feature = "tls"))]
    fn tls_is_refused_where_it_cannot_be_spoken() {
        assert!(matches!(Address::new("wss://desk"), Err(StartError::NoTls)));
    }

    #[test]
    #[cfg(feature = "tls")]
    fn tls_is_spoken_where_it_was_built_in() {
        let address = Address::new("https://desk").unwrap();
        assert_eq!(address.uri().to_string(), "wss://desk/api/ws/realtime");
    }
}
