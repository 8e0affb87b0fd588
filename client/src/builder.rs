//! How a desk is to be.

use crate::address::Address;
use crate::clock::{Clock, random_seed};
use crate::connection::Dialer;
use crate::desk::Desk;
use crate::driver::Driver;
use crate::events::Events;
use crate::places::Places;
use crate::token::{NoToken, Token, TokenProvider};
use std::error::Error;
use tickwire_protocol::session::client::Client;
use tickwire_protocol::topic::Topic;
use tokio::runtime::Handle;

/// Events that wait for the program, where nothing else is said.
const CAPACITY: usize = 256;

/// Why a desk could not be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The URL cannot be read.
    #[error("the address is no URL such as ws://127.0.0.1:8000")]
    NotAUrl,
    /// The URL is of something else.
    #[error("the address of a desk starts with ws://, wss://, http:// or https://")]
    Scheme,
    /// The URL wants TLS.
    #[error("wss:// needs the feature `tls` of tickwire-client")]
    NoTls,
    /// There is no tokio runtime.
    #[error("a desk must be started within a tokio runtime")]
    NoRuntime,
}

/// What a desk is started with.
///
/// ```no_run
/// use tickwire_client::protocol::topic::Topic;
/// use tickwire_client::{Desk, Token};
///
/// # async fn fetch_token() -> std::io::Result<String> { Ok(String::new()) }
/// # fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let kept = std::fs::read_to_string("places").unwrap_or_default();
/// let (desk, events) = Desk::builder("ws://127.0.0.1:8000")
///     .token_from(|| async { Ok::<_, std::io::Error>(Token::new(fetch_token().await?)) })
///     .topics([Topic::Orders, Topic::Executions])
///     .resume(kept.parse()?)
///     .capacity(64)
///     .start()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a desk connects once it is started"]
pub struct Builder {
    url: String,
    tokens: Option<TokenProvider>,
    topics: Vec<Topic>,
    places: Places,
    capacity: usize,
    #[cfg(feature = "tls")]
    tls: Option<std::sync::Arc<rustls::ClientConfig>>,
}

impl Builder {
    pub(crate) fn new(url: &str) -> Builder {
        Builder {
            url: url.to_owned(),
            tokens: None,
            topics: Vec::new(),
            places: Places::new(),
            capacity: CAPACITY,
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    /// Follows this topic. Positions, portfolio and balance come unasked.
    pub fn topic(mut self, topic: Topic) -> Builder {
        self.topics.push(topic);
        self
    }

    /// Follows these topics.
    pub fn topics(mut self, topics: impl IntoIterator<Item = Topic>) -> Builder {
        self.topics.extend(topics);
        self
    }

    /// Shows this token at every dial. Where it ends there is no other: [`Builder::token_from`] has one.
    pub fn token(self, token: Token) -> Builder {
        self.token_from(move || {
            let token = token.clone();
            async { Ok::<_, std::convert::Infallible>(token) }
        })
    }

    /// Asks for a token before every dial, and whenever the desk says that the login of the connection ends soon, which then
    /// goes on without a break. Where there is none at a dial it counts as failed, and is tried again; where there is none,
    /// or the same again, at a renewal it is asked for every two seconds.
    pub fn token_from<F, T, E>(mut self, provide: F) -> Builder
    where
        F: Fn() -> T + Send + Sync + 'static,
        T: Future<Output = Result<Token, E>> + Send + 'static,
        E: Error + Send + Sync + 'static,
    {
        self.tokens = Some(TokenProvider::new(move || {
            let token = provide();
            Box::pin(async { token.await.map_err(|error| Box::new(error) as NoToken) })
        }));
        self
    }

    /// Goes on from these places: [`Events::places`] of an earlier desk. Of a topic that has none here, what comes from
    /// now on.
    pub fn resume(mut self, places: Places) -> Builder {
        self.places = places;
        self
    }

    /// How many events may wait for the program before the connection is read no further; at least 1, and 256 where
    /// nothing is said.
    pub fn capacity(mut self, events: usize) -> Builder {
        self.capacity = events.max(1);
        self
    }

    /// Speaks TLS by these settings: for a desk whose certificate comes from an authority of its owner's. Without them
    /// the roots of webpki are trusted.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, config: std::sync::Arc<rustls::ClientConfig>) -> Builder {
        self.tls = Some(config);
        self
    }

    /// Starts the desk, which connects by itself, now and whenever the connection is lost. Must be called within a tokio
    /// runtime.
    ///
    /// # Errors
    ///
    /// Only what no reconnect could heal: see [`StartError`].
    pub fn start(self) -> Result<(Desk, Events), StartError> {
        let address = Address::new(&self.url)?;
        let runtime = Handle::try_current().map_err(|_| StartError::NoRuntime)?;
        let seed = random_seed();
        let mut client = Client::new(seed);
        for (topic, epoch, seq) in self.places.iter() {
            client.start_from(topic, epoch, seq);
        }
        for topic in &self.topics {
            client.subscribe(*topic);
        }
        let resumes = self.places.iter().next().is_some();
        let dialer = Dialer {
            address,
            tokens: self.tokens,
            #[cfg(feature = "tls")]
            tls: self.tls,
        };
        let (driver, desk, told) = Driver::new(client, Clock::new(), dialer, seed, self.capacity, resumes);
        runtime.spawn(driver.run());
        Ok((desk, Events::new(told, self.places)))
    }
}
