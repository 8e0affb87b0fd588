//! From the text of a JSON value to its tree.

use super::{Tree, TreeError};
use crate::json;
use serde::de::Error as _;
use std::borrow::Cow;

/// Objects and lists inside one another; no message has more than a few.
pub(super) const DEPTH_MAX: usize = 64;

/// Reads a text that holds one JSON value and nothing else.
pub(super) fn whole(text: &str) -> Result<Tree<'_>, TreeError> {
    let mut scanner = Scanner { rest: text };
    let tree = scanner.value(0)?;
    scanner.skip_space();
    if scanner.rest.is_empty() {
        Ok(tree)
    } else {
        Err(scanner.wrong("the end"))
    }
}

/// A text that is read from its start.
struct Scanner<'a> {
    rest: &'a str,
}

impl<'a> Scanner<'a> {
    fn value(&mut self, depth: usize) -> Result<Tree<'a>, TreeError> {
        if depth > DEPTH_MAX {
            return Err(TreeError::custom("too many objects and lists inside one another"));
        }
        self.skip_space();
        match self.rest.as_bytes().first() {
            Some(b'"') => Ok(Tree::Text(self.text()?)),
            Some(b'{') => {
                let mut fields = Vec::new();
                let mut more = self.opens('}');
                while more {
                    self.skip_space();
                    let name = Tree::Text(self.text()?);
                    self.skip_space();
                    if !self.take(":") {
                        return Err(self.wrong("`:`"));
                    }
                    fields.push((name, self.value(depth + 1)?));
                    more = self.goes_on("}")?;
                }
                Ok(Tree::Object(fields))
            }
            Some(b'[') => {
                let mut items = Vec::new();
                let mut more = self.opens(']');
                while more {
                    items.push(self.value(depth + 1)?);
                    more = self.goes_on("]")?;
                }
                Ok(Tree::List(items))
            }
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ if self.take("null") => Ok(Tree::Null),
            _ if self.take("true") => Ok(Tree::Bool(true)),
            _ if self.take("false") => Ok(Tree::Bool(false)),
            _ => Err(self.wrong("a value")),
        }
    }

    /// Steps into an object or a list. Whether there is anything in it; otherwise it steps out again.
    fn opens(&mut self, close: char) -> bool {
        self.rest = &self.rest[1..];
        self.skip_space();
        match self.rest.strip_prefix(close) {
            Some(rest) => {
                self.rest = rest;
                false
            }
            None => true,
        }
    }

    /// Whether another item follows; otherwise it steps out of the object or the list.
    fn goes_on(&mut self, close: &str) -> Result<bool, TreeError> {
        self.skip_space();
        if self.take(",") {
            Ok(true)
        } else if self.take(close) {
            Ok(false)
        } else {
            Err(self.wrong("`,` or the end of the object or list"))
        }
    }

    fn text(&mut self) -> Result<Cow<'a, str>, TreeError> {
        let bytes = self.rest.as_bytes();
        if bytes.first() != Some(&b'"') {
            return Err(self.wrong("a text"));
        }
        let mut at = 1;
        let mut is_plain = true;
        loop {
            match bytes.get(at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    is_plain = false;
                    at += 2;
                }
                Some(0x20..) => at += 1,
                Some(_) | None => return Err(TreeError::custom("a text without its end")),
            }
        }
        let (quoted, rest) = self.rest.split_at(at + 1);
        self.rest = rest;
        if is_plain {
            return Ok(Cow::Borrowed(&quoted[1..at]));
        }
        serde_json::from_str::<String>(quoted)
            .map(Cow::Owned)
            .map_err(|e| TreeError::custom(json::reason(&e)))
    }

    fn number(&mut self) -> Result<Tree<'a>, TreeError> {
        let text = self.rest;
        self.take("-");
        // No number starts with a zero that means nothing.
        let mut is_sound = self.take("0") || self.digits();
        if is_sound && self.take(".") {
            is_sound = self.digits();
        }
        if is_sound && (self.take("e") || self.take("E")) {
            let _ = self.take("+") || self.take("-");
            is_sound = self.digits();
        }
        if is_sound {
            Ok(Tree::Number(&text[..text.len() - self.rest.len()]))
        } else {
            Err(self.wrong("a digit"))
        }
    }

    /// Skips digits. Whether there was one.
    fn digits(&mut self) -> bool {
        let rest = self.rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let found = rest.len() < self.rest.len();
        self.rest = rest;
        found
    }

    fn take(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\n', '\t', '\r']);
    }

    fn wrong(&self, expected: &str) -> TreeError {
        match self.rest.chars().next() {
            Some(found) => TreeError::custom(format_args!("expected {expected} and found {found:?}")),
            None => TreeError::custom(format_args!("expected {expected} and found the end of the text")),
        }
    }
}
