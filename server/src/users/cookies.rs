//! The cookies of a login: no script reads them, and no other site has them sent.

use axum::http::{HeaderMap, HeaderValue, header};

/// The access token.
pub const ACCESS: &str = "tickwire_access";

/// The refresh token.
pub const REFRESH: &str = "tickwire_refresh";

/// The value of a cookie that a request carries.
pub fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|cookies| cookies.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find_map(|(known, value)| (known == name && !value.is_empty()).then_some(value))
}

/// Sets a cookie for so many seconds; zero takes it away. Tokens are made of letters, digits and dots, so they need no
/// quotes; what would need some is no token and sets nothing.
pub fn set(name: &str, value: &str, seconds: i64, is_secure: bool) -> Option<HeaderValue> {
    let secure = if is_secure { "; Secure" } else { "" };
    let cookie = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    let mut cookie = HeaderValue::from_str(&cookie).ok()?;
    cookie.set_sensitive(true);
    Some(cookie)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, "a=1; tickwire_access=x.y.z;b=2".parse().unwrap());
        headers.append(header::COOKIE, "tickwire_refresh=7.ab".parse().unwrap());
        assert_eq!(value(&headers, ACCESS), Some("x.y.z"));
        assert_eq!(value(&headers, REFRESH), Some("7.ab"));
        assert_eq!(value(&headers, "access"), None);
        headers.clear();
        headers.append(header::COOKIE, "tickwire_access=".parse().unwrap());
        assert_eq!(value(&headers, ACCESS), None);
    }

    #[test]
    fn cookies_are_for_this_site_and_no_script() {
        let cookie = set(ACCESS, "x.y", 60, true).unwrap();
        assert!(cookie.is_sensitive());
        assert_eq!(
            cookie.to_str().unwrap(),
            "tickwire_access=x.y; Path=/; Max-Age=60; HttpOnly; SameSite=Strict; Secure"
        );
        assert!(
            !set(ACCESS, "x.y", 60, false)
                .unwrap()
                .to_str()
                .unwrap()
                .contains("Secure")
        );
    }
}
