//! Environment variables: the template sets what the code knows, and enough of it.

use std::collections::BTreeSet;

use runtime::Variable;
use tests::{
    World, functions,
    template::{Template, Trigger},
};

#[test]
fn the_template_sets_what_the_code_knows() {
    let known: BTreeSet<_> = Variable::ALL.iter().map(|variable| variable.name()).collect();
    let set: BTreeSet<_> = Template::get()
        .functions()
        .iter()
        .flat_map(|function| function.variables.keys().map(String::as_str))
        .collect();
    assert_eq!(known, set, "variables of shared/runtime and of template.yaml");
}

/// Each is built from the variables that the template gives it, and fails when one is missing.
#[tokio::test]
async fn every_function_starts_in_the_environment_of_the_template() {
    let world = World::start().await;
    for function in Template::get().functions() {
        let name = &function.binary;
        match function.triggers.first() {
            Some(Trigger::Http { .. }) => drop(functions::answerer(&world, name).await),
            Some(Trigger::Queue { .. }) => drop(functions::consumer(&world, name).await),
            Some(Trigger::Stream { .. }) => drop(functions::reactor(&world, name).await),
            Some(Trigger::Schedule) => drop(functions::ticker(&world, name).await),
            None => drop(functions::authorizer(&world).await),
        }
    }
    world.breaches.assert_none();
}
