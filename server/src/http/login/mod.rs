//! Logging in and out: a page with a form for people, which needs no script, and JSON for programs.
//!
//! A browser keeps its tokens in cookies that no script reads; a program is handed them. Every request here is refused
//! that a browser makes for another site's page.

mod page;

use crate::users::cookies::{self, ACCESS, REFRESH};
use crate::users::door::Door;
use crate::users::login::REFRESH_MS;
use crate::users::tokens::Refresh;
use crate::users::{Identity, LoginRefused, Pair, Users};
use crate::walls::Client;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tickwire_protocol::access::Role;
use tickwire_protocol::error::ErrorCode;

/// The path of the page.
const PAGE: &str = "/login";

/// What the page may load, and where its form may go.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

/// A form or an object with a name, a password and a path is shorter.
const BODY_BYTES_MAX: usize = 8 * 1024;

/// The longest path that a login leads back to.
const PATH_MAX: usize = 512;

/// What the routes need.
#[derive(Clone)]
struct Desk {
    door: Door,
    users: Users,
    stylesheet: Arc<str>,
}

/// The routes; none where nobody has to log in. `assets_dir` is the folder of the stylesheet.
pub fn router(door: Door, assets_dir: &str) -> Router {
    let Some(users) = door.access.users().cloned() else {
        return Router::new();
    };
    let desk = Desk {
        stylesheet: format!("/{assets_dir}/tickwire.css").into(),
        door,
        users,
    };
    Router::new()
        .route(PAGE, get(show).post(log_in))
        .route("/logout", post(log_out))
        .route("/api/auth/token", post(give_tokens))
        .route("/api/auth/refresh", post(renew))
        .route("/api/auth/logout", post(log_program_out))
        .layer(from_fn_with_state(desk.clone(), refuse_other_sites))
        .layer(from_fn(keep_nowhere))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(desk)
}

/// Lets pages be seen by users only: others are sent to the login. Whoever is let in is an extension of the request.
pub async fn require_login(State(door): State<Door>, mut request: Request, next: Next) -> Response {
    let client = Client::of(&request);
    let is_secure = client.is_secure;
    let headers = request.headers();
    let renewed = match door.access.users() {
        Some(users) if !users.has_good_access(headers) => renewed(users, headers, &client).await,
        _ => None,
    };
    let identity = match &renewed {
        Some(pair) => Ok(pair.identity.clone()),
        None => door.access.authenticate(headers, None),
    };
    let Ok(identity) = identity else {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        return see_other(&page::address(path));
    };
    if let Err(refusal) = door.accounts.ensure(identity.account).await {
        return (StatusCode::SERVICE_UNAVAILABLE, refusal.message).into_response();
    }
    let is_users = identity.expires.is_some();
    request.extensions_mut().insert(identity);
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if let Some(pair) = &renewed {
        set_cookies(headers, &door, is_secure, pair);
    }
    if is_users {
        // What one user sees is kept by no cache, and forms of this page must say where they come from.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    }
    response
}

async fn renewed(users: &Users, headers: &HeaderMap, client: &Client) -> Option<Pair> {
    let refresh = cookies::value(headers, REFRESH).and_then(Refresh::read)?;
    users.renew(refresh, true, client.address).await.ok()
}

async fn refuse_other_sites(State(desk): State<Desk>, request: Request, next: Next) -> Response {
    let is_secure = Client::of(&request).is_secure;
    if request.method().is_safe() || desk.door.may_change(request.headers(), is_secure) {
        return next.run(request).await;
    }
    let message = "this was asked for by another site's page; open the desk at its own address";
    refusal(StatusCode::FORBIDDEN, ErrorCode::Forbidden, message)
}

async fn keep_nowhere(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // With no referrer at all browsers do not say either where a form was sent from.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    // The page has a style sheet, an icon, the theme and a form of its own, and nothing else.
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

async fn show(State(desk): State<Desk>, request: Request) -> Response {
    let next = page::next_of(request.uri().query().unwrap_or_default());
    if desk.door.access.authenticate(request.headers(), None).is_ok() {
        return see_other(&next);
    }
    page::page(&desk.stylesheet, &next, "", None).into_response()
}

async fn log_in(State(desk): State<Desk>, Extension(client): Extension<Client>, body: Bytes) -> Response {
    let field = |name: &str| {
        let mut fields = form_urlencoded::parse(&body);
        let found = fields.find(|(known, _)| known == name);
        found.map_or(String::new(), |(_, value)| value.into_owned())
    };
    let (name, next) = (field("name").trim().to_owned(), page::checked(&field("next")));
    let done = desk.users.login(name.clone(), field("password"), client.address);
    match done.await {
        Ok(pair) => {
            let mut response = see_other(&next);
            set_cookies(response.headers_mut(), &desk.door, client.is_secure, &pair);
            response
        }
        Err(refused) => {
            let html = page::page(&desk.stylesheet, &next, &name, Some(&refused));
            let mut response = (status(&refused), html).into_response();
            retry_after(response.headers_mut(), &refused);
            response
        }
    }
}

async fn log_out(
    State(desk): State<Desk>,
    Extension(client): Extension<Client>,
    headers: HeaderMap,
) -> Response {
    if let Ok(identity) = desk.door.access.authenticate(&headers, None)
        && let Err(refused) = desk.users.logout(identity).await
    {
        return refuse(&refused);
    }
    let mut response = see_other(PAGE);
    take_cookies(response.headers_mut(), &desk.door, client.is_secure);
    response
}

async fn log_program_out(State(desk): State<Desk>, headers: HeaderMap) -> Response {
    match desk.door.access.authenticate(&headers, None) {
        Ok(identity) => match desk.users.logout(identity).await {
            Ok(()) => StatusCode::NO_CONTENT.into_response(),
            Err(refused) => refuse(&refused),
        },
        Err(refused) => refusal(
            StatusCode::UNAUTHORIZED,
            ErrorCode::Unauthorized,
            &refused.to_string(),
        ),
    }
}

/// Who asks for tokens.
#[derive(Deserialize)]
struct Credentials {
    name: String,
    password: String,
}

/// What a program renews its login by.
#[derive(Deserialize)]
struct Renewal {
    refresh_token: String,
}

/// What a program is handed. A browser gets the access token too, for its socket, and the rest in cookies.
#[derive(Serialize)]
struct Tokens<'a> {
    access_token: &'a str,
    token_type: &'static str,
    /// Seconds.
    expires_in: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    user: TokenUser<'a>,
}

#[derive(Serialize)]
struct TokenUser<'a> {
    name: &'a str,
    role: Role,
}

async fn give_tokens(
    State(desk): State<Desk>,
    Extension(client): Extension<Client>,
    body: Bytes,
) -> Response {
    // What is wrong with the object is not repeated: it may be the password.
    let Ok(Credentials { name, password }) = serde_json::from_slice(&body) else {
        return malformed(r#"send {"name": "…", "password": "…"} as JSON"#);
    };
    match desk.users.login(name, password, client.address).await {
        Ok(pair) => hand_over(&desk, &pair, pair.refresh.as_ref()),
        Err(refused) => refuse(&refused),
    }
}

async fn renew(
    State(desk): State<Desk>,
    Extension(client): Extension<Client>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let cookie = cookies::value(&headers, REFRESH).and_then(Refresh::read);
    let is_browser = body.is_empty();
    let refresh = if is_browser {
        cookie
    } else {
        let Ok(Renewal { refresh_token }) = serde_json::from_slice(&body) else {
            return malformed(r#"send {"refresh_token": "…"} as JSON, or nothing but the cookie"#);
        };
        Refresh::read(&refresh_token)
    };
    let Some(refresh) = refresh else {
        return refuse(&LoginRefused::NotRenewed);
    };
    match desk.users.renew(refresh, is_browser, client.address).await {
        Ok(pair) if is_browser => {
            let mut response = hand_over(&desk, &pair, None);
            set_cookies(response.headers_mut(), &desk.door, client.is_secure, &pair);
            response
        }
        Ok(pair) => hand_over(&desk, &pair, pair.refresh.as_ref()),
        Err(refused) => refuse(&refused),
    }
}

fn hand_over(desk: &Desk, pair: &Pair, refresh: Option<&Refresh>) -> Response {
    let Identity { name, role, .. } = &pair.identity;
    Json(Tokens {
        access_token: pair.access.reveal(),
        token_type: "Bearer",
        expires_in: desk.users.access_ms() / 1_000,
        refresh_token: refresh.map(Refresh::reveal),
        user: TokenUser { name, role: *role },
    })
    .into_response()
}

/// `is_tls`: whether the request came over TLS.
fn set_cookies(headers: &mut HeaderMap, door: &Door, is_tls: bool, pair: &Pair) {
    let is_secure = is_tls || door.cookies_are_secure;
    let life = |ms: i64| (ms / 1_000).max(1);
    let access_ms = door.access.users().map_or(0, Users::access_ms);
    let access = cookies::set(ACCESS, pair.access.reveal(), life(access_ms), is_secure);
    let refresh = pair
        .refresh
        .as_ref()
        .and_then(|refresh| cookies::set(REFRESH, refresh.reveal(), life(REFRESH_MS), is_secure));
    for cookie in [access, refresh].into_iter().flatten() {
        headers.append(header::SET_COOKIE, cookie);
    }
}

fn take_cookies(headers: &mut HeaderMap, door: &Door, is_tls: bool) {
    let is_secure = is_tls || door.cookies_are_secure;
    for name in [ACCESS, REFRESH] {
        if let Some(cookie) = cookies::set(name, "", 0, is_secure) {
            headers.append(header::SET_COOKIE, cookie);
        }
    }
}

fn see_other(path: &str) -> Response {
    let place = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response()
}

#[derive(Serialize)]
struct Trouble<'a> {
    code: ErrorCode,
    message: &'a str,
}

fn refusal(status: StatusCode, code: ErrorCode, message: &str) -> Response {
    (status, Json(Trouble { code, message })).into_response()
}

fn malformed(message: &str) -> Response {
    refusal(StatusCode::BAD_REQUEST, ErrorCode::BadJson, message)
}

fn refuse(refused: &LoginRefused) -> Response {
    let code = match refused {
        LoginRefused::Wrong | LoginRefused::NotRenewed => ErrorCode::Unauthorized,
        LoginRefused::TooMany(_) | LoginRefused::Busy(_) => ErrorCode::RateLimited,
        LoginRefused::Unavailable => ErrorCode::Unavailable,
    };
    let mut response = refusal(status(refused), code, &refused.to_string());
    retry_after(response.headers_mut(), refused);
    response
}

fn status(refused: &LoginRefused) -> StatusCode {
    match refused {
        LoginRefused::Wrong | LoginRefused::NotRenewed => StatusCode::UNAUTHORIZED,
        LoginRefused::TooMany(_) | LoginRefused::Busy(_) => StatusCode::TOO_MANY_REQUESTS,
        LoginRefused::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

fn retry_after(headers: &mut HeaderMap, refused: &LoginRefused) {
    if let LoginRefused::TooMany(seconds) | LoginRefused::Busy(seconds) = refused {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
    }
}
