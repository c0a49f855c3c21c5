//! The fenced blocks of a Markdown page.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// A fenced block.
pub(crate) struct Block {
    /// What stands behind the fence, such as `json plan`.
    pub(crate) label: String,
    /// Section and line, for messages.
    pub(crate) place: String,
    text: String,
}

impl Block {
    /// The block as what it is.
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> T {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{}: {error}", self.place))
    }

    /// The block as it stands there.
    pub(crate) fn value(&self) -> Value {
        self.parse()
    }
}

/// Every fenced block of the page.
pub(crate) fn blocks(page: &str) -> Vec<Block> {
    let (mut blocks, mut open, mut section) = (Vec::new(), None::<Block>, "");
    for (number, line) in page.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(label)) => {
                let place = format!("docs/plans.md, {section}, line {}", number + 1);
                open = Some(Block { label: label.to_owned(), place, text: String::new() });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => block.text.extend([line, "\n"]),
            (None, None) => section = line.strip_prefix("## ").unwrap_or(section),
        }
    }
    assert!(open.is_none(), "the last block is not closed");
    blocks
}
