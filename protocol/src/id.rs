//! Names of things, as newtypes: an order id can never stand where a position id is meant.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;

/// Why a text is not an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text is empty or too long.
    #[error("must have 1 to {max} characters")]
    Length {
        /// The longest text allowed.
        max: usize,
    },
    /// The text has a character that ids of this kind never have.
    #[error("may hold only {allowed}")]
    Character {
        /// The characters allowed, in words.
        allowed: &'static str,
    },
    /// A numbered id does not look like `prefix-123`.
    #[error("must look like {prefix}-123")]
    Numbered {
        /// The prefix expected.
        prefix: &'static str,
    },
}

const SYMBOL_LENGTH_MAX: usize = 23;

/// The name of a tradable instrument, such as `BTCUSDT`. Kept inline so that a tick can carry it without allocating.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol {
    bytes: [u8; SYMBOL_LENGTH_MAX],
    length: u8,
}

impl Symbol {
    /// Checks and stores a symbol: 1 to 23 characters out of `A-Z 0-9 - _ .`
    pub fn new(text: &str) -> Result<Symbol, IdError> {
        if text.is_empty() || text.len() > SYMBOL_LENGTH_MAX {
            return Err(IdError::Length {
                max: SYMBOL_LENGTH_MAX,
            });
        }
        let valid = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.');
        if !text.bytes().all(valid) {
            return Err(IdError::Character {
                allowed: "capital letters, digits, '-', '_' and '.'",
            });
        }
        let mut bytes = [0; SYMBOL_LENGTH_MAX];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        let length = u8::try_from(text.len()).expect("the length was checked against SYMBOL_LENGTH_MAX");
        Ok(Symbol { bytes, length })
    }

    /// The symbol as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.length)]).expect("only ASCII is ever stored")
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Symbol {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Symbol, IdError> {
        Symbol::new(text)
    }
}

/// Text ids: bounded, printable, chosen by a client.
macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $max:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// The longest text allowed.
            pub const LENGTH_MAX: usize = $max;

            /// Checks and stores the text.
            pub fn new(text: &str) -> Result<$name, IdError> {
                if text.is_empty() || text.chars().count() > $max {
                    return Err(IdError::Length { max: $max });
                }
                if text.chars().any(char::is_control) {
                    return Err(IdError::Character { allowed: "printable characters" });
                }
                Ok($name(text.into()))
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<$name, IdError> {
                $name::new(text)
            }
        }
    };
}

text_id!(
    /// Chosen by the client for one command, echoed by the frames that answer it.
    CommandId,
    36
);
text_id!(
    /// Chosen by the client for one order; a second `place_order` with the same one places nothing.
    ClientOrderId,
    36
);

/// Numbered ids: assigned in order by the engine, shown with a prefix that says what they name.
macro_rules! numbered_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "-{}"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<$name, IdError> {
                text.strip_prefix(concat!($prefix, "-"))
                    .filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))
                    .and_then(|digits| digits.parse().ok())
                    .map($name)
                    .ok_or(IdError::Numbered { prefix: $prefix })
            }
        }
    };
}

numbered_id!(
    /// An order of the paper venue.
    OrderId,
    "order"
);
numbered_id!(
    /// A position, from its opening to its close.
    PositionId,
    "pos"
);
numbered_id!(
    /// One fill of one order; never repeated, so it is what fills are deduplicated by.
    ExecutionId,
    "exec"
);
numbered_id!(
    /// Orders that stand and fall together.
    GroupId,
    "group"
);
numbered_id!(
    /// An alert: one that its owner set, or one that the desk gave by itself.
    AlertId,
    "alert"
);
numbered_id!(
    /// An account: the owner of a balance, positions and orders.
    AccountId,
    "acct"
);

/// Ids travel as text.
macro_rules! serde_as_text {
    ($($name:ident),+) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }
    )+};
}

serde_as_text!(
    Symbol,
    CommandId,
    ClientOrderId,
    OrderId,
    PositionId,
    ExecutionId,
    GroupId,
    AlertId,
    AccountId
);

/// The place of an event in its topic, or of an entry in the journal: 1, 2, 3, … without a gap; 0 is before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(pub u64);

impl Seq {
    /// The place after this one.
    pub fn next(self) -> Seq {
        Seq(self.0.saturating_add(1))
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The history that sequence numbers belong to. It changes when a history is not provably the continuation of the last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub u32);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_are_checked() {
        assert_eq!(Symbol::new("BTCUSDT").unwrap().as_str(), "BTCUSDT");
        for bad in [
            "",
            "btcusdt",
            "BTC/USDT",
            "BTC USDT",
            "ÄÖÜ",
            "AAAAAAAAAAAAAAAAAAAAAAAA",
        ] {
            assert!(Symbol::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn numbered_ids_keep_their_prefix() {
        assert_eq!(serde_json::to_string(&OrderId(456)).unwrap(), r#""order-456""#);
        assert_eq!(
            serde_json::from_str::<PositionId>(r#""pos-123""#).unwrap(),
            PositionId(123)
        );
        for bad in [
            "pos-123",
            "order-",
            "order--1",
            "order-+1",
            "order-99999999999999999999999",
        ] {
            assert!(bad.parse::<OrderId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn client_ids_are_bounded_and_printable() {
        assert!(ClientOrderId::new("my-1").is_ok());
        assert!(ClientOrderId::new(&"x".repeat(36)).is_ok());
        assert!(ClientOrderId::new(&"x".repeat(37)).is_err());
        assert!(ClientOrderId::new("a\nb").is_err());
        assert!(CommandId::new("").is_err());
    }
}
