//! The dependency rule between crates: frontend -> app -> protocol <- engine <- server -> app(ssr), and
//! client -> protocol.

use toml::{Table, Value};

use crate::assert_tidy;
use crate::tree::FILES;

/// Each member, the members that it may depend on, and the crates from outside that it may not.
const RULES: &[(&str, &[&str], &[&str])] = &[
    ("protocol", &[], &["tokio", "leptos", "axum", "tracing", "rand"]),
    (
        "engine",
        &["tickwire-protocol"],
        &[
            "tokio",
            "serde_json",
            "tracing",
            "tracing-subscriber",
            "rand",
            "leptos",
            "axum",
        ],
    ),
    (
        "app",
        &["tickwire-protocol"],
        &["tokio", "axum", "leptos_axum", "rusqlite"],
    ),
    ("frontend", &["tickwire-app"], &["tokio", "axum"]),
    (
        "server",
        &["tickwire-protocol", "tickwire-engine", "tickwire-app"],
        &[],
    ),
    (
        "client",
        &["tickwire-protocol"],
        &["axum", "leptos", "rusqlite", "tracing-subscriber"],
    ),
    (
        "tests",
        &[
            "tickwire-protocol",
            "tickwire-engine",
            "tickwire-server",
            "tickwire-client",
        ],
        &[],
    ),
    ("xtask", &[], &["tokio"]),
];

#[test]
fn crates_depend_only_as_the_rule_allows() {
    let mut complaints = Vec::new();
    for (member, members_allowed, banned) in RULES {
        let path = format!("{member}/Cargo.toml");
        let manifest = FILES
            .iter()
            .find(|file| file.path == path)
            .expect("each member has a manifest");
        let manifest: Table = manifest.text.parse().expect("cargo read this manifest too");
        for name in members_named(
            &manifest,
            &["dependencies", "dev-dependencies", "build-dependencies"],
        ) {
            if name.starts_with("tickwire-") && !members_allowed.contains(&name.as_str()) {
                complaints.push(format!("{path}: {member} may not depend on {name}"));
            }
        }
        // What only the tests of a crate use does not reach its users.
        for name in members_named(&manifest, &["dependencies"]) {
            if banned.contains(&name.as_str()) {
                complaints.push(format!("{path}: {member} may not depend on {name}"));
            }
        }
    }
    assert_tidy(&complaints);
}

#[test]
fn each_member_has_a_rule() {
    let root = FILES
        .iter()
        .find(|file| file.path == "Cargo.toml")
        .expect("the workspace has a manifest");
    let root: Table = root.text.parse().expect("cargo read this manifest too");
    let members = root["workspace"]["members"]
        .as_array()
        .expect("members are a list");
    for member in members.iter().filter_map(Value::as_str) {
        assert!(
            RULES.iter().any(|(name, ..)| *name == member),
            "tests/tidy/crates.rs has no rule for {member}"
        );
    }
}

#[test]
fn wasm_bindgen_and_its_binder_are_pinned_to_one_version() {
    let root = FILES
        .iter()
        .find(|file| file.path == "Cargo.toml")
        .expect("the workspace has a manifest");
    let root: Table = root.text.parse().expect("cargo read this manifest too");
    let dependencies = &root["workspace"]["dependencies"];
    let version = dependencies["wasm-bindgen"]
        .as_str()
        .expect("given as a plain version");
    assert!(
        version.starts_with('='),
        "wasm-bindgen is not pinned exactly: {version}"
    );
    assert_eq!(Some(version), dependencies["wasm-bindgen-cli-support"].as_str());
}

/// The dependencies in these sections, at the top and under each `[target.…]`.
fn members_named(manifest: &Table, sections: &[&str]) -> Vec<String> {
    let per_target = manifest
        .get("target")
        .and_then(Value::as_table)
        .into_iter()
        .flat_map(Table::values);
    let places = std::iter::once(manifest).chain(per_target.filter_map(Value::as_table));
    places
        .flat_map(|place| {
            sections
                .iter()
                .filter_map(|section| place.get(*section)?.as_table())
        })
        .flat_map(|dependencies| dependencies.keys().cloned())
        .collect()
}
