//! The two secrets of a login. The access token is a JWT (HS256) that anybody with the key can verify and nobody without
//! it can make; the refresh token is 256 random bits, of which only a hash is kept.

use super::{Refused, SessionId, UserId};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use signature::{Signer, Verifier};
use std::fmt::{self, Write as _};
use tickwire_protocol::access::AccessToken;
use tickwire_protocol::clock::TimestampMs;

/// Bytes of the key of access tokens, and of what is random in a refresh token.
pub const SECRET_BYTES: usize = 32;

/// A JWT is far shorter; what is longer is not looked at.
const LENGTH_MAX: usize = 2_048;

/// Who made the token; another program's with the same key would not be taken.
const ISSUER: &str = "tickwire";

/// What an access token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    iss: String,
    sub: String,
    sid: i64,
    /// The generation of the user that it was made for.
    #[serde(rename = "gen")]
    pub generation: i64,
    iat: i64,
    exp: i64,
}

impl Claims {
    /// Claims of a user's session, good for `life_ms` milliseconds, rounded up to a second.
    pub fn new(user: UserId, session: SessionId, generation: i64, now: TimestampMs, life_ms: i64) -> Claims {
        Claims {
            iss: ISSUER.to_owned(),
            sub: user.0.to_string(),
            sid: session.0,
            generation,
            iat: now.0.div_euclid(1_000),
            exp: (now.0 + life_ms + 999).div_euclid(1_000),
        }
    }

    /// Whose; of a number that is no number nobody's.
    pub fn user(&self) -> UserId {
        UserId(self.sub.parse().unwrap_or(0))
    }

    /// Of which login.
    pub fn session(&self) -> SessionId {
        SessionId(self.sid)
    }

    /// Until when it is good.
    pub fn expires(&self) -> TimestampMs {
        TimestampMs(self.exp.saturating_mul(1_000))
    }
}

/// The key of access tokens.
pub struct Keys {
    sign: EncodingKey,
    verify: DecodingKey,
    rules: Validation,
}

impl Keys {
    /// Signs and verifies with this secret.
    pub fn new(secret: &[u8; SECRET_BYTES]) -> Keys {
        // Whoever was first has installed the same.
        let _ = HMAC_ONLY.install_default();
        let mut rules = Validation::new(Algorithm::HS256);
        rules.set_issuer(&[ISSUER]);
        rules.set_required_spec_claims(&["iss"]);
        // The time is an argument here, and looked at below.
        rules.validate_exp = false;
        rules.validate_aud = false;
        Keys {
            sign: EncodingKey::from_secret(secret),
            verify: DecodingKey::from_secret(secret),
            rules,
        }
    }

    /// Makes a token; nothing where that cannot be, which only a broken library would cause.
    pub fn sign(&self, claims: &Claims) -> Option<AccessToken> {
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &self.sign);
        token.ok().map(AccessToken::new)
    }

    /// What a token says, where it is one of ours and its time is not over.
    pub fn verify(&self, token: &AccessToken, now: TimestampMs) -> Result<Claims, Refused> {
        let token = token.reveal();
        if token.len() > LENGTH_MAX {
            return Err(Refused::Invalid);
        }
        let data = jsonwebtoken::decode::<Claims>(token, &self.verify, &self.rules);
        let claims = data.map_err(|_| Refused::Invalid)?.claims;
        if now >= claims.expires() {
            return Err(Refused::Expired);
        }
        Ok(claims)
    }
}

/// HMAC with SHA-256 and nothing else: the library's own sets come with RSA and elliptic curves, which nobody asks for.
static HMAC_ONLY: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| Ok(Box::new(HmacSha256::new(*algorithm, key.as_bytes())?)),
    verifier_factory: |algorithm, key| Ok(Box::new(HmacSha256::new(*algorithm, key.try_get_as_bytes()?)?)),
    key_utils: KeyUtils::new_unimplemented(),
};

struct HmacSha256(Hmac<Sha256>);

impl HmacSha256 {
    fn new(algorithm: Algorithm, key: &[u8]) -> Result<HmacSha256, Error> {
        if algorithm != Algorithm::HS256 {
            return Err(ErrorKind::InvalidAlgorithm.into());
        }
        Hmac::new_from_slice(key)
            .map(HmacSha256)
            .map_err(|_| ErrorKind::InvalidKeyFormat.into())
    }
}

impl Signer<Vec<u8>> for HmacSha256 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        let mac = self.0.clone().chain_update(message);
        Ok(mac.finalize().into_bytes().to_vec())
    }
}

impl Verifier<Vec<u8>> for HmacSha256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let mac = self.0.clone().chain_update(message);
        // Compared in constant time.
        mac.verify_slice(signature).map_err(|_| signature::Error::new())
    }
}

impl JwtSigner for HmacSha256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for HmacSha256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

/// What is kept of a refresh token.
pub type TokenHash = [u8; 32];

/// A refresh token: it names its session, so that it is found, and has a secret, so that it cannot be guessed.
#[derive(Clone, PartialEq, Eq)]
pub struct Refresh {
    /// The login that it renews.
    pub session: SessionId,
    text: String,
}

impl fmt::Debug for Refresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Refresh({}, …)", self.session.0)
    }
}

impl Refresh {
    /// A new one with this secret.
    pub fn new(session: SessionId, secret: &[u8; SECRET_BYTES]) -> Refresh {
        let mut text = format!("{}.", session.0);
        for byte in secret {
            // Writing into a text cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Refresh { session, text }
    }

    /// What was shown as one; nothing where it cannot be one.
    pub fn read(text: &str) -> Option<Refresh> {
        let (session, secret) = text.split_once('.')?;
        let is_secret = secret.len() == SECRET_BYTES * 2 && secret.bytes().all(|b| b.is_ascii_hexdigit());
        let session = session.parse().ok().filter(|_| is_secret)?;
        Some(Refresh {
            session: SessionId(session),
            text: text.to_owned(),
        })
    }

    /// The secret itself, to be handed out and never to be logged.
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// What is kept of it.
    pub fn hash(&self) -> TokenHash {
        Sha256::digest(self.text.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: TimestampMs = TimestampMs(1_700_000_000_000);

    fn keys(byte: u8) -> Keys {
        Keys::new(&[byte; SECRET_BYTES])
    }

    fn claims() -> Claims {
        Claims::new(UserId(7), SessionId(3), 2, NOW, 60_000)
    }

    #[test]
    fn a_token_says_what_was_signed_until_it_expires() {
        let token = keys(1).sign(&claims()).unwrap();
        let read = keys(1).verify(&token, NOW).unwrap();
        assert_eq!(
            (read.user(), read.session(), read.generation),
            (UserId(7), SessionId(3), 2)
        );
        assert_eq!(read.expires(), NOW + 60_000);
        assert!(keys(1).verify(&token, NOW + 59_999).is_ok());
        assert_eq!(keys(1).verify(&token, NOW + 60_000), Err(Refused::Expired));
    }

    /// Known from RFC 7515 and no test of the library's: the key and the token of its appendix A.1 fit together.
    #[test]
    fn the_signature_is_that_of_the_standard() {
        let token = keys(1).sign(&claims()).unwrap();
        let (message, signature) = token.reveal().rsplit_once('.').unwrap();
        let mac = Hmac::<Sha256>::new_from_slice(&[1; SECRET_BYTES]).unwrap();
        let expected = mac.chain_update(message.as_bytes()).finalize().into_bytes();
        assert_eq!(base64_url(&expected), signature);
        assert!(
            message.starts_with(&base64_url(br#"{"typ":"JWT","alg":"HS256"}"#)),
            "{message}"
        );
    }

    fn base64_url(bytes: &[u8]) -> String {
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut text = String::new();
        for chunk in bytes.chunks(3) {
            let word = chunk
                .iter()
                .fold(0_u32, |word, byte| word << 8 | u32::from(*byte))
                << (8 * (3 - chunk.len()));
            for place in 0..=chunk.len() {
                let letter = (word >> (18 - 6 * place)) & 63;
                text.push(char::from(LETTERS[letter as usize]));
            }
        }
        text
    }

    #[test]
    fn what_is_not_signed_by_this_key_is_nothing() {
        let good = keys(1).sign(&claims()).unwrap();
        let [header, body, signature]: [&str; 3] =
            good.reveal().split('.').collect::<Vec<_>>().try_into().unwrap();
        let none = base64_url(br#"{"typ":"JWT","alg":"none"}"#);
        let longer = base64_url(br#"{"typ":"JWT","alg":"HS512"}"#);
        let richer = serde_json::to_string(&Claims {
            sub: "1".to_owned(),
            ..claims()
        })
        .unwrap();
        let richer = base64_url(richer.as_bytes());
        let foreign = Claims {
            iss: "other".to_owned(),
            ..claims()
        };
        let mut turned = signature.to_owned();
        turned.replace_range(0..1, if signature.starts_with('A') { "B" } else { "A" });
        for (what, token) in [
            (
                "another key",
                keys(2).sign(&claims()).unwrap().reveal().to_owned(),
            ),
            (
                "another issuer",
                keys(1).sign(&foreign).unwrap().reveal().to_owned(),
            ),
            ("alg none without a signature", format!("{none}.{body}.")),
            ("alg none with a signature", format!("{none}.{body}.{signature}")),
            ("another algorithm", format!("{longer}.{body}.{signature}")),
            ("other claims", format!("{header}.{richer}.{signature}")),
            ("another signature", format!("{header}.{body}.{turned}")),
            (
                "half a signature",
                format!("{header}.{body}.{}", &signature[..20]),
            ),
            ("no signature", format!("{header}.{body}.")),
            ("two parts", format!("{header}.{body}")),
            ("nothing", String::new()),
            ("dots", "..".to_owned()),
            ("too long", format!("{}{}", good.reveal(), "A".repeat(LENGTH_MAX))),
        ] {
            assert_eq!(
                keys(1).verify(&AccessToken::new(token), NOW),
                Err(Refused::Invalid),
                "{what}"
            );
        }
    }

    #[test]
    fn a_refresh_token_is_read_back_and_never_shown() {
        let token = Refresh::new(SessionId(12), &[0xab; SECRET_BYTES]);
        assert_eq!(token.reveal(), format!("12.{}", "ab".repeat(SECRET_BYTES)));
        assert_eq!(Refresh::read(token.reveal()), Some(token.clone()));
        assert!(!format!("{token:?}").contains("abab"));
        for wrong in [
            "",
            "12",
            "12.",
            "x.ab",
            &format!("12.{}", "ag".repeat(32)),
            &format!("-.{}", "ab".repeat(32)),
        ] {
            assert_eq!(Refresh::read(wrong), None, "{wrong}");
        }
        let other = Refresh::new(SessionId(13), &[0xab; SECRET_BYTES]);
        assert_ne!(
            token.hash(),
            other.hash(),
            "the session is part of what is hashed"
        );
    }
}
