//! The table's stream, read as Lambda's poller reads it.

use std::{collections::BTreeMap, sync::Mutex};

use runtime::HttpClient;
use serde_json::{Value, json};

/// A reader of the stream that remembers how far it has read.
#[derive(Debug)]
pub struct Stream {
    http: HttpClient,
    url: String,
    table: String,
    iterators: Mutex<BTreeMap<String, String>>,
}

impl Stream {
    /// The stream of a table from its beginning.
    #[must_use]
    pub fn of(table: &store::testing::TestTable) -> Self {
        Self {
            http: runtime::http_client().unwrap(),
            url: table.url().to_owned(),
            table: table.name().to_owned(),
            iterators: Mutex::default(),
        }
    }

    /// The changes since the last call, as event records.
    pub async fn read(&self) -> Vec<Value> {
        let arn = self.arn().await;
        let description = self.call("DescribeStream", &json!({ "StreamArn": arn })).await;
        let mut records = Vec::new();
        for shard in description["StreamDescription"]["Shards"].as_array().unwrap() {
            let shard = shard["ShardId"].as_str().unwrap();
            records.extend(self.read_shard(&arn, shard).await);
        }
        for record in &mut records {
            record["eventSourceARN"] = json!(arn);
        }
        records
    }

    async fn read_shard(&self, arn: &str, shard: &str) -> Vec<Value> {
        let known = self.iterators.lock().unwrap().get(shard).cloned();
        let mut iterator = match known {
            Some(iterator) => iterator,
            None => {
                let request =
                    json!({ "StreamArn": arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON" });
                text(&self.call("GetShardIterator", &request).await["ShardIterator"])
            }
        };
        let mut records = Vec::new();
        loop {
            let answer = self.call("GetRecords", &json!({ "ShardIterator": iterator })).await;
            let page = answer["Records"].as_array().unwrap();
            if let Some(next) = answer["NextShardIterator"].as_str() {
                next.clone_into(&mut iterator);
            }
            if page.is_empty() {
                break;
            }
            records.extend(page.iter().cloned());
        }
        self.iterators.lock().unwrap().insert(shard.to_owned(), iterator);
        records
    }

    async fn arn(&self) -> String {
        let answer = self.call("ListStreams", &json!({ "TableName": self.table })).await;
        text(&answer["Streams"][0]["StreamArn"])
    }

    async fn call(&self, operation: &str, request: &Value) -> Value {
        let answer = self
            .http
            .post(&self.url)
            .header("x-amz-target", format!("DynamoDBStreams_20120810.{operation}"))
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-date", "20261102T100000Z")
            .header(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=test/20261102/us-east-1/dynamodb/aws4_request, \
                 SignedHeaders=host;x-amz-date, Signature=0",
            )
            .body(request.to_string())
            .send()
            .await
            .unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{operation}: {text}");
        serde_json::from_str(&text).unwrap()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text, not {value}")).to_owned()
}

/// Does a record pass the filters of an event source? Of EventBridge's patterns only what the
/// template uses is known: nested fields, lists of values, and prefixes.
#[must_use]
pub fn passes(record: &Value, filters: &[Value]) -> bool {
    filters.iter().any(|filter| {
        let pattern = serde_json::from_str(filter["Pattern"].as_str().unwrap()).unwrap();
        matches(record, &pattern)
    })
}

fn matches(value: &Value, pattern: &Value) -> bool {
    match pattern {
        Value::Object(fields) => fields.iter().all(|(name, pattern)| matches(&value[name], pattern)),
        Value::Array(options) => options.iter().any(|option| match option["prefix"].as_str() {
            Some(prefix) => value.as_str().is_some_and(|text| text.starts_with(prefix)),
            None => value == option,
        }),
        _ => false,
    }
}
