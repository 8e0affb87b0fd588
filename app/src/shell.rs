//! The HTML document around the app. Rendered on the server only, so that none of it weighs on the wasm.

use leptos::config::LeptosOptions;
use leptos::prelude::*;
use leptos_router::location::RequestUrl;

use crate::App;
use crate::address::RequestedAddress;

/// The document that every page is rendered into. `options.site_pkg_dir` carries the version of the assets, so each
/// build has URLs of its own and a browser never runs a new page with an old wasm from its cache.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let requested = use_context::<RequestUrl>().unwrap_or_default().parse();
    let requested = requested.map_or_else(|_| "/".to_owned(), |url| [url.path(), "?", url.search()].concat());
    provide_context(RequestedAddress(requested));
    let stylesheet = format!("/{}/{}.css", options.site_pkg_dir, options.output_name);
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
                <meta name="color-scheme" content="dark light" />
                <meta name="description" content="Tickwire: a self-hosted, real-time trading desk" />
                <script src="/theme.js"></script>
                <script src="/desk.js" defer=""></script>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link rel="stylesheet" href=stylesheet />
                <AutoReload options=options.clone() />
                <HydrationScripts options />
                <title>"Tickwire"</title>
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}
