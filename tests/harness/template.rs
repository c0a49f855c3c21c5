//! `template.yaml`: which functions there are, what starts them, what they see and may do.

use std::{collections::BTreeMap, sync::OnceLock};

use serde_json::Value;

use crate::{repository, yaml};

/// The template as JSON.
#[derive(Debug)]
pub struct Template {
    /// The whole document.
    pub document: Value,
    functions: Vec<Function>,
}

/// A function of the stack.
#[derive(Debug, Clone)]
pub struct Function {
    /// Its name in the template.
    pub logical_id: String,
    /// The binary it runs, which is the name of its folder and package too.
    pub binary: String,
    /// Seconds it may take.
    pub timeout: u64,
    /// Environment variables, those of all functions included.
    pub variables: BTreeMap<String, Value>,
    /// What it may do.
    pub statements: Vec<Statement>,
    /// What starts it.
    pub triggers: Vec<Trigger>,
}

/// One statement of a policy.
#[derive(Debug, Clone)]
pub struct Statement {
    /// Actions such as `dynamodb:GetItem`.
    pub actions: Vec<String>,
    /// Resources by their names in the template: `Table`, `Table/index/GSI1`, `PayoutQueue`.
    pub resources: Vec<String>,
}

/// What starts a function.
#[derive(Debug, Clone)]
pub enum Trigger {
    /// A route of the API.
    Http {
        /// The method, upper case.
        method: String,
        /// The path with parameters in braces.
        path: String,
        /// Is it open to everybody?
        public: bool,
    },
    /// A queue, by its name in the template.
    Queue {
        /// The queue.
        queue: String,
        /// The event source's properties.
        properties: Value,
    },
    /// The table's stream.
    Stream {
        /// The event source's properties.
        properties: Value,
    },
    /// A schedule.
    Schedule,
}

impl Template {
    /// The template of this repository.
    #[must_use]
    pub fn get() -> &'static Self {
        static TEMPLATE: OnceLock<Template> = OnceLock::new();
        TEMPLATE.get_or_init(|| Self::new(yaml::parse(&repository::read("template.yaml"))))
    }

    fn new(document: Value) -> Self {
        let globals = &document["Globals"]["Function"];
        let resources = document["Resources"].as_object().unwrap();
        let functions = resources
            .iter()
            .filter(|(_, resource)| resource["Type"] == "AWS::Serverless::Function")
            .map(|(name, resource)| function(name, resource, globals))
            .collect();
        Self { document, functions }
    }

    /// All functions.
    #[must_use]
    pub fn functions(&self) -> &[Function] {
        &self.functions
    }

    /// The function of a binary.
    #[must_use]
    pub fn function(&self, binary: &str) -> &Function {
        let found = self.functions.iter().find(|function| function.binary == binary);
        found.unwrap_or_else(|| panic!("template.yaml has no function {binary}"))
    }

    /// The resources of a type, with their names.
    pub fn resources(&self, kind: &str) -> impl Iterator<Item = (&str, &Value)> {
        let resources = self.document["Resources"].as_object().unwrap();
        resources
            .iter()
            .filter(move |(_, resource)| resource["Type"] == kind)
            .map(|(name, resource)| (name.as_str(), &resource["Properties"]))
    }

    /// The properties of a resource.
    #[must_use]
    pub fn resource(&self, name: &str) -> &Value {
        &self.document["Resources"][name]["Properties"]
    }
}

impl Function {
    /// May it do this?
    #[must_use]
    pub fn may(&self, action: &str, resource: &str) -> bool {
        self.statements.iter().any(|statement| {
            statement.actions.iter().any(|allowed| allowed == action)
                && statement.resources.iter().any(|allowed| allowed == resource)
        })
    }

    /// The route it answers, if it answers one.
    #[must_use]
    pub fn route(&self) -> Option<(&str, &str, bool)> {
        self.triggers.iter().find_map(|trigger| match trigger {
            Trigger::Http { method, path, public } => Some((method.as_str(), path.as_str(), *public)),
            _ => None,
        })
    }
}

fn function(name: &str, resource: &Value, globals: &Value) -> Function {
    let properties = &resource["Properties"];
    let mut variables = BTreeMap::new();
    for source in [globals, properties] {
        for (variable, value) in source["Environment"]["Variables"].as_object().into_iter().flatten() {
            variables.insert(variable.clone(), value.clone());
        }
    }
    let events = properties["Events"].as_object();
    Function {
        logical_id: name.to_owned(),
        binary: resource["Metadata"]["BuildProperties"]["Binary"].as_str().unwrap_or_default().to_owned(),
        timeout: properties["Timeout"].as_u64().or(globals["Timeout"].as_u64()).unwrap(),
        variables,
        statements: list(&properties["Policies"])
            .flat_map(|policy| list(&policy["Statement"]))
            .map(statement)
            .collect(),
        triggers: events.into_iter().flatten().map(|(_, event)| trigger(event)).collect(),
    }
}

fn statement(statement: &Value) -> Statement {
    Statement {
        actions: list(&statement["Action"]).map(|action| action.as_str().unwrap().to_owned()).collect(),
        resources: list(&statement["Resource"]).map(resource_name).collect(),
    }
}

/// A list, or the one value that stands for a list of one.
fn list(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Value::Null => Box::new(std::iter::empty()),
        Value::Array(items) => Box::new(items.iter()),
        one => Box::new(std::iter::once(one)),
    }
}

/// `!GetAtt Table.Arn` is `Table`, `!Sub '${Table.Arn}/index/GSI1'` is `Table/index/GSI1`, and
/// `!Ref ConversionQueue` is `ConversionQueue`.
#[must_use]
pub fn resource_name(value: &Value) -> String {
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    if let Some(attribute) = text("Fn::GetAtt") {
        return attribute.split('.').next().unwrap_or_default().to_owned();
    }
    if let Some(pattern) = text("Fn::Sub") {
        return pattern.replace("${", "").replace(".Arn}", "");
    }
    text("Ref").unwrap_or_else(|| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

fn trigger(event: &Value) -> Trigger {
    let properties = &event["Properties"];
    let text = |name: &str| properties[name].as_str().unwrap_or_default().to_owned();
    match event["Type"].as_str().unwrap() {
        "HttpApi" => Trigger::Http {
            method: text("Method").to_uppercase(),
            path: text("Path"),
            public: properties["Auth"]["Authorizer"] == "NONE",
        },
        "SQS" => {
            Trigger::Queue { queue: resource_name(&properties["Queue"]), properties: properties.clone() }
        }
        "DynamoDB" => Trigger::Stream { properties: properties.clone() },
        "ScheduleV2" => Trigger::Schedule,
        other => panic!("no event source of this type is known here: {other}"),
    }
}
