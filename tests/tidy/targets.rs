//! The targets of the server's logs, which operators filter by: a short list that stays, and no module's name.

use crate::assert_tidy;
use crate::tree::{FILES, File, rust};

/// Every target, and nothing else. ARCHITECTURE.md says what each tells.
const TARGETS: &[&str] = &[
    "tickwire::auth",
    "tickwire::cli",
    "tickwire::engine",
    "tickwire::exchange",
    "tickwire::http",
    "tickwire::journal",
    "tickwire::server",
    "tickwire::socket",
];

const MACROS: &[&str] = &["error!(", "warn!(", "info!(", "debug!(", "trace!("];

#[test]
fn every_line_of_the_log_has_a_target_of_the_list() {
    let mut complaints = Vec::new();
    let mut seen = 0;
    // What makes lines for the page logs to nobody but its own tests.
    for file in rust().filter(|file| file.is_below("server/src") && !file.is_below("server/src/telemetry")) {
        for target in targets(file) {
            seen += 1;
            if !TARGETS.contains(&target.as_str()) {
                complaints.push(format!(
                    "{}: a line of the log begins with {target:?}; begin it with target: and one of {TARGETS:?}",
                    file.path
                ));
            }
        }
    }
    assert!(seen > 20, "the server logs, but only {seen} lines were found");
    assert_tidy(&complaints);
}

#[test]
fn operators_can_look_each_target_up() {
    let page = FILES.iter().find(|file| file.path == "ARCHITECTURE.md");
    let page = page.expect("the repository explains itself");
    let complaints: Vec<_> = TARGETS
        .iter()
        .filter(|target| !page.text.contains(&format!("`{target}`")))
        .map(|target| format!("ARCHITECTURE.md: does not tell what {target} is"))
        .collect();
    assert_tidy(&complaints);
}

/// What stands as the target of each line that a file logs; where there is none, what stands there instead.
fn targets(file: &File) -> Vec<String> {
    let code: String = file.code_lines().flat_map(|(_, line)| [line, "\n"]).collect();
    let mut targets = Vec::new();
    for name in MACROS {
        for (at, _) in code.match_indices(name) {
            let is_of_another =
                code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_');
            if !is_of_another {
                let first = code[at + name.len()..].trim_start();
                let target = first
                    .strip_prefix("target: \"")
                    .and_then(|rest| rest.split('"').next())
                    .unwrap_or_else(|| first.lines().next().unwrap_or_default());
                targets.push(target.to_owned());
            }
        }
    }
    targets
}

#[test]
fn a_target_is_found_however_the_call_is_written() {
    let file = File {
        path: "x.rs".to_owned(),
        text: "info!(target: \"a\", \"x\");\ntracing::warn!(\n    target: \"b\",\n    \"y\"\n);\nerror!(\"z\");\n\
               // debug!(\"w\")\ncompile_error!(\"v\");\n"
            .to_owned(),
    };
    assert_eq!(targets(&file), ["\"z\");", "b", "a"]);
}
