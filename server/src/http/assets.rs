//! Site assets: the files that `cargo xtask build` left in `target/site`. A release binary carries them inside; a debug
//! build reads them from that folder at each request.
//!
//! - `pkg/*` (wasm, glue, css, chart library) is addressed as `/pkg/<version>/*`, where the version is a hash over all of
//!   them: such a response is immutable, and a new build has new URLs. Another build's version is not found.
//! - Everything else (`public/`) keeps its plain path and is revalidated by ETag.
//! - A file with a `.br` twin is sent compressed to clients that accept brotli.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

const IMMUTABLE: &str = "public, max-age=31536000, immutable";
const REVALIDATE: &str = "no-cache";

#[derive(RustEmbed)]
#[folder = "../target/site/"]
struct Files;

/// The assets of this build and the version that its URLs carry.
#[derive(Debug, Clone)]
pub struct SiteAssets {
    version: String,
}

impl SiteAssets {
    /// Reads the version off the embedded files.
    pub fn load() -> Self {
        let mut packaged: Vec<_> = Files::iter().filter(|path| path.starts_with("pkg/")).collect();
        packaged.sort();
        let mut hasher = DefaultHasher::new();
        for path in packaged {
            path.hash(&mut hasher);
            Files::get(&path)
                .map(|file| file.metadata.sha256_hash())
                .hash(&mut hasher);
        }
        Self {
            version: format!("{:016x}", hasher.finish()),
        }
    }

    /// True when no site was built: pages are rendered, but nothing makes them live.
    pub fn is_empty(&self) -> bool {
        Files::iter().next().is_none()
    }

    /// The hash over all versioned files, for example `3f0c9a5d5be1f2aa`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The folder of the versioned files in URLs, without slashes around it: `pkg/<version>`.
    pub fn versioned_dir(&self) -> String {
        format!("pkg/{}", self.version)
    }

    /// The response for an asset, or `None` when `path` names none and may be a page. Below `/pkg/` there are no pages.
    pub fn respond(&self, method: &Method, path: &str, request: &HeaderMap) -> Option<Response> {
        if method != Method::GET && method != Method::HEAD {
            return None;
        }
        let found = self.find(path, request);
        if found.is_none() && path.starts_with("/pkg/") {
            return Some(StatusCode::NOT_FOUND.into_response());
        }
        found
    }

    fn find(&self, path: &str, request: &HeaderMap) -> Option<Response> {
        let (file_path, cache_control) = self.locate(path)?;
        let accepts_brotli = request.get(header::ACCEPT_ENCODING).is_some_and(accepts_brotli);
        let compressed = Files::get(&format!("{file_path}.br"));
        let varies = compressed.is_some();
        let (file, encoding) = match compressed {
            Some(file) if accepts_brotli => (file, Some("br")),
            _ => (Files::get(&file_path)?, None),
        };
        let etag = etag(&file);

        let mut response = if request
            .get(header::IF_NONE_MATCH)
            .is_some_and(|known| names(known, &etag))
        {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            full(file, content_type(&file_path), encoding)
        };
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache_control));
        if let Ok(etag) = HeaderValue::try_from(etag) {
            headers.insert(header::ETAG, etag);
        }
        if varies {
            headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        }
        Some(response)
    }

    /// The file that a URL path stands for, and how long its response may be kept.
    fn locate(&self, path: &str) -> Option<(String, &'static str)> {
        let path = path.strip_prefix('/')?;
        if path.ends_with(".br") {
            return None;
        }
        let Some(versioned) = path.strip_prefix("pkg/") else {
            return Some((path.to_owned(), REVALIDATE));
        };
        let file = versioned.strip_prefix(&self.version)?.strip_prefix('/')?;
        // In a debug build the file may change under the same version.
        let cache_control = if cfg!(debug_assertions) {
            REVALIDATE
        } else {
            IMMUTABLE
        };
        Some((format!("pkg/{file}"), cache_control))
    }
}

fn full(file: EmbeddedFile, content_type: &'static str, encoding: Option<&'static str>) -> Response {
    let bytes = match file.data {
        std::borrow::Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        std::borrow::Cow::Owned(bytes) => Bytes::from(bytes),
    };
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

/// A strong tag of the bytes as sent: the compressed and the plain form differ.
fn etag(file: &EmbeddedFile) -> String {
    let hex: String = file
        .metadata
        .sha256_hash()
        .iter()
        .take(12)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("\"{hex}\"")
}

/// Whether an `If-None-Match` value names this tag. A weak mark, added by some proxies, does not matter for it.
pub(super) fn names(if_none_match: &HeaderValue, etag: &str) -> bool {
    let Ok(known) = if_none_match.to_str() else {
        return false;
    };
    known
        .split(',')
        .map(str::trim)
        .any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
}

/// Whether an `Accept-Encoding` value allows brotli: it is listed, and not with quality zero.
fn accepts_brotli(accept_encoding: &HeaderValue) -> bool {
    let Ok(accepted) = accept_encoding.to_str() else {
        return false;
    };
    accepted.split(',').any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let is_brotli = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("br"));
        let refused = parts
            .filter_map(|parameter| parameter.strip_prefix("q="))
            .any(|quality| quality.parse::<f32>().is_ok_and(|quality| quality == 0.0));
        is_brotli && !refused
    })
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("wasm") => "application/wasm",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("html") => "text/html; charset=utf-8",
        Some("txt") => "text/plain; charset=utf-8",
        Some("json") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brotli_is_sent_only_to_those_who_take_it() {
        let cases = [
            ("gzip, deflate, br", true),
            ("br;q=1.0, gzip", true),
            ("BR", true),
            ("br;q=0", false),
            ("br; q=0.000", false),
            ("gzip", false),
            ("brotli", false),
            ("", false),
        ];
        for (accepted, expected) in cases {
            assert_eq!(
                accepts_brotli(&HeaderValue::from_static(accepted)),
                expected,
                "{accepted:?}"
            );
        }
    }

    #[test]
    fn a_known_tag_is_recognised_in_every_spelling() {
        for known in ["\"abc\"", "W/\"abc\"", "\"x\", \"abc\"", "*"] {
            assert!(names(&HeaderValue::from_static(known), "\"abc\""), "{known}");
        }
        assert!(!names(&HeaderValue::from_static("\"x\""), "\"abc\""));
    }

    #[test]
    fn only_the_version_of_this_build_is_found() {
        let assets = SiteAssets {
            version: "0123".to_owned(),
        };
        let found = |path: &str| assets.locate(path).map(|(file, _)| file);
        assert_eq!(found("/pkg/0123/tickwire.js").as_deref(), Some("pkg/tickwire.js"));
        assert_eq!(found("/favicon.svg").as_deref(), Some("favicon.svg"));
        for path in [
            "/pkg/0124/tickwire.js",
            "/pkg/tickwire.js",
            "/pkg/0123tickwire.js",
            "/pkg/0123/tickwire.js.br",
        ] {
            assert_eq!(found(path), None, "{path}");
        }
    }
}
