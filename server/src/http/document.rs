//! The AsyncAPI document of the protocol, for programs and their generators.

use std::sync::LazyLock;

use axum::Router;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use sha2::{Digest as _, Sha256};
use tickwire_protocol::{ASYNCAPI, ASYNCAPI_PATH};

use crate::http::assets::names;

/// A strong tag of the document.
static ETAG: LazyLock<String> = LazyLock::new(|| {
    let hex: String = Sha256::digest(ASYNCAPI)
        .iter()
        .take(12)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("\"{hex}\"")
});

/// The route.
pub fn router() -> Router {
    Router::new().route(ASYNCAPI_PATH, get(document))
}

async fn document(request: HeaderMap) -> Response {
    let known = request
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| names(known, &ETAG));
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let json: [(HeaderName, HeaderValue); 1] =
            [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        (json, ASYNCAPI).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(etag) = HeaderValue::from_str(&ETAG) {
        headers.insert(header::ETAG, etag);
    }
    response
}
