//! The words of the document: doc comments of the source, without what only rustdoc understands.

use serde_json::Value;

/// Rewrites every description below.
pub(super) fn tidy(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if ["description", "summary", "meaning"].contains(&name.as_str()) => {
                        *text = plain(text);
                    }
                    value => tidy(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}

/// On one line, tables excepted, and links without what they lead to: of ``[`Order::price`]`` and ``[`Reset`](super::Reset)`` the names
/// are left, the former without its type.
fn plain(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut text = lines.fold(String::new(), |text, line| {
        let join = match (text.is_empty(), line.starts_with('|')) {
            (true, _) => "",
            (false, true) => "\n",
            (false, false) => " ",
        };
        text + join + line
    });
    while let Some(start) = text.find("[`") {
        let Some(length) = text[start..].find("`]") else {
            break;
        };
        let name = &text[start + 2..start + length];
        let name = name.rsplit("::").next().unwrap_or(name).to_owned();
        let mut end = start + length + 2;
        if text[end..].starts_with('(') {
            end += text[end..].find(')').map_or(0, |close| close + 1);
        }
        text.replace_range(start..end, &format!("`{name}`"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lose_what_only_rustdoc_understands() {
        for (given, plain_text) in [
            (
                " At [`Order::price`] or better;\n rests.",
                "At `price` or better; rests.",
            ),
            ("One of:\n\n | a |\n | b |", "One of:\n| a |\n| b |"),
            ("follows a [`Reset`](super::Reset).", "follows a `Reset`."),
            ("`[epoch, seq]` stays", "`[epoch, seq]` stays"),
            ("[`open", "[`open"),
        ] {
            assert_eq!(plain(given), plain_text);
        }
    }
}
