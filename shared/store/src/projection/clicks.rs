//! What a click changes of the counters.

use super::days::Days;
use crate::{
    Store,
    click::{LinkClicksItem, click_of},
    error::Error,
    expression::{Condition, Update},
    item::{ENTITY, Row, Shape, VERSION},
    key,
    transaction::Transaction,
};

const COUNTED: &str = "counted";
const CLICKS: &str = "clicks";
const UNIQUE_CLICKS: &str = "unique_clicks";

impl Store {
    /// A click counts on its day and for its link. It carries no marker, which would double the price
    /// of a click: that it was counted is noted on the click itself.
    pub(super) async fn count_click(&self, row: Row) -> Result<bool, Error> {
        let key = row.key();
        let click = click_of(row)?;
        let is_first = self.is_first_click(&click).await?;
        let mut transaction = Transaction::new();
        let once = Condition::Exists.and(Condition::Lacks(COUNTED));
        transaction.update(Update::new(key).set(COUNTED, true).when(once));
        let mut of_link = Update::new(key::link_clicks(&click.link_id))
            .set(ENTITY, LinkClicksItem::ENTITY)
            .set(VERSION, LinkClicksItem::VERSION)
            .set("link", click.link_id.as_str())
            .add(CLICKS, 1);
        let (mut days, day) = (Days::default(), key::day(click.at));
        let campaign = click.campaign.as_deref();
        days.add(&click.partner_id, day, campaign, CLICKS, 1);
        if is_first {
            of_link = of_link.add(UNIQUE_CLICKS, 1);
            days.add(&click.partner_id, day, campaign, UNIQUE_CLICKS, 1);
        }
        transaction.update(of_link);
        days.write(&click.program_id, &mut transaction);
        self.commit_projection(transaction).await
    }
}
