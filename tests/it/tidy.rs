//! What keeps the repository pleasant to read, where no compiler looks.

use std::path::{Path, PathBuf};

use tests::repository;

/// A file with more lines has more than one subject.
const FILE_LINES: usize = 400;
/// Lines of code of a function's `lib.rs`: more is a use case that does the work of its crates.
const HANDLER_LINES: usize = 100;

const CODE: [&str; 4] = ["functions", "shared", "infra", "tests"];

fn rust_files() -> Vec<(PathBuf, String)> {
    CODE.iter()
        .flat_map(|folder| repository::files(folder, &[".rs"]))
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            (path.strip_prefix(repository::root()).unwrap().to_owned(), text)
        })
        .collect()
}

/// Fails with every line that was found.
fn assert_none(found: &[String], rule: &str) {
    assert!(found.is_empty(), "{rule}:\n{}", found.join("\n"));
}

#[test]
fn no_file_is_too_long() {
    let long = rust_files().into_iter().filter(|(_, text)| text.lines().count() > FILE_LINES);
    let long: Vec<_> =
        long.map(|(path, text)| format!("{}: {}", path.display(), text.lines().count())).collect();
    assert_none(&long, "a Rust file has at most 400 lines");
}

#[test]
fn a_function_reads_like_its_use_case() {
    let mut long = Vec::new();
    for name in repository::folders("functions") {
        let text = repository::read(&format!("functions/{name}/src/lib.rs"));
        let code = text.split("#[cfg(test)]").next().unwrap_or_default().lines().map(str::trim);
        let code = code.filter(|line| !line.is_empty() && !line.starts_with("//")).count();
        if code > HANDLER_LINES {
            long.push(format!("{name}: {code}"));
        }
    }
    assert_none(&long, "a function's lib.rs has at most 100 lines of code; give the rest a module");
}

#[test]
fn every_module_says_what_it_is() {
    let silent = rust_files().into_iter().filter(|(_, text)| !text.starts_with("//! "));
    let silent: Vec<_> = silent.map(|(path, _)| path.display().to_string()).collect();
    assert_none(&silent, "a file begins with what it is, `//! ...`");
}

#[test]
fn nothing_is_left_to_do() {
    let words = ["TODO", "FIXME"];
    let mut left = Vec::new();
    for (path, text) in rust_files() {
        if path == Path::new("tests/it/tidy.rs") {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            if words
                .iter()
                .any(|word| line.split(|c: char| !c.is_ascii_alphabetic()).any(|part| part == *word))
            {
                left.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    assert_none(&left, "what is left to do is an issue, not a comment");
}

#[test]
fn nothing_unwraps_outside_of_tests() {
    let calls = [".unwrap()", ".expect(", "panic!(", "unreachable!(", "todo!(", "unimplemented!("];
    let mut found = Vec::new();
    for (path, text) in rust_files() {
        // The bench stands on the tests' world, and like a test it says by panicking that it cannot go on;
        // a fuzz target says so that it has found something.
        let is_test = path.starts_with("tests")
            || path.starts_with("infra/bench")
            || path.starts_with("infra/fuzz")
            || path.components().any(|part| matches!(part.as_os_str().to_str(), Some("tests" | "testing")))
            || path.file_name().is_some_and(|name| name == "tests.rs" || name == "loopback.rs");
        if is_test {
            continue;
        }
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for (number, line) in code.lines().enumerate() {
            let is_comment = line.trim_start().starts_with("//");
            if !is_comment && calls.iter().any(|call| line.contains(call)) {
                found.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    assert_none(&found, "code outside of tests answers with an error");
}

#[test]
fn what_is_an_object_is_read_from_no_list() {
    let mut found = Vec::new();
    for (path, text) in rust_files() {
        // A body and a query are held to be objects where they are read, and tests read nobody's input.
        let is_exempt = path.starts_with("shared/runtime/src/http") || path.ends_with("tests.rs");
        if !path.starts_with("shared") || is_exempt {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            if line.contains("(deny_unknown_fields") || line.contains(" deny_unknown_fields") {
                let is_safe = line.contains(r#"remote = "Self""#);
                found.extend((!is_safe).then(|| format!("{}:{}", path.display(), number + 1)));
            }
        }
    }
    assert_none(&found, "what refuses unknown fields refuses lists too: see domain::object!");
}

#[test]
fn every_package_takes_the_workspace_s_lints() {
    let mut without = Vec::new();
    for folder in CODE {
        for path in repository::files(folder, &["Cargo.toml"]) {
            if !std::fs::read_to_string(&path).unwrap().contains("[lints]\nworkspace = true") {
                without.push(path.display().to_string());
            }
        }
    }
    assert_none(&without, "a package has [lints] workspace = true");
}

#[test]
fn every_function_inherits_and_tests_nothing_in_its_binary() {
    for name in repository::folders("functions") {
        let manifest = repository::read(&format!("functions/{name}/Cargo.toml"));
        for line in [
            "version.workspace = true",
            "edition.workspace = true",
            "publish.workspace = true",
            "test = false",
        ] {
            assert!(manifest.contains(line), "functions/{name}/Cargo.toml: {line}");
        }
    }
}
