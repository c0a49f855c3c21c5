//! Queues, their workers and their alarms.

use std::collections::BTreeSet;

use serde_json::Value;
use store::park::Queue;
use tests::{
    contract::Contract,
    repository,
    template::{Template, Trigger, resource_name},
};

#[test]
fn every_worker_reports_what_failed_and_has_time_to_try_again() {
    let mut worked = BTreeSet::new();
    for function in Template::get().functions() {
        for trigger in &function.triggers {
            let Trigger::Queue { queue, properties } = trigger else { continue };
            worked.insert(queue.as_str());
            assert_eq!(
                properties["FunctionResponseTypes"][0], "ReportBatchItemFailures",
                "{}",
                function.logical_id
            );
            let settings = Template::get().resource(queue);
            let visibility = settings["VisibilityTimeout"].as_u64().unwrap();
            assert!(visibility >= 6 * function.timeout, "{queue}: {visibility} s, {} s", function.timeout);
            let receives = settings["RedrivePolicy"]["maxReceiveCount"].as_u64().unwrap_or_default();
            assert!(receives >= 5, "{queue} gives up after {receives} tries");
        }
    }
    let sent: BTreeSet<_> = queues().filter(|queue| !queue.ends_with("Dlq")).collect();
    assert_eq!(sent, worked, "queues, and queues with a worker");
}

#[test]
fn every_dead_letter_queue_keeps_two_weeks_and_has_an_alarm() {
    let alarms: Vec<&Value> =
        Template::get().resources("AWS::CloudWatch::Alarm").map(|(_, alarm)| alarm).collect();
    let mut dead_letters = BTreeSet::new();
    for queue in queues().filter(|queue| queue.ends_with("Dlq")) {
        dead_letters.insert(queue.to_owned());
        assert_eq!(Template::get().resource(queue)["MessageRetentionPeriod"], 1_209_600, "{queue}");
        let is_watched = alarms.iter().any(|alarm| {
            alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
                && resource_name(&alarm["Dimensions"][0]["Value"]) == queue
                && alarm["Threshold"] == 1
                && alarm["AlarmActions"].as_array().is_some_and(|actions| !actions.is_empty())
        });
        assert!(is_watched, "nothing is alarmed by {queue}");
    }
    for queue in queues().filter(|queue| !queue.ends_with("Dlq")) {
        let target = resource_name(&Template::get().resource(queue)["RedrivePolicy"]["deadLetterTargetArn"]);
        assert!(dead_letters.contains(&target), "{queue} ends in {target}");
        let settings = Template::get().resource(queue);
        assert_eq!(
            settings["FifoQueue"],
            Template::get().resource(&target)["FifoQueue"],
            "{queue}, {target}"
        );
    }
}

#[test]
fn whatever_can_be_parked_has_an_alarm() {
    let watched: BTreeSet<_> = Template::get()
        .resources("AWS::CloudWatch::Alarm")
        .filter(|(_, alarm)| alarm["MetricName"] == "Parked")
        .map(|(_, alarm)| alarm["Dimensions"][0]["Value"].as_str().unwrap().to_owned())
        .collect();
    let queues: BTreeSet<_> = Queue::ALL.iter().map(|queue| queue.as_str().to_owned()).collect();
    assert_eq!(watched, queues, "alarms of the metric Parked, and the queues known to shared/store");
    let listed = &Contract::get().document["components"]["schemas"]["ParkedQueue"]["enum"];
    let names: Vec<_> = Queue::ALL.iter().map(|queue| queue.as_str()).collect();
    assert_eq!(*listed, serde_json::json!(names), "ParkedQueue in openapi.yaml");
}

#[test]
fn the_runbook_knows_every_alarm_and_names_nothing_that_is_not_there() {
    let runbook = repository::read("docs/operations.md");
    for (name, _) in Template::get().resources("AWS::CloudWatch::Alarm") {
        assert!(
            runbook.contains(&format!("`{name}`")),
            "docs/operations.md does not say what to do about {name}"
        );
    }
    let outputs = Template::get().document["Outputs"].as_object().unwrap();
    let known =
        |name: &str| outputs.contains_key(name) || Template::get().document["Resources"].get(name).is_some();
    // `$(output Name)` in its commands, and logical ids by their endings.
    let asked = runbook.split("$(output ").skip(1).filter_map(|rest| rest.split(')').next());
    let endings = ["Alarm", "Queue", "Dlq", "Function", "Secret"];
    let quoted = runbook.split('`').skip(1).step_by(2);
    let ids = quoted.filter(|word| {
        word.chars().all(|c| c.is_ascii_alphanumeric()) && endings.iter().any(|end| word.ends_with(end))
    });
    for name in asked.chain(ids) {
        assert!(known(name), "docs/operations.md names {name}, which template.yaml has not");
    }
}

#[test]
fn the_stream_is_followed_without_holding_up_for_ever() {
    let mut followed = 0;
    for function in Template::get().functions() {
        for trigger in &function.triggers {
            let Trigger::Stream { properties } = trigger else { continue };
            followed += 1;
            assert_eq!(properties["FunctionResponseTypes"][0], "ReportBatchItemFailures");
            assert_eq!(properties["BisectBatchOnFunctionError"], true);
            assert!(properties["MaximumRetryAttempts"].is_u64());
            assert!(
                resource_name(&properties["DestinationConfig"]["OnFailure"]["Destination"]).ends_with("Dlq")
            );
        }
    }
    assert_eq!(followed, 1, "one function follows the stream");
}

fn queues() -> impl Iterator<Item = &'static str> {
    Template::get().resources("AWS::SQS::Queue").map(|(name, _)| name)
}
