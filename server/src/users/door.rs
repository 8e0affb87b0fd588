//! What whoever lets somebody in needs: who may come in, and where their accounts are opened.

use super::accounts::Accounts;
use super::{Access, Identity};
use crate::config::auth::{PublicOrigin, host_of};
use axum::http::{HeaderMap, header};
use std::net::IpAddr;
use tickwire_protocol::error::Refusal;

/// The header by which browsers say where a request was made, and which no page can forge.
const FETCH_SITE: &str = "sec-fetch-site";

/// The door of the desk; clones are the same.
#[derive(Clone, Debug)]
pub struct Door {
    /// Who may come in.
    pub access: Access,
    /// Where accounts are opened.
    pub accounts: Accounts,
    /// The address that browsers know the desk by, where it is not the one that requests name.
    pub public_origin: Option<PublicOrigin>,
    /// Whether cookies are sent over TLS only.
    pub cookies_are_secure: bool,
}

impl Door {
    /// Who is there, with their account open. See [`Access::authenticate`].
    pub async fn admit(&self, headers: &HeaderMap, query: Option<&str>) -> Result<Identity, Refusal> {
        let identity = self.access.authenticate(headers, query)?;
        self.accounts.ensure(identity.account).await?;
        Ok(identity)
    }

    /// Whether a browser asks this from the desk's own page. Programs send no `Origin`.
    ///
    /// `is_secure` where the browser is known to speak TLS. Then, and where its public address is one of TLS, a page that
    /// came in the clear is not the desk's own: anybody on its way may have written it. Only on the machine itself nobody
    /// is on the way.
    pub fn is_same_origin(&self, headers: &HeaderMap, is_secure: bool) -> bool {
        let Some(origin) = headers.get(header::ORIGIN) else {
            return true;
        };
        let Some((scheme, authority)) = origin.to_str().ok().and_then(|origin| origin.split_once("://"))
        else {
            return false;
        };
        let public = self.public_origin.as_ref();
        let port = match scheme {
            "https" => ":443",
            "http"
                if !is_secure && (is_loopback(authority) || !public.is_some_and(PublicOrigin::is_secure)) =>
            {
                ":80"
            }
            _ => return false,
        };
        let is_public = public.is_some_and(|known| {
            let known = known.as_str().split_once("://");
            known.is_some_and(|(known, host)| known == scheme && host.eq_ignore_ascii_case(authority))
        });
        let bare = |authority: &str| {
            authority
                .strip_suffix(port)
                .unwrap_or(authority)
                .to_ascii_lowercase()
        };
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        is_public || host.is_some_and(|host| bare(host) == bare(authority))
    }

    /// Whether a request that changes something comes from the desk's own page, or from a program. `is_secure` as in
    /// [`Door::is_same_origin`].
    pub fn may_change(&self, headers: &HeaderMap, is_secure: bool) -> bool {
        match headers.get(FETCH_SITE).map(|site| site.as_bytes()) {
            // Without a referrer a browser says no origin but `null`; this it says all the same.
            Some(site) => site == b"same-origin",
            None => self.is_same_origin(headers, is_secure),
        }
    }
}

/// Whether an authority, with or without a port, is this machine by an address or a name that leads nowhere else.
fn is_loopback(authority: &str) -> bool {
    let host = host_of(authority);
    let address = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::CommandSender;
    use tickwire_protocol::id::AccountId;
    use tickwire_protocol::money::Amount;

    fn door(public_origin: Option<&str>) -> Door {
        let (queue, _) = tokio::sync::mpsc::channel(1);
        Door {
            access: Access::Open {
                account: AccountId(1),
            },
            accounts: Accounts::new(CommandSender::new(queue), Amount::ZERO, []),
            public_origin: public_origin.map(|origin| origin.parse().unwrap()),
            cookies_are_secure: false,
        }
    }

    fn headers(all: &[(&'static str, &str)]) -> HeaderMap {
        all.iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    /// Whether a page of `origin` may connect to `host`.
    fn connects(public: Option<&str>, is_secure: bool, origin: Option<&str>, host: &str) -> bool {
        let origin = origin.map(|origin| ("origin", origin));
        let all: Vec<_> = origin.into_iter().chain([("host", host)]).collect();
        door(public).is_same_origin(&headers(&all), is_secure)
    }

    #[test]
    fn only_the_desks_own_page_and_programs_may_connect() {
        let case = |origin: Option<&str>, host: &str| connects(None, false, origin, host);
        for is_secure in [false, true] {
            assert!(connects(None, is_secure, None, "127.0.0.1:8000"));
        }
        assert!(case(Some("http://127.0.0.1:8000"), "127.0.0.1:8000"));
        assert!(case(Some("http://desk.example"), "Desk.Example"));
        assert!(
            case(Some("https://desk.example"), "desk.example"),
            "a proxy that nobody named may speak TLS"
        );
        assert!(case(Some("https://desk.example"), "desk.example:443"));
        assert!(case(Some("http://desk.example"), "desk.example:80"));
        for foreign in [
            "http://evil.example",
            "http://127.0.0.1:8001",
            "null",
            "127.0.0.1:8000",
            "http://127.0.0.1:8000.evil.example",
            "ftp://127.0.0.1:8000",
            "ws://127.0.0.1:8000",
            "chrome-extension://127.0.0.1:8000",
            "://127.0.0.1:8000",
        ] {
            assert!(!case(Some(foreign), "127.0.0.1:8000"), "{foreign}");
        }
        assert!(!case(Some("https://desk.example"), "desk.example:80"));
    }

    #[test]
    fn a_page_that_came_in_the_clear_is_not_the_page_of_a_desk_with_tls() {
        let tls = |origin: &str| connects(None, true, Some(origin), "desk.example:8443");
        assert!(tls("https://desk.example:8443"));
        for foreign in [
            "http://desk.example:8443",
            "ftp://desk.example:8443",
            "https://desk.example",
            "https://desk.example:443",
            "http://localhost:8443",
        ] {
            assert!(!tls(foreign), "{foreign}");
        }
        assert!(!connects(
            None,
            true,
            Some("http://127.0.0.1:8000"),
            "127.0.0.1:8000"
        ));
    }

    #[test]
    fn a_public_address_is_the_desks_own_with_its_scheme_and_its_port() {
        let public = |origin: &str, host: &str| {
            connects(Some("https://public.example:8443"), false, Some(origin), host)
        };
        assert!(public("https://public.example:8443", "inner:8000"));
        assert!(public("https://inner:8000", "inner:8000"));
        for local in ["127.0.0.1:8000", "localhost:8000", "[::1]:8000", "localhost"] {
            assert!(
                public(&format!("http://{local}"), local),
                "nobody is on the way to {local}"
            );
        }
        for foreign in [
            "http://public.example:8443",
            "https://public.example",
            "https://public.example:8443.evil",
            "ftp://public.example:8443",
            "http://inner:8000",
        ] {
            assert!(!public(foreign, "inner:8000"), "{foreign}");
        }
        assert!(!public("http://public.example:8443", "public.example:8443"));
        assert!(!public("http://localhost.evil:8000", "localhost.evil:8000"));
        let plain = |is_secure| {
            let origin = Some("http://public.example");
            connects(Some("http://public.example"), is_secure, origin, "inner:8000")
        };
        assert!(plain(false));
        assert!(!plain(true));
    }

    #[test]
    fn a_change_is_asked_for_by_the_desks_own_page_or_by_a_program() {
        let case = |all: &[(&'static str, &str)]| door(None).may_change(&headers(all), false);
        assert!(case(&[("host", "desk:1")]));
        assert!(case(&[("host", "desk:1"), ("origin", "http://desk:1")]));
        assert!(case(&[
            ("host", "desk:1"),
            ("origin", "null"),
            ("sec-fetch-site", "same-origin")
        ]));
        assert!(!case(&[("host", "desk:1"), ("origin", "null")]));
        assert!(!case(&[("host", "desk:1"), ("origin", "http://evil:1")]));
        for site in ["cross-site", "same-site", "none", ""] {
            assert!(!case(&[("host", "desk:1"), ("sec-fetch-site", site)]), "{site}");
        }
        let over_tls = |origin: &str| {
            let all = [("host", "desk:1"), ("origin", origin)];
            door(None).may_change(&headers(&all), true)
        };
        assert!(over_tls("https://desk:1"));
        assert!(!over_tls("http://desk:1"));
    }
}
