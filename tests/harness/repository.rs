//! Where things are in the repository.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The root of the repository.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A file's text.
#[must_use]
pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Names of the folders in a folder, sorted.
#[must_use]
pub fn folders(path: &str) -> Vec<String> {
    entries(&root().join(path)).into_iter().filter(|entry| entry.is_dir()).map(|entry| name(&entry)).collect()
}

/// Every file below a folder with one of these endings, sorted; build results are left out.
#[must_use]
pub fn files(path: &str, endings: &[&str]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    collect(&root().join(path), endings, &mut files);
    files
}

fn collect(folder: &Path, endings: &[&str], files: &mut Vec<PathBuf>) {
    for entry in entries(folder) {
        let name = name(&entry);
        if entry.is_dir() {
            if name != "target" && !name.starts_with('.') {
                collect(&entry, endings, files);
            }
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            files.push(entry);
        }
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut entries: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
