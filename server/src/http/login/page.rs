//! The page with the form. It is written out here and not by the app, for it needs no script and no data.

use super::{PAGE, PATH_MAX};
use crate::users::LoginRefused;
use axum::response::Html;
use std::fmt::Write as _;

/// The page: where the form leads, what was typed, and why that was refused.
pub fn page(stylesheet: &str, next: &str, name: &str, refused: Option<&LoginRefused>) -> Html<String> {
    let (next, name) = (escaped(next), escaped(name));
    let trouble = refused.map_or(String::new(), |refused| {
        let text = escaped(&capitalised(&refused.to_string()));
        format!(r#"<p class="login-trouble" role="alert" id="trouble">{text}.</p>"#)
    });
    let (name_focus, password_focus) = if name.is_empty() {
        (" autofocus", "")
    } else {
        ("", " autofocus")
    };
    let described = if refused.is_some() {
        r#" aria-describedby="trouble""#
    } else {
        ""
    };
    Html(format!(
        r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark light">
<title>Log in · Tickwire</title>
<script src="/theme.js"></script>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="{stylesheet}">
</head>
<body>
<main class="login">
<form method="post" action="{PAGE}" class="login-card">
<h1>Tickwire</h1>
{trouble}
<label for="name">Name</label>
<input id="name" name="name" value="{name}" autocomplete="username" autocapitalize="none" spellcheck="false" required maxlength="64"{name_focus}{described}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required maxlength="1024"{password_focus}>
<input type="hidden" name="next" value="{next}">
<button type="submit" class="button">Log in</button>
</form>
</main>
</body>
</html>
"#
    ))
}

/// The address of the page that leads to `path` after the login.
pub fn address(path: &str) -> String {
    let path = checked(path);
    if path == "/" {
        return PAGE.to_owned();
    }
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("next", &path)
        .finish();
    format!("{PAGE}?{query}")
}

/// Where a query of this page leads.
pub fn next_of(query: &str) -> String {
    let next = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "next");
    checked(&next.map_or(String::new(), |(_, path)| path.into_owned()))
}

/// A path of this desk, and the desk itself in place of what leads elsewhere.
pub fn checked(path: &str) -> String {
    let mut bytes = path.bytes();
    // A browser reads `//host` and `/\host` as another site's address.
    let is_here = bytes.next() == Some(b'/') && !matches!(bytes.next(), Some(b'/' | b'\\'));
    let is_plain = path.len() <= PATH_MAX && path.bytes().all(|byte| byte.is_ascii_graphic());
    if is_here && is_plain {
        path.to_owned()
    } else {
        "/".to_owned()
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        if matches!(letter, '&' | '<' | '>' | '"' | '\'') {
            // Writing into a text cannot fail.
            let _ = write!(safe, "&#{};", u32::from(letter));
        } else {
            safe.push(letter);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_leads_to_this_desk_alone() {
        assert_eq!(checked("/?symbol=ETHUSDT&x=1"), "/?symbol=ETHUSDT&x=1");
        for elsewhere in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "desk",
            "/a b",
            "/a\r\nb",
            "/ä",
        ] {
            assert_eq!(checked(elsewhere), "/", "{elsewhere}");
        }
        assert_eq!(checked(&format!("/{}", "a".repeat(PATH_MAX))), "/");
        assert_eq!(address("/"), "/login");
        assert_eq!(
            address("/?symbol=A&b=%20"),
            "/login?next=%2F%3Fsymbol%3DA%26b%3D%2520"
        );
        assert_eq!(next_of("next=%2F%3Fsymbol%3DA%26b%3D%2520"), "/?symbol=A&b=%20");
        assert_eq!(next_of("next=//evil.example"), "/");
    }

    #[test]
    fn what_was_typed_is_text_and_no_html() {
        let Html(html) = page(
            "/s.css",
            "/",
            "\"><script>alert(1)</script>",
            Some(&LoginRefused::Wrong),
        );
        assert!(!html.contains("<script>alert"), "{html}");
        assert!(html.contains("The name or the password is wrong."));
        assert!(html.contains("&#34;&#62;&#60;script"));
    }
}
