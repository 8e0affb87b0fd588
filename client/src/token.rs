//! What proves who a program is.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

/// A bearer token. It is sent in the `Authorization` header of the handshake, or in `authenticate` where it renews the login
/// of a connection, and shown nowhere.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// Wraps the text of a token.
    pub fn new(text: impl Into<String>) -> Token {
        Token(text.into())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Why there is no token.
pub(crate) type NoToken = Box<dyn Error + Send + Sync>;

/// A token that may take a while to be had.
pub(crate) type TokenFuture = Pin<Box<dyn Future<Output = Result<Token, NoToken>> + Send>>;

/// Asked for a token before each dial, and when the login of a connection ends.
#[derive(Clone)]
pub(crate) struct TokenProvider(Arc<dyn Fn() -> TokenFuture + Send + Sync>);

impl TokenProvider {
    pub fn new(provide: impl Fn() -> TokenFuture + Send + Sync + 'static) -> TokenProvider {
        TokenProvider(Arc::new(provide))
    }

    pub fn token(&self) -> TokenFuture {
        (self.0)()
    }
}

impl fmt::Debug for TokenProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenProvider")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_never_shown() {
        assert_eq!(format!("{:?}", Some(Token::new("secret"))), "Some(Token(…))");
    }
}
