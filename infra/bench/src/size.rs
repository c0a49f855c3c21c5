//! How large a function is, as it is deployed, and how large it may be.

use std::{collections::BTreeMap, fs, io::Write, path::Path};

use ::tests::{repository, template::Template};
use flate2::{Compression, write::DeflateEncoder};
use serde::Deserialize;

use crate::Outcome;

/// What a zip with the one file `bootstrap` has around the compressed bytes: local header,
/// central directory, end record, and the name twice.
const ZIP_FRAME: usize = 30 + 46 + 22 + 2 * "bootstrap".len();
const BUDGET: &str = "infra/bench/budget.json";

/// Bytes of a binary.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// As the linker wrote it.
    pub(crate) binary: usize,
    /// Zipped for Lambda.
    pub(crate) zip: usize,
}

/// The size of a binary.
pub(crate) fn of(binary: &Path) -> Size {
    let bytes = fs::read(binary).unwrap();
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&bytes).unwrap();
    Size { binary: bytes.len(), zip: encoder.finish().unwrap().len() + ZIP_FRAME }
}

/// How large zips may be.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Budget {
    /// Each that is not named, in bytes.
    any: usize,
    /// Functions that have to be there, and the most bytes of each.
    functions: BTreeMap<String, usize>,
}

/// Holds every function that is built in a folder against the budget; gives a line for each, and what is
/// wrong. A function that the budget names has to be there.
pub(crate) fn check(folder: &Path) -> Outcome<(Vec<String>, Vec<String>)> {
    let budget = repository::read(BUDGET);
    let budget: Budget = serde_json::from_str(&budget).map_err(|error| format!("{BUDGET}: {error}"))?;
    let functions: Vec<_> = Template::get().functions().iter().map(|function| &function.binary).collect();
    let (mut lines, mut wrong) = (Vec::new(), Vec::new());
    for name in budget.functions.keys() {
        if !functions.contains(&name) {
            wrong.push(format!("{BUDGET} names {name}, and there is no such function"));
        } else if !folder.join(name).exists() {
            wrong.push(format!("{name} is not built; build it with: cargo build --release --package {name}"));
        }
    }
    for name in functions.into_iter().filter(|name| folder.join(name).exists()) {
        let (zip, most) = (of(&folder.join(name)).zip, *budget.functions.get(name).unwrap_or(&budget.any));
        lines.push(format!("{name}: {zip} of {most} bytes"));
        if zip > most {
            wrong.push(format!(
                "{name} has {zip} bytes zipped and may have {most}; {BUDGET} may be raised for a reason"
            ));
        }
    }
    Ok((lines, wrong))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zip_is_as_large_as_one_that_was_packed() {
        // `printf '%02000d' 0 > bootstrap && zip -X -9 one.zip bootstrap`, less what depends on the packer.
        let folder = std::env::temp_dir().join(format!("bench-size-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let binary = folder.join("bootstrap");
        fs::write(&binary, [b'0'; 2000]).unwrap();
        let size = of(&binary);
        assert_eq!(size.binary, 2000);
        assert!((ZIP_FRAME..ZIP_FRAME + 30).contains(&size.zip), "{}", size.zip);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_the_budget_names_has_to_be_there() {
        let empty = std::env::temp_dir();
        let (lines, wrong) = check(&empty.join("no-binaries-here")).unwrap();
        assert!(lines.is_empty() && !wrong.is_empty(), "{lines:?} {wrong:?}");
        assert!(wrong.iter().all(|what| what.contains("is not built")), "{wrong:?}");
    }
}
