//! `openapi.yaml`: what every request and answer is held against.

use serde_json::Value;

use crate::{
    repository,
    request::Reply,
    schema::{Once, Schemas, check},
    yaml,
};

/// The contract.
#[derive(Debug)]
pub struct Contract {
    /// The whole document.
    pub document: Value,
    schemas: Schemas,
    operations: Vec<Operation>,
}

/// One operation.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Its `operationId`.
    pub id: String,
    /// The method, upper case.
    pub method: String,
    /// The path with parameters in braces.
    pub path: String,
    /// Everything the contract says about it.
    pub spec: Value,
}

impl Contract {
    /// The contract of this repository.
    #[must_use]
    pub fn get() -> &'static Self {
        static CONTRACT: Once<Contract> = Once::new();
        CONTRACT.get_or_init(|| Self::new(yaml::parse(&repository::read("openapi.yaml"))))
    }

    fn new(document: Value) -> Self {
        let mut operations = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, spec) in item.as_object().unwrap() {
                if let Some(id) = spec["operationId"].as_str() {
                    let (id, method) = (id.to_owned(), method.to_uppercase());
                    operations.push(Operation { id, method, path: path.clone(), spec: spec.clone() });
                }
            }
        }
        Self { schemas: Schemas::of(&document), document, operations }
    }

    /// All operations.
    #[must_use]
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// The operation of a route.
    #[must_use]
    pub fn operation(&self, method: &str, path: &str) -> &Operation {
        let found =
            self.operations.iter().find(|operation| operation.method == method && operation.path == path);
        found.unwrap_or_else(|| panic!("openapi.yaml has no {method} {path}"))
    }

    /// Checks a body that was taken: the contract must not be narrower than the code.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn check_request(&self, operation: &Operation, body: &Value) -> Result<(), String> {
        let schema = &operation.spec["requestBody"]["content"]["application/json"]["schema"];
        if schema.is_null() {
            return Ok(());
        }
        check(&self.schemas.input(&operation.id, schema), body)
    }

    /// Checks an answer: status, headers, content type and body.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn check_response(&self, operation: &Operation, reply: &Reply) -> Result<(), String> {
        let declared = &operation.spec["responses"][reply.status.to_string()];
        let response = self.resolve(declared);
        if response.is_null() {
            return Err(format!("the contract knows no status {}", reply.status));
        }
        self.check_headers(response, reply)?;
        let content_type = reply.header("content-type").unwrap_or_default();
        match &response["content"] {
            Value::Null if reply.text.is_empty() => Ok(()),
            Value::Null => Err(format!("the contract knows no body: {}", reply.text)),
            content => {
                let schema = &content[content_type]["schema"];
                if schema.is_null() {
                    return Err(format!("the contract knows no content type {content_type:?}"));
                }
                let name = format!("{} {} {content_type}", operation.id, reply.status);
                let is_json = content_type.contains("json");
                let body = if is_json { reply.body.clone() } else { Value::from(reply.text.as_str()) };
                check(&self.schemas.output(&name, schema), &body)
            }
        }
    }

    fn check_headers(&self, response: &Value, reply: &Reply) -> Result<(), String> {
        let declared = response["headers"].as_object();
        for (name, header) in declared.into_iter().flatten() {
            let header = self.resolve(header);
            match reply.header(&name.to_lowercase()) {
                None if header["required"] == true => return Err(format!("the header {name} is missing")),
                None => {}
                Some(text) => {
                    let value = match header["schema"]["type"].as_str() {
                        Some("integer") => serde_json::from_str(text).unwrap_or(Value::Null),
                        _ => Value::from(text),
                    };
                    let validator =
                        self.schemas.input(&format!("header {name} {}", header["schema"]), &header["schema"]);
                    check(&validator, &value).map_err(|error| format!("header {name}: {error}"))?;
                }
            }
        }
        let is_declared =
            |name: &str| declared.into_iter().flatten().any(|(known, _)| known.eq_ignore_ascii_case(name));
        // What every HTTP answer may have, whatever the operation.
        let is_common =
            |name: &str| matches!(name, "content-type" | "cache-control" | "x-content-type-options");
        match reply.headers.iter().find(|(name, _)| !is_common(name) && !is_declared(name)) {
            Some((name, value)) => Err(format!("the contract knows no header {name}: {value}")),
            None => Ok(()),
        }
    }

    fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
            Some(pointer) => {
                self.document.pointer(pointer).unwrap_or_else(|| panic!("{pointer} is not there"))
            }
            None => value,
        }
    }
}
