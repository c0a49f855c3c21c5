//! What the merchant attached for us: in `meta_data`, which holds JSON, and in custom fields, which
//! stand among Chargebee's own fields under names that begin with `cf_`.

use serde_json::Value;

use crate::webhook::Labels;

const CUSTOM: &str = "cf_";

/// An object that may carry labels, whatever else it holds.
pub(super) struct Labelled<'a>(Option<&'a Value>);

impl<'a> Labelled<'a> {
    /// The object of this name, if there is one.
    pub(super) fn of(content: &'a Value, name: &str) -> Self {
        Self(content.get(name))
    }

    fn pairs(&self) -> impl Iterator<Item = (String, String)> {
        let meta = self.0.and_then(|object| object.get("meta_data")?.as_object());
        let meta = meta.into_iter().flatten().map(|(name, value)| (name.as_str(), value));
        let fields = self.0.and_then(Value::as_object).into_iter().flatten();
        let custom = fields.filter_map(|(name, value)| Some((name.strip_prefix(CUSTOM)?, value)));
        meta.chain(custom).filter_map(|(name, value)| Some((name.to_owned(), value.as_str()?.to_owned())))
    }

    /// A text of the object, such as an address.
    pub(super) fn text(&self, pointer: &str) -> Option<&'a str> {
        self.0?.pointer(pointer)?.as_str()
    }
}

/// What all of them carry; where two differ, the later one counts.
pub(super) fn of<'a>(objects: impl IntoIterator<Item = &'a Labelled<'a>>) -> Labels {
    objects.into_iter().flat_map(Labelled::pairs).collect()
}
