//! Blots out secrets in a text. Rather too much than too little: what stands after a name such as `token` goes, whatever
//! it is.

use std::borrow::Cow;

/// What stands in place of a secret.
pub const BLOT: &str = "[redacted]";

/// Parts of names of secrets, lower case.
const NAMES: [&str; 9] = [
    "token",
    "password",
    "passwd",
    "passphrase",
    "secret",
    "api_key",
    "api-key",
    "apikey",
    "authorization",
];

/// Words before the credentials of an `Authorization` header.
const SCHEMES: [&str; 3] = ["bearer ", "basic ", "token "];

/// Whether a field of this name is a secret.
pub fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    NAMES.iter().any(|part| name.contains(part))
}

/// The text without the values that follow the name of a secret (`token=…`, `"api_key": "…"`, `Authorization: Bearer …`),
/// without what follows a lone `Bearer`, and without `user:password` in addresses.
pub fn redact(text: &str) -> Cow<'_, str> {
    // Only ASCII letters change, so places in the one are places in the other.
    let lower = text.to_ascii_lowercase();
    let mut clean = String::new();
    let mut done = 0;
    while let Some((start, end)) = next_secret(text, &lower, done) {
        clean.push_str(&text[done..start]);
        clean.push_str(BLOT);
        done = end;
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    clean.push_str(&text[done..]);
    Cow::Owned(clean)
}

/// Where the first secret at or after `from` begins and ends.
fn next_secret(text: &str, lower: &str, from: usize) -> Option<(usize, usize)> {
    let named = NAMES.iter().filter_map(|name| named_value(lower, name, from));
    let borne = lower[from..].match_indices("bearer ").find_map(|(at, scheme)| {
        let start = from + at + scheme.len();
        secret(lower, start, end_of_word(lower, start))
    });
    let spans = named.chain(borne).chain(user_info(text, from));
    spans.min()
}

/// Where the value after the first use of `name` as a key begins and ends.
fn named_value(lower: &str, name: &str, from: usize) -> Option<(usize, usize)> {
    lower[from..].match_indices(name).find_map(|(at, _)| {
        let after_name = from + at + name.len();
        let rest = &lower[after_name..];
        let rest = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        let rest = rest.trim_start_matches(['\\', '"', '\'', ' ']);
        let rest = rest.strip_prefix('=').or_else(|| rest.strip_prefix(':'))?;
        let value = rest.trim_start_matches(' ');
        let mut start = lower.len() - value.len();
        let unescaped = value.trim_start_matches('\\');
        let is_escaped = unescaped.len() < value.len();
        if let Some(quote) = unescaped.chars().next().filter(|c| matches!(c, '"' | '\'')) {
            start = lower.len() - unescaped.len() + 1;
            return secret(lower, start, end_of_quoted(lower, start, quote, is_escaped));
        }
        let scheme = SCHEMES.iter().find(|scheme| value.starts_with(*scheme));
        start += scheme.map_or(0, |scheme| scheme.len());
        secret(lower, start, end_of_word(lower, start))
    })
}

/// The end of a text in quotes. Where the quotes are escaped themselves the first backslash ends it.
fn end_of_quoted(text: &str, start: usize, quote: char, is_escaped: bool) -> usize {
    let mut skip = false;
    for (at, character) in text[start..].char_indices() {
        match character {
            _ if skip => skip = false,
            '\\' if is_escaped => return start + at,
            '\\' => skip = true,
            _ if character == quote => return start + at,
            _ => {}
        }
    }
    text.len()
}

fn end_of_word(text: &str, start: usize) -> usize {
    let ends = |c: char| {
        c.is_whitespace() || matches!(c, '&' | ',' | ';' | ')' | ']' | '}' | '"' | '\'' | '\\' | '#')
    };
    text[start..].find(ends).map_or(text.len(), |at| start + at)
}

/// The user and password of the first address that has them.
fn user_info(text: &str, from: usize) -> Option<(usize, usize)> {
    text[from..].match_indices("://").find_map(|(at, mark)| {
        let start = from + at + mark.len();
        let host = &text[start..];
        let end = host.find(|c: char| c.is_whitespace() || matches!(c, '/' | '?' | '"' | '\''));
        let host = &host[..end.unwrap_or(host.len())];
        let user = &host[..host.rfind('@')?];
        user.contains(':').then_some((start, start + user.len()))
    })
}

/// What stands there, where it is anything but a blot: what was blotted out once stays as it is.
fn secret(text: &str, start: usize, end: usize) -> Option<(usize, usize)> {
    let is_blot = text[start..].starts_with(BLOT);
    (start < end && !is_blot).then_some((start, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_the_name_of_a_secret_is_blotted_out() {
        for (text, clean) in [
            ("token=abc123", "token=[redacted]"),
            ("GET /ws?token=abc&x=1", "GET /ws?token=[redacted]&x=1"),
            (
                "GET /ws?x=1&TOKEN=abc HTTP/1.1",
                "GET /ws?x=1&TOKEN=[redacted] HTTP/1.1",
            ),
            ("access_token: abc, next", "access_token: [redacted], next"),
            (
                r#"{"api_key":"k-1","password": "p \"q\" r","n":1}"#,
                r#"{"api_key":"[redacted]","password": "[redacted]","n":1}"#,
            ),
            (
                r#"frame "{\"secret\":\"s s\",\"b\":2}""#,
                r#"frame "{\"secret\":\"[redacted]\",\"b\":2}""#,
            ),
            (
                "Authorization: Bearer ey.J.z end",
                "Authorization: Bearer [redacted] end",
            ),
            ("authorization=Basic dTpw", "authorization=Basic [redacted]"),
            ("sent Bearer ey.J.z twice", "sent Bearer [redacted] twice"),
            ("secret_key = 'a b' ok", "secret_key = '[redacted]' ok"),
            ("apiKey=1;ApiSecret=2", "apiKey=[redacted];ApiSecret=[redacted]"),
            ("password=päss wörd", "password=[redacted] wörd"),
            ("wss://me:pw@host/x?a=b@c:d", "wss://[redacted]@host/x?a=b@c:d"),
            (r#"password="never closed"#, r#"password="[redacted]"#),
        ] {
            assert_eq!(redact(text), clean, "{text}");
            assert_eq!(redact(clean), clean, "twice is once: {clean}");
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        for text in [
            "the token was refused",
            "journal folded entries=12",
            "a password is needed: none was given to the desk",
            "http://127.0.0.1:8000/a@b",
            "token=",
            "",
            "ticker:BTCUSDT 100 % sécurité",
        ] {
            let clean = redact(text);
            assert!(
                matches!(clean, Cow::Borrowed(_)) && clean == text,
                "{text}: {clean}"
            );
        }
    }

    #[test]
    fn fields_are_known_by_their_names() {
        assert!(
            ["token", "refreshToken", "API_KEY", "x-authorization"]
                .iter()
                .all(|name| is_secret(name))
        );
        assert!(
            !["session", "symbol", "api", "key"]
                .iter()
                .any(|name| is_secret(name))
        );
    }
}
