//! Customers: known by names, and by an address where the program asks for it.

use domain::{
    attribution::identities,
    conversion::Customer,
    id::{CustomerId, ProgramId},
};
use serde_json::{Value, json};

use super::{
    network::Network,
    plans::one_of,
    touches::{Identity, Kind},
};
use crate::World;

/// Somebody who buys, under different names and addresses.
#[derive(Debug, Clone, Default)]
pub(crate) struct Person {
    names: Vec<String>,
    addresses: Vec<String>,
}

/// As whom somebody buys this time.
#[derive(Debug, Clone)]
pub(crate) struct Buyer {
    pub(crate) name: String,
    pub(crate) address: Option<String>,
}

impl Buyer {
    /// Somebody new.
    pub(crate) fn new(world: &World, network: &Network, people: &mut Vec<Person>) -> Self {
        let buyer = Self {
            name: world.fresh("customer"),
            address: (network.below(2) == 0).then(|| world.fresh("address")),
        };
        let addresses = buyer.address.iter().cloned().collect();
        people.push(Person { names: vec![buyer.name.clone()], addresses });
        buyer
    }

    /// Somebody of before, who may have a new name or address now: one of the two is known.
    pub(crate) fn again(world: &World, network: &Network, people: &mut [Person]) -> Option<Self> {
        let known = people.len();
        let person = people.get_mut(network.below(known))?;
        let (name, address) = (one_of(network, &person.names).clone(), person.addresses.first().cloned());
        let mut buyer = Self { name, address: None };
        match (network.below(6), address) {
            (0..2, Some(address)) => {
                buyer = Self { name: world.fresh("customer"), address: Some(address) };
                person.names.push(buyer.name.clone());
            }
            (2, _) => {
                let address = world.fresh("address");
                // The first of the addresses is the one that comes again.
                person.addresses.insert(0, address.clone());
                buyer.address = Some(address);
            }
            _ => {}
        }
        Some(buyer)
    }

    /// Somebody of before of whom everything is counted: who comes by somebody else's link, or with
    /// somebody else's coupon, is tied already.
    pub(crate) async fn regular(
        world: &World,
        network: &Network,
        program: &ProgramId,
        people: &[Person],
        with_address: bool,
    ) -> Option<Self> {
        let person = people.get(network.below(people.len()))?;
        let name = one_of(network, &person.names).clone();
        let address = person.addresses.get(network.below(person.addresses.len() + 1)).cloned();
        let buyer = Self { name, address };
        let customer = Customer {
            id: CustomerId::derive(&[program.as_str(), &buyer.name]),
            email_hash: buyer.address.as_deref().map(|address| world.keyring().email_hash(&whole(address))),
        };
        for identity in identities(program, &customer, with_address) {
            world.store().binding(program, &identity.id).await.unwrap()?;
        }
        Some(buyer)
    }

    /// By what a program knows the customer.
    pub(crate) fn identities(&self, with_address: bool) -> Vec<Identity> {
        let address = self.address.clone().filter(|_| with_address);
        let name = (Kind::Customer, self.name.clone());
        std::iter::once(name).chain(address.map(|address| (Kind::Email, address))).collect()
    }

    /// The address as somebody types it.
    pub(crate) fn typed(&self, network: &Network) -> Option<String> {
        let address = self.address.as_deref()?;
        Some(match network.below(3) {
            0 => format!("{}@Customers.example", address.to_uppercase()),
            1 => format!("{address}+shop@customers.example"),
            _ => whole(address),
        })
    }

    /// The customer of a report.
    pub(crate) fn told(&self, network: &Network) -> Value {
        match self.typed(network) {
            Some(email) => json!({ "id": self.name, "email": email }),
            None => json!({ "id": self.name }),
        }
    }
}

fn whole(address: &str) -> String {
    format!("{address}@customers.example")
}
