//! Takes the folders out of a text: where a server keeps its files is for its operator.

use std::borrow::Cow;

/// What stands in place of the folders.
const CUT: &str = "…/";

/// The text with the last part alone of every absolute path. Addresses such as `https://desk.example/a` stay.
pub fn without_folders(text: &str) -> Cow<'_, str> {
    let mut clean = String::new();
    let (mut done, mut from) = (0, 0);
    while let Some(start) = text[from..].find('/').map(|at| from + at) {
        let end = text[start..].find(ends_path).map_or(text.len(), |at| start + at);
        let path = text[start..end].trim_end_matches(['/', '.', ':']);
        from = end.max(start + 1);
        let begins = text[..start].chars().next_back().is_none_or(begins_path);
        let last = path.rfind('/').unwrap_or(0);
        if begins && last > 0 && !path.starts_with("//") {
            clean.push_str(&text[done..start]);
            clean.push_str(CUT);
            done = start + last + 1;
        }
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    clean.push_str(&text[done..]);
    Cow::Owned(clean)
}

/// Whether a path may stand right after this.
fn begins_path(before: char) -> bool {
    before.is_whitespace() || "\"'`=([{<,;:".contains(before)
}

fn ends_path(after: char) -> bool {
    after.is_whitespace() || "\"'`)]}>,;".contains(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_path_only_the_last_part_is_told() {
        for (text, expected) in [
            ("starting market=replay", "starting market=replay"),
            (
                "cut off moved_to=/srv/ann/data/damaged-1.jsonl",
                "cut off moved_to=…/damaged-1.jsonl",
            ),
            (
                "cannot open \"/srv/d/users.db\": denied",
                "cannot open \"…/users.db\": denied",
            ),
            ("/var/lib/x: full, (/var/lib/y)", "…/x: full, (…/y)"),
            ("the folder /srv/desk/ is gone", "the folder …/desk/ is gone"),
            (
                "see https://desk.example/a/b or /health",
                "see https://desk.example/a/b or /health",
            ),
            ("64 of 1/2/3 and a/b/c", "64 of 1/2/3 and a/b/c"),
            (
                "// is no path, / neither, /// too",
                "// is no path, / neither, /// too",
            ),
            ("größe=/ä/ö/ü", "größe=…/ü"),
            ("", ""),
        ] {
            assert_eq!(without_folders(text), expected, "{text}");
        }
    }
}
