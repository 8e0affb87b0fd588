//! HTTP: server-rendered pages, the site assets, health, and what guards them all. Handlers translate, they decide nothing about trading.

pub mod assets;
pub mod boot;
mod document;
pub mod guard;
pub mod health;
mod login;
pub mod metrics;
mod pages;
pub mod patience;
pub mod policy;
mod trades;

use axum::Router;

use crate::http::assets::SiteAssets;
use crate::http::boot::DeskView;
use crate::users::door::Door;

/// Every route of the server but the socket's. A path that no route and no asset claims gets the app's own page with
/// status 404.
pub fn router(assets: SiteAssets, desk: DeskView, sources: metrics::Sources, door: Door) -> Router {
    let logins = login::router(door.clone(), &assets.versioned_dir());
    let hub = desk.hub.clone();
    health::router(sources.desk.clone())
        .merge(metrics::router(sources))
        .merge(document::router())
        .merge(trades::router(hub, door.clone()))
        .merge(logins)
        .merge(pages::router(assets, desk, door))
}
