//! What most journeys begin with, in the words of the people in it.

use serde_json::{Value, json};

use crate::{Call, World};

/// SHA-256 of the terms that every program here has.
pub const TERMS_SHA256: &str = "51d2361f4faea3bc8f9facdbc7d99abb555596a2e51f7b25fd3b41c93587e616";
/// Where every link here leads.
pub const DESTINATION: &str = "https://shop.acme.example/boots?color=red";

/// A program with its merchant.
#[derive(Debug, Clone)]
pub struct Program {
    /// Its id.
    pub id: String,
    /// The merchant's API key.
    pub token: String,
}

/// A partner of a program.
#[derive(Debug, Clone)]
pub struct Partner {
    /// The name by which the issuer knows it.
    pub name: String,
    /// Its id.
    pub id: String,
    /// The code with which it recruits.
    pub code: String,
}

/// What a program is created with unless a journey says otherwise: partners are approved at once
/// and can be paid at once.
#[must_use]
pub fn program_request() -> Value {
    json!({
        "name": "Acme Partners",
        "currency": "USD",
        "auto_approve": true,
        "terms": terms(),
        "attribution": { "window_days": 60 },
        "payout": {
            "minimum": { "amount": "10.00", "currency": "USD" },
            "requires_identity": false,
            "method_rest_days": 0,
        },
        "link_hosts": ["shop.acme.example"],
    })
}

fn terms() -> Value {
    json!({ "version": "2026-01", "sha256": TERMS_SHA256, "url": "https://acme.example/partner-terms-2026-01" })
}

/// 20 % for the sale, 5 % and 2 % for the sponsors, payable after 30 days.
#[must_use]
pub fn plan() -> Value {
    json!({
        "rules": [{ "id": "standard", "reward": { "type": "percent", "rate": "0.20" } }],
        "levels": [{ "of": "base", "rate": "0.05" }, { "of": "base", "rate": "0.02" }],
        "hold_days": 30,
    })
}

/// An amount in US dollars.
#[must_use]
pub fn usd(amount: &str) -> Value {
    json!({ "amount": amount, "currency": "USD" })
}

/// What a partner applies with.
#[must_use]
pub fn application(program: &str, name: &str, sponsor: Option<&str>) -> Value {
    json!({
        "program_id": program,
        "name": name,
        "country": "DE",
        "partner_type": "individual",
        "website": format!("https://{name}.example"),
        "terms": { "version": "2026-01", "sha256": TERMS_SHA256 },
        "sponsor_code": sponsor,
    })
}

impl World {
    /// A program as most journeys need it.
    pub async fn program(&self) -> Program {
        self.program_with(&program_request(), &plan()).await
    }

    /// A program with its plan and its merchant's key.
    pub async fn program_with(&self, request: &Value, plan: &Value) -> Program {
        let program = self.admin("POST", "/admin/programs").json(request).expect(201).await;
        let id = text(&program["id"]);
        self.publish(&id, plan).await;
        let token = self.api_key(&id).await;
        Program { id, token }
    }

    /// Publishes a plan that is in force from now on.
    pub async fn publish(&self, program: &str, plan: &Value) -> Value {
        let request = json!({ "plan": plan });
        self.admin("POST", &format!("/admin/programs/{program}/plans")).json(&request).expect(201).await
    }

    /// A key for the merchant's server.
    pub async fn api_key(&self, program: &str) -> String {
        let request = json!({ "program_id": program, "name": "checkout", "scopes": ["conversions:write"] });
        text(&self.admin("POST", "/admin/api-keys").json(&request).expect(201).await["token"])
    }

    /// A partner joins a program.
    pub async fn join(&self, program: &Program, name: &str, sponsor: Option<&Partner>) -> Partner {
        let code = sponsor.map(|sponsor| sponsor.code.as_str());
        let body = application(&program.id, name, code);
        let registered = self.partner(name, "POST", "/affiliate/register").json(&body).expect(201).await;
        Partner {
            name: name.to_owned(),
            id: text(&registered["id"]),
            code: text(&registered["agreement"]["sponsor_code"]),
        }
    }

    /// Three generations: the last one sells.
    pub async fn three_generations(&self, program: &Program) -> [Partner; 3] {
        let gran = self.join(program, "gran", None).await;
        let mum = self.join(program, "mum", Some(&gran)).await;
        let kid = self.join(program, "kid", Some(&mum)).await;
        [gran, mum, kid]
    }

    /// A partner's link; gives its slug.
    pub async fn link(&self, program: &Program, partner: &Partner) -> String {
        let body = json!({ "program_id": program.id, "destination": DESTINATION, "campaign": "spring" });
        let link = self.partner(&partner.name, "POST", "/affiliate/links/generate").json(&body);
        text(&link.expect(201).await["slug"])
    }

    /// A code of the partner; gives the coupon's id.
    pub async fn coupon(&self, program: &Program, partner: &Partner, code: &str) -> String {
        let body = json!({ "program_id": program.id, "partner_id": partner.id, "code": code });
        text(&self.admin("POST", "/admin/coupons").json(&body).expect(201).await["id"])
    }

    /// A visitor follows a link; gives the click id.
    pub async fn click(&self, slug: &str) -> String {
        let reply = self.call("GET", &format!("/r/{slug}")).send().await;
        assert_eq!(reply.status, 302, "{}", reply.text);
        let location: url::Url = reply.header("location").unwrap().parse().unwrap();
        let click = location.query_pairs().find(|(name, _)| name == "trb_click");
        click.unwrap_or_else(|| panic!("no click id in {location}")).1.into_owned()
    }

    /// A visitor comes through a new link of the partner.
    pub async fn visit(&self, program: &Program, partner: &Partner) -> String {
        let slug = self.link(program, partner).await;
        self.click(&slug).await
    }

    /// What a merchant reports.
    #[must_use]
    pub fn conversion(&self, program: &Program, body: &Value) -> Call<'_> {
        self.call("POST", "/conversions").bearer(&program.token).json(body)
    }

    /// What a merchant reports at once.
    #[must_use]
    pub fn conversions(&self, program: &Program, facts: &[Value]) -> Call<'_> {
        let body = json!({ "facts": facts });
        self.call("POST", "/conversions/batch").bearer(&program.token).json(&body)
    }

    /// The merchant reports a sale and it is counted; gives the conversion's id.
    pub async fn sale(&self, program: &Program, order: &str, amount: &str, click: &str) -> String {
        let body = sale(order, amount, Some(click));
        let accepted = self.conversion(program, &body).expect(202).await;
        self.drain().await;
        text(&accepted["conversion_id"])
    }

    /// The merchant reports a refund and it is counted.
    pub async fn refund(&self, program: &Program, order: &str, refund: &str, amount: &str) {
        self.conversion(program, &self::refund(order, refund, amount)).expect(202).await;
        self.drain().await;
    }

    /// A partner's commissions, the latest first.
    pub async fn commissions(&self, program: &Program, partner: &Partner) -> Vec<Value> {
        let target = format!("/affiliate/commissions?program_id={}&limit=100", program.id);
        let page = self.partner(&partner.name, "GET", &target).expect(200).await;
        page["data"].as_array().unwrap().clone()
    }

    /// What the partners' only commissions are worth.
    pub async fn amounts(&self, program: &Program, partners: &[Partner]) -> Vec<String> {
        let mut amounts = Vec::new();
        for partner in partners {
            let commissions = self.commissions(program, partner).await;
            assert_eq!(commissions.len(), 1, "{}: {commissions:#?}", partner.name);
            amounts.push(text(&commissions[0]["amount"]["amount"]));
        }
        amounts
    }

    /// Where the partner's money goes.
    pub async fn stripe_account(&self, partner: &Partner, account: &str) {
        let body = json!({ "provider": "stripe", "account": account });
        self.partner(&partner.name, "PUT", "/affiliate/payout-method").json(&body).expect(200).await;
    }

    /// What the partner can be paid, and what stands in the way.
    pub async fn eligibility(&self, program: &Program, partner: &Partner) -> Value {
        let target = format!("/affiliate/payout/eligibility?program_id={}", program.id);
        self.partner(&partner.name, "GET", &target).expect(200).await
    }

    /// A partner's request for everything that is available.
    #[must_use]
    pub fn payout(&self, program: &Program, partner: &Partner) -> Call<'_> {
        let body = json!({ "program_id": program.id });
        self.partner(&partner.name, "POST", "/affiliate/payout/request").json(&body)
    }

    /// A partner's payouts, the latest first.
    pub async fn payouts(&self, program: &Program, partner: &Partner) -> Vec<Value> {
        let target = format!("/affiliate/payouts?program_id={}", program.id);
        let page = self.partner(&partner.name, "GET", &target).expect(200).await;
        page["data"].as_array().unwrap().clone()
    }

    /// A partner's figures of the last thirty days.
    pub async fn dashboard(&self, program: &Program, partner: &Partner) -> Value {
        let target = format!("/affiliate/dashboard?program_id={}", program.id);
        self.partner(&partner.name, "GET", &target).expect(200).await
    }
}

/// A sale as the merchant reports it; every order has a customer of its own.
#[must_use]
pub fn sale(order: &str, amount: &str, click: Option<&str>) -> Value {
    let mut body = json!({
        "type": "sale",
        "external_id": order,
        "amount": usd(amount),
        "customer": { "id": format!("customer-of-{order}") },
    });
    if let Some(click) = click {
        body["click_id"] = json!(click);
    }
    body
}

/// A refund as the merchant reports it.
#[must_use]
pub fn refund(order: &str, refund: &str, amount: &str) -> Value {
    json!({ "type": "refund", "external_id": order, "refund_id": refund, "amount": usd(amount) })
}

/// A value's text.
#[must_use]
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text, not {value}")).to_owned()
}
