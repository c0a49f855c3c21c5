//! What is wrong with a report: everything, collected in one go.

/// A field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// A JSON pointer into the report, such as `/amount/currency`.
    pub pointer: String,
    /// A stable name for what is wrong.
    pub code: &'static str,
    /// What is wrong and what to do about it, without the value, which may be personal.
    pub detail: String,
}

impl From<Fault> for (String, &'static str, String) {
    fn from(Fault { pointer, code, detail }: Fault) -> Self {
        (pointer, code, detail)
    }
}

/// The faults found so far.
#[derive(Debug, Default)]
#[must_use = "nothing is refused unless `finish` is called"]
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    /// Notes a wrong field.
    pub(super) fn add(
        &mut self,
        pointer: impl Into<String>,
        code: &'static str,
        detail: impl Into<String>,
    ) -> &mut Self {
        self.0.push(Fault { pointer: pointer.into(), code, detail: detail.into() });
        self
    }

    /// Notes a wrong field unless `holds`.
    pub(super) fn check(
        &mut self,
        holds: bool,
        pointer: &str,
        code: &'static str,
        detail: &str,
    ) -> &mut Self {
        if !holds {
            self.add(pointer, code, detail);
        }
        self
    }

    /// Notes a text that is blank or has more than `most` characters.
    pub(super) fn text(&mut self, text: &str, most: usize, pointer: &str) -> &mut Self {
        let fits = !text.trim().is_empty() && text.chars().count() <= most;
        self.check(fits, pointer, "invalid_length", &format!("use 1 to {most} characters"))
    }

    /// Everything that is wrong, if anything is.
    pub(super) fn finish(self) -> Result<(), Vec<Fault>> {
        if self.0.is_empty() { Ok(()) } else { Err(self.0) }
    }
}
