//! The page for every path that no route claims.

use leptos::prelude::*;

/// Says so, and leads back to the desk.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    view! {
        <div class="not-found">
            <h1>"Nothing here"</h1>
            <p>"This address is no page of the desk."</p>
            <p>
                <a href="/">"Back to the desk"</a>
            </p>
        </div>
    }
}
