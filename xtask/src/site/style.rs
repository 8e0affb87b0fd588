//! The stylesheet: `style/main.css` with each `@import "…";` replaced by the file it names, comments and indentation
//! taken out. Plain css needs no more; brotli does the rest.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

const IMPORT_DEPTH_MAX: usize = 8;

/// The bundled text.
pub fn bundle(main: &Path) -> Result<String> {
    let mut text = String::new();
    append(&mut text, main, 0)?;
    Ok(minify(&text))
}

fn append(text: &mut String, file: &Path, depth: usize) -> Result<()> {
    ensure!(
        depth < IMPORT_DEPTH_MAX,
        "{}: imports go round in a circle\nremedy: remove one",
        file.display()
    );
    let source = fs::read_to_string(file).with_context(|| {
        format!(
            "cannot read {}\nremedy: correct the @import that names it",
            file.display()
        )
    })?;
    for line in source.lines() {
        match imported(line) {
            Some(path) => append(text, &file.with_file_name("").join(path), depth + 1)?,
            None => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    Ok(())
}

/// The file of a line that is nothing but `@import "file";`.
fn imported(line: &str) -> Option<&str> {
    line.trim().strip_prefix("@import \"")?.strip_suffix("\";")
}

/// Takes out comments, indentation and empty lines. Strings are left as they are.
fn minify(css: &str) -> String {
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    while let Some(at) = rest.find(['"', '\'', '/']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let length = match from.strip_prefix("/*") {
            Some(comment) => {
                rest = comment.find("*/").map_or("", |end| &comment[end + 2..]);
                continue;
            }
            None if from.starts_with('/') => 1,
            None => string_length(from),
        };
        out.push_str(&from[..length]);
        rest = &from[length..];
    }
    out.push_str(rest);
    let lines = out.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

/// The length of the string literal that `text` starts with, quotes included.
fn string_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            byte if byte == bytes[0] => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minify_keeps_meaning() {
        let cases = [
            ("a {\n  color: red;\n}\n", "a {\ncolor: red;\n}"),
            ("/* note */\na { }\n\n/* more\n lines */ b { }", "a { }\nb { }"),
            (
                "a::before { content: \"/* kept */\"; }",
                "a::before { content: \"/* kept */\"; }",
            ),
            (
                "a::before { content: '\\'/*'; }",
                "a::before { content: '\\'/*'; }",
            ),
            ("a { width: calc(1px / 2); }", "a { width: calc(1px / 2); }"),
        ];
        for (css, expected) in cases {
            assert_eq!(minify(css), expected, "{css}");
        }
    }

    #[test]
    fn only_a_plain_import_is_followed() {
        assert_eq!(imported("  @import \"tokens.css\";"), Some("tokens.css"));
        assert_eq!(imported("@import url(\"https://example.invalid/x.css\");"), None);
    }
}
