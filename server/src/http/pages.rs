//! Pages: the app rendered to HTML, with the [`Boot`](tickwire_app::boot::Boot) that its browser half starts from.

use axum::Router;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use leptos::config::LeptosOptions;
use leptos::prelude::{provide_context, use_context};
use leptos_axum::{LeptosRoutes as _, generate_route_list};
use tickwire_app::{App, shell};

use crate::http::assets::SiteAssets;
use crate::http::boot::DeskView;
use crate::http::login::require_login;
use crate::http::policy::provide_policy;
use crate::users::Identity;
use crate::users::door::Door;

/// One route per page of the app; every other path is an asset or the 404 page.
pub fn router(assets: SiteAssets, desk: DeskView, door: Door) -> Router {
    let options = leptos_options(&assets);
    let site_version = assets.version().to_owned();
    // Looked at anew for every page: the HTML carries the values of its own moment.
    // Whoever asks was let in by the layer below; on other paths, which show nothing of the desk, nobody was.
    let provide_boot = move || {
        provide_policy();
        let parts = use_context::<Parts>();
        let identity = parts
            .as_ref()
            .and_then(|parts| parts.extensions.get::<Identity>());
        provide_context(desk.boot(&site_version, identity));
    };
    let render = {
        let options = options.clone();
        move || shell(options.clone())
    };

    let not_found = leptos_axum::render_app_to_stream_with_context(provide_boot.clone(), render.clone());
    let asset_or_not_found = move |request: Request| {
        let asset = assets.respond(request.method(), request.uri().path(), request.headers());
        let not_found = not_found.clone();
        async move {
            match asset {
                Some(response) => response,
                None if request.method() == Method::GET => {
                    (StatusCode::NOT_FOUND, not_found(request).await).into_response()
                }
                None => StatusCode::NOT_FOUND.into_response(),
            }
        }
    };

    Router::new()
        .leptos_routes_with_context(&options, generate_route_list(App), provide_boot, render)
        .route_layer(from_fn_with_state(door, require_login))
        .fallback(asset_or_not_found)
        .layer(map_response(revalidate_by_default))
        .with_state(options)
}

/// Leptos' settings, made in code: the binary needs no file and no environment beside it.
fn leptos_options(assets: &SiteAssets) -> LeptosOptions {
    LeptosOptions::builder()
        .output_name("tickwire")
        .site_pkg_dir(assets.versioned_dir())
        .build()
}

/// A page names the assets of one build, so no cache may keep it; assets say for themselves how long they last.
async fn revalidate_by_default(mut response: Response) -> Response {
    response
        .headers_mut()
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-cache"));
    response
}
