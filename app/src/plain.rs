//! Elements said as data: one view type for every table, form and list of the desk, where `view!` makes a type and all of
//! its machinery anew for each. The browser half would be twice as large with that.
//!
//! An element has a text, or elements, or a keyed list of them, never a mixture, and the server writes nothing in between:
//! so the browser finds them by counting, and only what is alive (a text, an attribute, a list) holds an effect.

use std::collections::BTreeMap;

use leptos::ev::Event;
use leptos::prelude::*;
use leptos::reactive::effect::RenderEffect;
use leptos::tachys::html::attribute::Attribute;
use leptos::tachys::html::attribute::any_attribute::AnyAttribute;
use leptos::tachys::hydration::Cursor;
use leptos::tachys::renderer::types::{Element, Node};
use leptos::tachys::renderer::{CastFrom as _, RemoveEventHandler, Rndr};
use leptos::tachys::view::add_attr::AddAnyAttr;
use leptos::tachys::view::{Mountable, Position, PositionState, Render, RenderHtml};
use leptos::wasm_bindgen::{JsCast as _, JsValue};

/// What rows of a list are told apart by.
pub type Key = (u8, u64, i64);

/// A row of a list: its key, and how it is made where it is new.
pub type Row = (Key, Box<dyn FnOnce() -> Plain>);

/// The attribute that the page's policy lets nobody write but through the element's own properties.
const STYLE: &str = "style";

type Read<T> = Box<dyn Fn() -> T + Send + Sync>;
type Hear = Box<dyn Fn(Event) + Send + Sync>;

/// An element.
pub struct Plain {
    tag: &'static str,
    fixed: Vec<(&'static str, String)>,
    live: Vec<(&'static str, Read<Option<String>>)>,
    /// The `value` of an input: a property, not an attribute.
    value: Option<Read<String>>,
    hears: Vec<(&'static str, Hear)>,
    inner: Inner,
}

enum Inner {
    Text(String),
    Live(Read<String>),
    Elements(Vec<Plain>),
    List(Read<Vec<Row>>),
}

/// An element without anything in it.
pub fn el(tag: &'static str) -> Plain {
    Plain {
        tag,
        fixed: Vec::new(),
        live: Vec::new(),
        value: None,
        hears: Vec::new(),
        inner: Inner::Elements(Vec::new()),
    }
}

impl Plain {
    /// With a css class.
    pub fn class(self, class: &str) -> Plain {
        self.attr("class", class)
    }

    /// With an attribute that stays.
    pub fn attr(mut self, name: &'static str, value: &str) -> Plain {
        self.fixed.push((name, value.to_owned()));
        self
    }

    /// With an attribute that follows signals; it is taken away where there is nothing.
    pub fn live(
        mut self,
        name: &'static str,
        read: impl Fn() -> Option<String> + Send + Sync + 'static,
    ) -> Plain {
        self.live.push((name, Box::new(read)));
        self
    }

    /// With an attribute that is there or not, such as `hidden`.
    pub fn flag(self, name: &'static str, read: impl Fn() -> bool + Send + Sync + 'static) -> Plain {
        self.live(name, move || read().then(String::new))
    }

    /// An input whose value follows a signal and writes it.
    pub fn bound(mut self, value: RwSignal<String>) -> Plain {
        self.value = Some(Box::new(move || value.get()));
        self.on("input", move |event| value.set(event_target_value(&event)))
    }

    /// Which hears an event.
    pub fn on(mut self, event: &'static str, hear: impl Fn(Event) + Send + Sync + 'static) -> Plain {
        self.hears.push((event, Box::new(hear)));
        self
    }

    /// With a text that stays.
    pub fn text(mut self, text: &str) -> Plain {
        self.inner = Inner::Text(text.to_owned());
        self
    }

    /// With a text that follows signals.
    pub fn says(mut self, read: impl Fn() -> String + Send + Sync + 'static) -> Plain {
        self.inner = Inner::Live(Box::new(read));
        self
    }

    /// With elements in it.
    pub fn with(mut self, elements: Vec<Plain>) -> Plain {
        self.inner = Inner::Elements(elements);
        self
    }

    /// With an element for each row, made once and kept while its key is there.
    pub fn list(mut self, rows: impl Fn() -> Vec<Row> + Send + Sync + 'static) -> Plain {
        self.inner = Inner::List(Box::new(rows));
        self
    }

    fn write(self, html: &mut String) {
        html.push('<');
        html.push_str(self.tag);
        // A style inside the HTML is refused by the page's policy; the browser half sets it.
        let of_html = self.live.iter().filter(|(name, _)| *name != STYLE);
        let live = of_html.filter_map(|(name, read)| Some((*name, read()?)));
        let value = self.value.map(|read| ("value", read()));
        for (name, value) in self.fixed.into_iter().chain(live).chain(value) {
            html.push(' ');
            html.push_str(name);
            html.push_str("=\"");
            escape(html, &value);
            html.push('"');
        }
        html.push('>');
        if self.tag == "input" {
            return;
        }
        match self.inner {
            Inner::Text(text) => escape(html, &text),
            Inner::Live(read) => escape(html, &read()),
            Inner::Elements(elements) => elements.into_iter().for_each(|one| one.write(html)),
            Inner::List(rows) => rows().into_iter().for_each(|row| (row.1)().write(html)),
        }
        html.push_str("</");
        html.push_str(self.tag);
        html.push('>');
    }

    /// Makes it alive: on an element that the server wrote, or on a new one, which gets what stays as well.
    fn attach(self, place: Element, is_new: bool) -> Alive {
        let mut effects = Vec::new();
        if is_new {
            for (name, value) in &self.fixed {
                Rndr::set_attribute(&place, name, value);
            }
        }
        for (name, read) in self.live {
            let place = place.clone();
            effects.push(RenderEffect::new(move |before: Option<Option<String>>| {
                let now = read();
                if before.as_ref() != Some(&now) {
                    match &now {
                        // A style set as an attribute is refused by the page's policy, as a property it is not.
                        Some(value) if name == STYLE => {
                            Rndr::set_property(&place, STYLE, &JsValue::from_str(value));
                        }
                        Some(value) => Rndr::set_attribute(&place, name, value),
                        None => Rndr::remove_attribute(&place, name),
                    }
                }
                now
            }));
        }
        if let Some(read) = self.value {
            let place = place.clone();
            effects.push(RenderEffect::new(move |_| {
                let now = read();
                Rndr::set_property(&place, "value", &JsValue::from_str(&now));
                Some(now)
            }));
        }
        let mut alive = Alive {
            element: place,
            effects,
            hears: Vec::new(),
            elements: Vec::new(),
            list: None,
        };
        for (event, hear) in self.hears {
            let hear = Box::new(move |event: JsValue| hear(event.unchecked_into()));
            alive
                .hears
                .push(Rndr::add_event_listener(&alive.element, event, hear));
        }
        alive.fill(self.inner, is_new);
        alive
    }

    fn create(self) -> Alive {
        let namespace = matches!(self.tag, "svg" | "path").then_some("http://www.w3.org/2000/svg");
        let place = Rndr::create_element(self.tag, namespace);
        self.attach(place, true)
    }
}

/// An element on the page.
pub struct Alive {
    element: Element,
    effects: Vec<RenderEffect<Option<String>>>,
    hears: Vec<RemoveEventHandler<Element>>,
    elements: Vec<Alive>,
    list: Option<RenderEffect<Rows>>,
}

/// The rows of a list, each with the owner of its signals.
type Rows = BTreeMap<Key, (Alive, Owner)>;

impl Alive {
    fn fill(&mut self, inner: Inner, is_new: bool) {
        let place = self.element.clone();
        match inner {
            Inner::Text(text) => {
                if is_new {
                    place.set_text_content(Some(&text));
                }
            }
            Inner::Live(read) => {
                self.effects
                    .push(RenderEffect::new(move |before: Option<Option<String>>| {
                        let now = Some(read());
                        let is_known = match before {
                            Some(before) => before == now,
                            // What the server wrote is not written again: it would be spoken again.
                            None => place.text_content() == now,
                        };
                        if !is_known {
                            place.set_text_content(now.as_deref());
                        }
                        now
                    }))
            }
            Inner::Elements(elements) => {
                let mut next = place.first_element_child();
                for one in elements {
                    let alive = match next.take().filter(|_| !is_new) {
                        Some(element) => {
                            next = element.next_element_sibling();
                            one.attach(element, false)
                        }
                        None => {
                            let mut alive = one.create();
                            alive.mount(&place, None);
                            alive
                        }
                    };
                    self.elements.push(alive);
                }
            }
            Inner::List(rows) => {
                let parent = Owner::current().unwrap_or_default();
                let effect = RenderEffect::new(move |before: Option<Rows>| {
                    let wanted = rows();
                    let is_found = before.is_none() && !is_new;
                    let before = before.unwrap_or_default();
                    untrack(|| arrange(&place, wanted, before, is_found, &parent))
                });
                self.list = Some(effect);
            }
        }
    }
}

/// Brings the rows of a list into the order of its keys: rows that stay are kept, and moved where they must.
fn arrange(place: &Element, wanted: Vec<Row>, mut before: Rows, is_found: bool, parent: &Owner) -> Rows {
    let mut kept = Rows::new();
    for (key, _) in &wanted {
        if let Some(row) = before.remove(key) {
            kept.insert(*key, row);
        }
    }
    for row in before.values_mut() {
        row.0.unmount();
    }
    let mut rows = Rows::new();
    let mut next = place.first_element_child();
    for (key, make) in wanted {
        if rows.contains_key(&key) {
            continue;
        }
        let row = kept.remove(&key).unwrap_or_else(|| {
            let owner = parent.child();
            let alive = owner.with(|| match next.clone().filter(|_| is_found) {
                Some(element) => make().attach(element, false),
                None => make().create(),
            });
            (alive, owner)
        });
        if next.as_ref() == Some(&row.0.element) {
            next = next.and_then(|element| element.next_element_sibling());
        } else {
            Rndr::insert_node(place, &row.0.element, next.as_deref());
        }
        rows.insert(key, row);
    }
    rows
}

impl Mountable for Alive {
    fn unmount(&mut self) {
        self.element.remove();
    }

    fn mount(&mut self, parent: &Element, marker: Option<&Node>) {
        Rndr::insert_node(parent, &self.element, marker);
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        match self.element.parent_element() {
            Some(parent) => {
                child.mount(&parent, Some(&self.element));
                true
            }
            None => false,
        }
    }

    fn elements(&self) -> Vec<Element> {
        vec![self.element.clone()]
    }
}

impl Render for Plain {
    type State = Alive;

    fn build(self) -> Alive {
        self.create()
    }

    fn rebuild(self, state: &mut Alive) {
        let mut made = self.create();
        state.insert_before_this(&mut made);
        state.unmount();
        *state = made;
    }
}

impl AddAnyAttr for Plain {
    type Output<NewAttr: Attribute> = Plain;

    fn add_any_attr<NewAttr: Attribute>(self, _attr: NewAttr) -> Plain {
        self
    }
}

impl RenderHtml for Plain {
    type AsyncOutput = Plain;
    type Owned = Plain;

    const MIN_LENGTH: usize = 32;

    fn dry_resolve(&mut self) {}

    async fn resolve(self) -> Plain {
        self
    }

    fn to_html_with_buf(
        self,
        html: &mut String,
        position: &mut Position,
        _escape: bool,
        _mark_branches: bool,
        _extra: Vec<AnyAttribute>,
    ) {
        self.write(html);
        *position = Position::NextChild;
    }

    fn hydrate<const FROM_SERVER: bool>(self, cursor: &Cursor, position: &PositionState) -> Alive {
        match position.get() {
            Position::FirstChild => cursor.child(),
            Position::Current => {}
            _ => cursor.sibling(),
        }
        let found = Element::cast_from(cursor.current());
        let alive = match found {
            Some(element) => self.attach(element, false),
            // The page is not what the server wrote, and the walk over it is lost from here on as well.
            None => self.create(),
        };
        position.set(Position::NextChild);
        alive
    }

    fn into_owned(self) -> Plain {
        self
    }
}

fn escape(html: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            letter => html.push(letter),
        }
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_cannot_become_markup() {
        let html = el("p").attr("title", "\"&").text("<b>bold</b>").to_html();
        assert_eq!(html, "<p title=\"&quot;&amp;\">&lt;b&gt;bold&lt;/b&gt;</p>");
    }

    #[test]
    fn no_style_stands_in_the_html_for_the_policy_refuses_it() {
        let html = el("i")
            .live("style", || Some("--full:5%".to_owned()))
            .live("title", || Some("5".to_owned()));
        assert_eq!(html.to_html(), "<i title=\"5\"></i>");
    }

    #[test]
    fn lists_flags_and_inputs_are_written_as_they_stand() {
        let owner = Owner::new();
        owner.set();
        let typed = RwSignal::new("5".to_owned());
        let html = el("ul")
            .flag("hidden", || false)
            .list(|| {
                ["a", "b"]
                    .map(|name| -> Row { ((0, 0, 0), Box::new(move || el("li").text(name))) })
                    .into()
            })
            .to_html();
        assert_eq!(html, "<ul><li>a</li><li>b</li></ul>");
        assert_eq!(el("input").bound(typed).to_html(), "<input value=\"5\">");
    }
}
