//! The table's stream, read as Lambda's poller reads it.

use std::collections::{BTreeMap, btree_map::Entry};

use runtime::HttpClient;
use serde_json::{Value, json};
use tokio::sync::Mutex;

/// A reader of the stream that remembers how far it has read.
#[derive(Debug)]
pub struct Stream {
    http: HttpClient,
    url: String,
    access_key: String,
    table: String,
    position: Mutex<Position>,
}

/// How far a stream has been read.
#[derive(Debug, Default)]
struct Position {
    arn: Option<String>,
    /// Where to read on in each shard; nowhere in one that has ended.
    shards: BTreeMap<String, Option<String>>,
}

impl Stream {
    /// The stream of a table from its beginning.
    #[must_use]
    pub fn of(table: &store::testing::TestTable) -> Self {
        Self {
            http: runtime::http_client().unwrap(),
            url: table.url().to_owned(),
            access_key: table.access_key().to_owned(),
            table: table.name().to_owned(),
            position: Mutex::default(),
        }
    }

    /// The changes since the last call, as event records.
    pub async fn read(&self) -> Vec<Value> {
        let mut position = self.position.lock().await;
        let mut records = Vec::new();
        // Another shard begins only when one ends: asking each time would be two calls out of three, and
        // Amazon's DynamoDB Local takes the longer for them the more it has.
        let mut has_ended = position.shards.values().all(Option::is_none);
        loop {
            if has_ended {
                self.find_shards(&mut position).await;
            }
            has_ended = false;
            for place in position.shards.values_mut() {
                if let Some(iterator) = place.clone() {
                    *place = self.read_shard(iterator, &mut records).await;
                    has_ended |= place.is_none();
                }
            }
            if !has_ended {
                break;
            }
        }
        let arn = json!(position.arn);
        for record in &mut records {
            record["eventSourceARN"] = arn.clone();
        }
        records
    }

    /// Notes shards that are new.
    async fn find_shards(&self, position: &mut Position) {
        let arn = match &position.arn {
            Some(arn) => arn.clone(),
            None => self.arn().await,
        };
        let description = self.call("DescribeStream", &json!({ "StreamArn": arn })).await;
        for shard in description["StreamDescription"]["Shards"].as_array().unwrap() {
            let shard = text(&shard["ShardId"]);
            if let Entry::Vacant(place) = position.shards.entry(shard) {
                let request =
                    json!({ "StreamArn": arn, "ShardId": place.key(), "ShardIteratorType": "TRIM_HORIZON" });
                let iterator = text(&self.call("GetShardIterator", &request).await["ShardIterator"]);
                place.insert(Some(iterator));
            }
        }
        position.arn = Some(arn);
    }

    /// Reads a shard as far as it goes; gives where to read on, unless it has ended.
    async fn read_shard(&self, mut iterator: String, records: &mut Vec<Value>) -> Option<String> {
        loop {
            let answer = self.call("GetRecords", &json!({ "ShardIterator": iterator })).await;
            let page = answer["Records"].as_array().unwrap();
            records.extend(page.iter().cloned());
            answer["NextShardIterator"].as_str()?.clone_into(&mut iterator);
            if page.is_empty() {
                return Some(iterator);
            }
        }
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
                format!(
                    "AWS4-HMAC-SHA256 Credential={}/20261102/us-east-1/dynamodb/aws4_request, \
                     SignedHeaders=host;x-amz-date, Signature=0",
                    self.access_key
                ),
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
