//! `openapi.yaml` against the template's routes, the code's problems and its own examples.

use std::collections::BTreeSet;

use runtime::Problem;
use serde_json::{Value, json};
use tests::{
    contract::Contract,
    repository,
    schema::{Schemas, check},
    template::Template,
};

#[test]
fn routes_and_operations_are_the_same() {
    let routes: BTreeSet<_> = Template::get()
        .functions()
        .iter()
        .filter_map(|function| function.route())
        .map(|(method, path, _)| format!("{method} {path}"))
        .collect();
    let operations: BTreeSet<_> = Contract::get()
        .operations()
        .iter()
        .map(|operation| format!("{} {}", operation.method, operation.path))
        .collect();
    assert_eq!(routes, operations, "routes of template.yaml and operations of openapi.yaml");
}

#[test]
fn what_is_public_is_public_in_both() {
    for function in Template::get().functions() {
        let Some((method, path, public)) = function.route() else { continue };
        let operation = Contract::get().operation(method, path);
        let is_open = operation.spec["security"].as_array().is_some_and(Vec::is_empty);
        assert_eq!(public, is_open, "{method} {path}");
    }
}

#[test]
fn every_problem_is_in_the_contract_and_documented() {
    let codes: BTreeSet<_> = Problem::CODES.iter().map(|code| code.as_str().to_owned()).collect();
    let listed = &Contract::get().document["components"]["schemas"]["ProblemCode"]["enum"];
    let listed: BTreeSet<_> =
        listed.as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned()).collect();
    assert_eq!(codes, listed, "codes in shared/runtime and ProblemCode in openapi.yaml");
    let document = repository::read("docs/problems.md");
    let sections: BTreeSet<_> = document
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .filter(|title| title.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
        .map(str::to_owned)
        .collect();
    assert_eq!(codes, sections, "codes in shared/runtime and sections of docs/problems.md");
    for code in Problem::CODES {
        let line = format!("## {}\n\n{}", code.as_str(), code.status());
        assert!(document.contains(&line), "docs/problems.md: {} is a {}", code.as_str(), code.status());
    }
}

#[test]
fn every_example_is_what_its_schema_says() {
    let document = &Contract::get().document;
    let schemas = Schemas::of(document);
    let mut checked = 0;
    for operation in Contract::get().operations() {
        let mut contents = vec![("request".to_owned(), &operation.spec["requestBody"]["content"], true)];
        for (status, response) in operation.spec["responses"].as_object().unwrap() {
            contents.push((status.clone(), &resolve(document, response)["content"], false));
        }
        for (place, content, is_input) in contents {
            for (kind, media) in content.as_object().into_iter().flatten() {
                // Bytes have no example that a reader could make sense of.
                if media["schema"]["format"] == "binary" {
                    continue;
                }
                let name = format!("{} {place} {kind}", operation.id);
                let validator = if is_input {
                    schemas.input(&name, &media["schema"])
                } else {
                    schemas.output(&name, &media["schema"])
                };
                let examples = examples(document, media);
                assert!(!examples.is_empty(), "{name} has no example");
                for example in examples {
                    check(&validator, &example).unwrap_or_else(|fault| panic!("{name}: {fault}"));
                    checked += 1;
                }
            }
        }
    }
    assert!(checked > 100, "{checked}");
}

#[test]
fn every_example_of_a_schema_is_what_it_says() {
    let document = &Contract::get().document;
    let schemas = Schemas::of(document);
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        let reference = json!({ "$ref": format!("#/components/schemas/{name}") });
        for example in schema["examples"].as_array().into_iter().flatten() {
            check(&schemas.output(name, &reference), example)
                .unwrap_or_else(|fault| panic!("{name}: {fault}"));
        }
    }
}

fn examples(document: &Value, media: &Value) -> Vec<Value> {
    let single = media.get("example").cloned();
    let many = media["examples"].as_object().into_iter().flatten();
    single.into_iter().chain(many.map(|(_, example)| resolve(document, example)["value"].clone())).collect()
}

fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
        Some(pointer) => document.pointer(pointer).unwrap(),
        None => value,
    }
}
