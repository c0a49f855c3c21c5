//! One name for a function: folder, package, binary, logical id, operation.

use std::collections::BTreeSet;

use tests::{contract::Contract, repository, template::Template};

/// `list-links` is `ListLinks`.
fn pascal(name: &str) -> String {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('-').map(capital).collect()
}

/// `list-links` is `listLinks`.
fn camel(name: &str) -> String {
    let pascal = pascal(name);
    pascal[..1].to_lowercase() + &pascal[1..]
}

#[test]
fn every_folder_is_a_function_of_the_template() {
    let folders: BTreeSet<_> = repository::folders("functions").into_iter().collect();
    let binaries: BTreeSet<_> =
        Template::get().functions().iter().map(|function| function.binary.clone()).collect();
    assert_eq!(folders, binaries, "folders in functions/ and BuildProperties.Binary in template.yaml");
}

#[test]
fn a_function_has_one_name_everywhere() {
    for function in Template::get().functions() {
        let name = &function.binary;
        assert_eq!(function.logical_id, format!("{}Function", pascal(name)));
        let manifest = repository::read(&format!("functions/{name}/Cargo.toml"));
        let names: Vec<_> = manifest.lines().filter(|line| line.starts_with("name = ")).collect();
        let expected = format!("name = \"{name}\"");
        assert_eq!(names, [expected.as_str(); 2], "package and binary of functions/{name}");
        if let Some((method, path, _)) = function.route() {
            assert_eq!(Contract::get().operation(method, path).id, camel(name));
        }
    }
}

#[test]
fn every_main_is_one_call() {
    for name in repository::folders("functions") {
        let main = repository::read(&format!("functions/{name}/src/main.rs"));
        assert!(main.lines().count() < 10, "functions/{name}/src/main.rs is more than one call");
    }
}

#[test]
fn every_function_has_a_sample_event_that_reads() {
    use aws_lambda_events::{
        apigw::{ApiGatewayV2CustomAuthorizerV2Request, ApiGatewayV2httpRequest},
        dynamodb,
        sqs::SqsEvent,
    };
    use tests::template::Trigger;
    for function in Template::get().functions() {
        let path = format!("infra/events/{}.json", function.binary);
        let text = repository::read(&path);
        let outcome = match function.triggers.first() {
            Some(Trigger::Http { method, path: route, .. }) => {
                serde_json::from_str::<ApiGatewayV2httpRequest>(&text).map(|event| {
                    assert_eq!(event.route_key, Some(format!("{method} {route}")), "{path}");
                })
            }
            Some(Trigger::Queue { .. }) => serde_json::from_str::<SqsEvent>(&text).map(drop),
            Some(Trigger::Stream { .. }) => serde_json::from_str::<dynamodb::Event>(&text).map(drop),
            Some(Trigger::Schedule) => serde_json::from_str::<serde_json::Value>(&text).map(drop),
            None => serde_json::from_str::<ApiGatewayV2CustomAuthorizerV2Request>(&text).map(drop),
        };
        outcome.unwrap_or_else(|error| panic!("{path}: {error}"));
    }
}
