//! The table of the template is the one that the store works on.

use serde_json::{Value, json};
use store::schema::{self, Index};
use tests::template::Template;

fn key(pk: &str, sk: &str) -> Value {
    json!([{ "AttributeName": pk, "KeyType": "HASH" }, { "AttributeName": sk, "KeyType": "RANGE" }])
}

#[test]
fn the_template_makes_the_table_that_the_store_knows() {
    let table = Template::get().resource("Table");
    assert_eq!(table["KeySchema"], key(schema::PK, schema::SK));
    assert_eq!(table["TimeToLiveSpecification"]["AttributeName"], schema::TTL);
    assert_eq!(table["TimeToLiveSpecification"]["Enabled"], true);
    assert_eq!(table["StreamSpecification"]["StreamViewType"], schema::STREAM_VIEW.as_str());
    let indexes: Vec<_> = Index::ALL
        .iter()
        .map(|index| {
            json!({
                "IndexName": index.name(),
                "KeySchema": key(index.pk(), index.sk()),
                "Projection": { "ProjectionType": index.projection().as_str() },
            })
        })
        .collect();
    assert_eq!(table["GlobalSecondaryIndexes"], json!(indexes));
    let attributes =
        [(schema::PK, schema::SK)].into_iter().chain(Index::ALL.iter().map(|index| (index.pk(), index.sk())));
    let attributes: Vec<_> = attributes
        .flat_map(|(pk, sk)| [pk, sk])
        .map(|name| json!({ "AttributeName": name, "AttributeType": "S" }))
        .collect();
    assert_eq!(table["AttributeDefinitions"], json!(attributes));
}

#[test]
fn the_table_survives_mistakes() {
    let table = Template::get().resource("Table");
    assert_eq!(table["DeletionProtectionEnabled"], true);
    assert_eq!(table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true);
    assert_eq!(table["SSESpecification"]["SSEType"], "KMS");
    for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
        assert_eq!(Template::get().document["Resources"]["Table"][policy], "Retain");
    }
}
