//! The master of the keyring is replaced, and every function starts anew with both.

use serde_json::json;

use super::{network::Network, steps::Simulation};

impl Simulation<'_> {
    /// Replaces the master, once. Not where customers are known by their addresses: an address that was
    /// known by the former master is somebody else afterwards.
    pub(crate) async fn rotate_keys(&mut self, network: &Network) {
        let programs = &self.town.programs;
        if self.is_rotated || programs.iter().any(|program| program.policy.knows_addresses()) {
            return;
        }
        self.is_rotated = true;
        network.note("the master of the keyring is replaced");
        {
            let mut cloud = self.world.cloud.lock();
            let secret = cloud.secrets.get_mut("KeyringSecret").unwrap();
            let before: serde_json::Value = serde_json::from_str(secret).unwrap();
            *secret = json!({ "master": "another master", "previous": before["master"] }).to_string();
        }
        self.world.gateway.restart().await;
        self.courier.restart(self.world).await;
        self.town.warm(self.world).await;
    }
}
