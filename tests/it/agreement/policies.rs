//! Policies: nobody may do more than it has to. That nobody may do less, the journeys show: every
//! call of a function to AWS is held against its policies there.

use tests::{repository, template::Template};

const TABLE_ACTIONS: [&str; 8] = [
    "dynamodb:GetItem",
    "dynamodb:BatchGetItem",
    "dynamodb:Query",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    "dynamodb:ConditionCheckItem",
    "sqs:SendMessage",
];

#[test]
fn no_policy_has_a_wildcard() {
    for function in Template::get().functions() {
        assert!(!function.statements.is_empty(), "{} has no policy", function.logical_id);
        for statement in &function.statements {
            for text in statement.actions.iter().chain(&statement.resources) {
                assert!(!text.contains('*'), "{}: {text}", function.logical_id);
            }
            for action in &statement.actions {
                let is_known =
                    TABLE_ACTIONS.contains(&action.as_str()) || action == "secretsmanager:GetSecretValue";
                assert!(is_known, "{}: nothing needs {action}", function.logical_id);
            }
        }
    }
}

#[test]
fn who_reads_does_not_write() {
    let writes = ["PutItem", "UpdateItem", "DeleteItem", "SendMessage"];
    for function in Template::get().functions() {
        let verb = function.binary.split('-').next().unwrap();
        let only_reads = matches!(verb, "audit" | "get" | "list" | "explain" | "authorize" | "simulate");
        // To replay a program is to recompute it; to replay an event is to send it on again.
        if !only_reads && function.binary != "replay-program" {
            continue;
        }
        for statement in &function.statements {
            let write =
                statement.actions.iter().find(|action| writes.iter().any(|write| action.ends_with(write)));
            assert_eq!(write, None, "{} only reads", function.logical_id);
        }
    }
}

/// The master opens every secret and every bank detail there is.
#[test]
fn the_master_secret_is_read_by_those_who_use_it_and_nobody_else() {
    let uses = ["Keyring", "Cursors", "SealedAnswers"];
    for function in Template::get().functions() {
        let sources = repository::files(&format!("functions/{}/src", function.binary), &[".rs"]);
        let is_used = sources.iter().any(|source| {
            let source = std::fs::read_to_string(source).unwrap();
            uses.iter().any(|name| source.contains(name))
        });
        let may = function.may("secretsmanager:GetSecretValue", "KeyringSecret");
        assert_eq!(may, is_used, "{}: the right to read KeyringSecret, and its use", function.logical_id);
    }
}

#[test]
fn a_secret_is_read_by_those_who_name_it() {
    for function in Template::get().functions() {
        for (variable, secret) in
            [("KEYRING_SECRET_ARN", "KeyringSecret"), ("PROVIDER_SECRET_ARN", "ProviderSecret")]
        {
            let names = function.variables.contains_key(variable);
            let may = function.may("secretsmanager:GetSecretValue", secret);
            assert_eq!(names, may, "{}: {variable} and the right to read {secret}", function.logical_id);
        }
        for queue in ["ConversionQueue", "MaturityQueue", "PayoutQueue"] {
            let variable = format!("{}_QUEUE_URL", queue.trim_end_matches("Queue").to_uppercase());
            let names = function.variables.contains_key(&variable);
            let may = function.may("sqs:SendMessage", queue);
            assert_eq!(names, may, "{}: {variable} and the right to send to {queue}", function.logical_id);
        }
    }
}
