//! Derived signals with one machinery for each type instead of one for each closure: the browser half would be half as
//! large again without this.

use leptos::prelude::*;
use rust_decimal::Decimal;

/// A text that is written again only when it differs.
pub type Text = Memo<String>;

/// A number, where it is known.
pub type Number = Memo<Option<Decimal>>;

/// A value derived from signals; who reads it runs again only when it differs.
pub fn derived<T: PartialEq + Send + Sync + 'static>(
    read: impl Fn() -> T + Send + Sync + 'static,
) -> Memo<T> {
    boxed(Box::new(read))
}

#[inline(never)]
fn boxed<T: PartialEq + Send + Sync + 'static>(read: Box<dyn Fn() -> T + Send + Sync>) -> Memo<T> {
    Memo::new(move |_| read())
}

/// Runs in the browser, now and whenever a signal that it reads changes.
pub fn react(act: impl Fn() + 'static) {
    boxed_effect(Box::new(act));
}

#[inline(never)]
fn boxed_effect(act: Box<dyn Fn()>) {
    Effect::new(move |_| act());
}
