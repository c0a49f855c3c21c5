//! What was bought: each line for itself. That they add up is the charge's own arithmetic.

use domain::{
    conversion::{LINES_MAX, LineItem, QUANTITY_MAX},
    money::Money,
};

use super::{Faults, Report};

const PRODUCT_MAX: usize = 200;
const NEGATIVE_LINE: &str = "nothing of a line is below zero: take a discount off its amount, and report what went \
                             back as a refund";

impl Report {
    pub(super) fn check_lines(&self, faults: &mut Faults) {
        let Some(lines) = &self.lines else { return };
        let fits = (1..=LINES_MAX).contains(&lines.len());
        faults.check(fits, "/lines", "out_of_range", "list 1 to 100 lines, or leave them out");
        for (index, line) in lines.iter().take(LINES_MAX).enumerate() {
            self.check_line(line, &format!("/lines/{index}"), faults);
        }
    }

    fn check_line(&self, line: &LineItem, place: &str, faults: &mut Faults) {
        faults.text(&line.product, PRODUCT_MAX, &format!("{place}/product")).check(
            (1..=QUANTITY_MAX).contains(&line.quantity),
            &format!("{place}/quantity"),
            "out_of_range",
            "1 to 10,000 items",
        );
        for (part, name) in [(Some(line.amount), "amount"), (line.tax, "tax"), (line.discount, "discount")] {
            self.check_amount(part, &format!("{place}/{name}"), NEGATIVE_LINE, faults);
        }
        // A tax of another currency has been named already.
        let net = line.tax.and_then(|tax| line.amount.minus(tax).ok());
        faults.check(
            line.amount.is_negative() || !net.is_some_and(Money::is_negative),
            &format!("{place}/tax"),
            "parts_exceed_amount",
            "the tax exceeds the line's amount",
        );
    }
}
