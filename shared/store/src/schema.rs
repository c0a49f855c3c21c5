//! The table's shape: key, indexes, TTL attribute, stream. `template.yaml` must say the same.

use aws_sdk_dynamodb::{
    operation::create_table::builders::CreateTableInputBuilder,
    types::{
        AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
        ProjectionType, ScalarAttributeType, StreamSpecification, StreamViewType,
    },
};

/// Partition key of the table.
pub const PK: &str = "PK";
/// Sort key of the table.
pub const SK: &str = "SK";
/// Attribute with the time, in seconds, from which an item may be removed.
pub const TTL: &str = "ttl";
/// What the table's stream carries.
pub const STREAM_VIEW: StreamViewType = StreamViewType::NewImage;

/// A sparse index: an item without its key is not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Index {
    /// Lists by owner.
    Gsi1,
    /// Work lists, keys only: due dates, outbox.
    Gsi2,
    /// A sponsor's direct recruits.
    Gsi3,
}

impl Index {
    /// Every index of the table.
    pub const ALL: [Self; 3] = [Self::Gsi1, Self::Gsi2, Self::Gsi3];

    /// The index's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gsi1 => "GSI1",
            Self::Gsi2 => "GSI2",
            Self::Gsi3 => "GSI3",
        }
    }

    /// Attribute with the index's partition key.
    #[must_use]
    pub const fn pk(self) -> &'static str {
        match self {
            Self::Gsi1 => "GSI1PK",
            Self::Gsi2 => "GSI2PK",
            Self::Gsi3 => "GSI3PK",
        }
    }

    /// Attribute with the index's sort key.
    #[must_use]
    pub const fn sk(self) -> &'static str {
        match self {
            Self::Gsi1 => "GSI1SK",
            Self::Gsi2 => "GSI2SK",
            Self::Gsi3 => "GSI3SK",
        }
    }

    /// What the index copies of an item.
    #[must_use]
    pub fn projection(self) -> ProjectionType {
        match self {
            Self::Gsi1 | Self::Gsi3 => ProjectionType::All,
            Self::Gsi2 => ProjectionType::KeysOnly,
        }
    }
}

/// The request that creates the table, for tests and local tools; AWS gets it from the template.
///
/// # Errors
/// Never in practice: every required field is set.
pub fn create_table(table: &str) -> Result<CreateTableInputBuilder, aws_sdk_dynamodb::error::BuildError> {
    let mut request = CreateTableInputBuilder::default()
        .table_name(table)
        .billing_mode(BillingMode::PayPerRequest)
        .set_key_schema(Some(key_schema(PK, SK)?))
        .attribute_definitions(text(PK)?)
        .attribute_definitions(text(SK)?)
        .stream_specification(
            StreamSpecification::builder().stream_enabled(true).stream_view_type(STREAM_VIEW).build()?,
        );
    for index in Index::ALL {
        request = request
            .attribute_definitions(text(index.pk())?)
            .attribute_definitions(text(index.sk())?)
            .global_secondary_indexes(
                GlobalSecondaryIndex::builder()
                    .index_name(index.name())
                    .set_key_schema(Some(key_schema(index.pk(), index.sk())?))
                    .projection(Projection::builder().projection_type(index.projection()).build())
                    .build()?,
            );
    }
    Ok(request)
}

fn text(name: &str) -> Result<AttributeDefinition, aws_sdk_dynamodb::error::BuildError> {
    AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build()
}

fn key_schema(pk: &str, sk: &str) -> Result<Vec<KeySchemaElement>, aws_sdk_dynamodb::error::BuildError> {
    let element = |name, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
    Ok(vec![element(pk, KeyType::Hash)?, element(sk, KeyType::Range)?])
}
