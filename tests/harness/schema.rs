//! JSON schemas of the contract, compiled once each.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock},
};

use jsonschema::Validator;
use serde_json::{Value, json};

/// Compiles and keeps the schemas of one document.
#[derive(Debug)]
pub struct Schemas {
    open: Value,
    closed: Value,
    compiled: Mutex<HashMap<String, Arc<Validator>>>,
}

impl Schemas {
    /// The schemas of an OpenAPI document.
    #[must_use]
    pub fn of(document: &Value) -> Self {
        let open = document["components"].clone();
        let mut closed = open.clone();
        close(&mut closed["schemas"]);
        Self { open, closed, compiled: Mutex::default() }
    }

    /// What a request must look like.
    #[must_use]
    pub fn input(&self, name: &str, schema: &Value) -> Arc<Validator> {
        self.compiled(&format!("input {name}"), schema, &self.open)
    }

    /// What an answer must look like: nothing may be in it that the contract does not name.
    #[must_use]
    pub fn output(&self, name: &str, schema: &Value) -> Arc<Validator> {
        let mut schema = schema.clone();
        close(&mut schema);
        self.compiled(&format!("output {name}"), &schema, &self.closed)
    }

    fn compiled(&self, name: &str, schema: &Value, components: &Value) -> Arc<Validator> {
        let mut compiled = self.compiled.lock().unwrap();
        let make = || {
            let document = json!({
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "components": components,
                "allOf": [schema],
            });
            let validator = jsonschema::options().should_validate_formats(true).build(&document);
            Arc::new(validator.unwrap_or_else(|error| panic!("{name}: {error}")))
        };
        Arc::clone(compiled.entry(name.to_owned()).or_insert_with(make))
    }
}

/// Makes every object refuse fields that it does not name.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.get("properties").is_some_and(Value::is_object) {
                fields.entry("additionalProperties").or_insert(json!(false));
            }
            fields.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

/// Checks a value, and tells all that is wrong with it.
///
/// # Errors
/// What is wrong, and where.
pub fn check(validator: &Validator, value: &Value) -> Result<(), String> {
    let faults: Vec<_> =
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}

/// Something compiled once for the whole process.
pub type Once<T> = OnceLock<T>;
