//! What whoever lets somebody in needs: who may come in, and where their accounts are opened.

use super::accounts::Accounts;
use super::{Access, Identity};
use crate::config::auth::PublicOrigin;
use axum::http::{HeaderMap, header};
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
    pub fn is_same_origin(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(header::ORIGIN) else {
            return true;
        };
        let Ok(origin) = origin.to_str() else {
            return false;
        };
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let is_hosts = || {
            let (_, authority) = origin.split_once("://")?;
            Some(authority.eq_ignore_ascii_case(host?))
        };
        let public = self.public_origin.as_ref();
        public.is_some_and(|known| origin.eq_ignore_ascii_case(known.as_str())) || is_hosts() == Some(true)
    }

    /// Whether a request that changes something comes from the desk's own page, or from a program.
    pub fn may_change(&self, headers: &HeaderMap) -> bool {
        match headers.get(FETCH_SITE).map(|site| site.as_bytes()) {
            // Without a referrer a browser says no origin but `null`; this it says all the same.
            Some(site) => site == b"same-origin",
            None => self.is_same_origin(headers),
        }
    }
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

    #[test]
    fn only_the_desks_own_page_and_programs_may_connect() {
        let case = |origin: Option<&str>, host: &str| {
            let origin = origin.map(|origin| ("origin", origin));
            let all: Vec<_> = origin.into_iter().chain([("host", host)]).collect();
            door(Some("https://public.example")).is_same_origin(&headers(&all))
        };
        assert!(case(None, "127.0.0.1:8000"));
        assert!(case(Some("http://127.0.0.1:8000"), "127.0.0.1:8000"));
        assert!(case(Some("https://desk.example"), "desk.example"));
        assert!(case(Some("https://public.example"), "inner:8000"));
        for foreign in [
            "http://evil.example",
            "http://127.0.0.1:8001",
            "null",
            "http://127.0.0.1:8000.evil.example",
            "http://public.example",
            "https://public.example.evil",
        ] {
            assert!(!case(Some(foreign), "127.0.0.1:8000"), "{foreign}");
        }
    }

    #[test]
    fn a_change_is_asked_for_by_the_desks_own_page_or_by_a_program() {
        let case = |all: &[(&'static str, &str)]| door(None).may_change(&headers(all));
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
    }
}
