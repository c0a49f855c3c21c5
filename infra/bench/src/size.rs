//! How large a function is, as it is deployed, and how large it may be.

use std::{fs, io::Write, path::Path};

use flate2::{Compression, write::DeflateEncoder};
use serde_json::Value;
use tests::{repository, template::Template};

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

/// Holds every function that is built in a folder against the budget; gives one line each, and
/// whether all of them keep it. A function that the budget names has to be there.
pub(crate) fn check(folder: &Path) -> (Vec<String>, bool) {
    let budget: Value = serde_json::from_str(&repository::read(BUDGET)).unwrap();
    let (named, any) = (&budget["functions"], budget["any"].as_u64().unwrap());
    let (mut lines, mut kept) = (Vec::new(), true);
    for function in Template::get().functions() {
        let name = &function.binary;
        let (most, binary) = (named[name].as_u64(), folder.join(name));
        let (line, keeps) = match (binary.exists(), most) {
            (false, None) => continue,
            (false, Some(_)) => (format!("{name}: not built"), false),
            (true, _) => {
                let (zip, most) = (of(&binary).zip, usize::try_from(most.unwrap_or(any)).unwrap());
                (format!("{name}: {zip} of {most} bytes"), zip <= most)
            }
        };
        lines.push(if keeps { line } else { format!("{line}: TOO LARGE OR MISSING") });
        kept &= keeps;
    }
    (lines, kept)
}
