//! `docs/plans.md`: every plan in it can be published, and its sales pay what the page says.

mod example;
mod page;

use domain::{money::Currency, plan::Plan};
use serde::Deserialize;
use serde_json::{Value, json};
use tests::{contract::Contract, repository};

use self::{
    example::{Example, Goals, Program},
    page::Block,
};

/// A plan that is refused, with what is wrong in it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refused {
    plan: Plan,
    faults: Vec<(String, String)>,
}

/// What the page has shown so far.
#[derive(Default)]
struct Reader {
    program: Option<Program>,
    /// Where a plan stands whose sales have not come yet.
    unpriced: Option<String>,
    sales: usize,
}

#[test]
fn every_plan_pays_what_the_page_says() {
    let mut reader = Reader::default();
    for block in page::blocks(&repository::read("docs/plans.md")) {
        reader.read(&block);
    }
    assert_eq!(reader.unpriced, None, "a plan without sales");
    assert!(reader.sales > 60, "only {} sales", reader.sales);
}

#[test]
fn every_field_of_a_plan_has_a_section() {
    let page = repository::read("docs/plans.md");
    let schemas = &Contract::get().document["components"]["schemas"];
    for name in ["Plan", "Rule", "Cap", "TierRequirements", "Bonus", "FlatReward", "TieredReward"] {
        for field in schemas[name]["properties"].as_object().unwrap().keys() {
            assert!(page.contains(&format!("\"{field}\"")), "no example has `{field}` of {name}");
        }
    }
}

impl Reader {
    fn read(&mut self, block: &Block) {
        match block.label.as_str() {
            "json plan" => {
                check_request(block, "/admin/programs/{program_id}/plans", &json!({ "plan": block.value() }));
                self.begin(block, Program::of(block.parse()));
            }
            "json versions" => {
                for version in block.parse::<Vec<Value>>() {
                    check_request(block, "/admin/programs/{program_id}/plans", &version);
                }
                self.begin(block, Program::of_versions(block.parse()));
            }
            "json published" => {
                let published = serde_json::to_value(&self.program(block).versions[0].plan).unwrap();
                assert_eq!(block.value(), published, "{}", block.place);
            }
            "json performance" => {
                for goals in block.parse::<Vec<Goals>>() {
                    goals.check(&self.program(block).versions[0].plan, &block.place);
                }
            }
            "json sales" => {
                self.unpriced = None;
                for (number, example) in block.parse::<Vec<Example>>().iter().enumerate() {
                    example.check(self.program(block), &format!("{}, sale {}", block.place, number + 1));
                    self.sales += 1;
                }
            }
            "json report" => check_request(block, "/conversions", &block.value()),
            "json refused" => {
                for refused in block.parse::<Vec<Refused>>() {
                    let found = refused.plan.faults(usd()).into_iter();
                    let found: Vec<_> = found.map(|fault| (fault.pointer, fault.code.to_owned())).collect();
                    assert_eq!(found, refused.faults, "{}", block.place);
                }
            }
            other => panic!("{}: nobody checks what is marked {other:?}", block.place),
        }
    }

    fn begin(&mut self, block: &Block, program: Program) {
        assert_eq!(self.unpriced, None, "a plan without sales");
        for version in &program.versions {
            assert_eq!(version.plan.faults(usd()), [], "{}", block.place);
        }
        self.program = Some(program);
        self.unpriced = Some(block.place.clone());
    }

    fn program(&self, block: &Block) -> &Program {
        self.program.as_ref().unwrap_or_else(|| panic!("{}: no plan stands before it", block.place))
    }
}

/// What the page tells to send must be what the contract takes.
fn check_request(block: &Block, path: &str, body: &Value) {
    let contract = Contract::get();
    let checked = contract.check_request(contract.operation("POST", path), body);
    checked.unwrap_or_else(|fault| panic!("{}: {fault}", block.place));
}

/// The currency of every program on the page.
fn usd() -> Currency {
    "USD".parse().unwrap()
}
