//! What was bought: each line for itself. That they add up is the charge's own arithmetic.

use domain::{
    conversion::{LINES_MAX, LineItem, QUANTITY_MAX},
    money::Money,
};
use runtime::Violations;

use crate::body::ConversionRequest;

const PRODUCT_MAX: usize = 200;

impl ConversionRequest {
    pub(super) fn check_lines(&self, violations: &mut Violations) {
        let Some(lines) = &self.lines else { return };
        let fits = (1..=LINES_MAX).contains(&lines.len());
        violations.check(fits, "/lines", "out_of_range", "list 1 to 100 lines, or leave them out");
        for (index, line) in lines.iter().enumerate() {
            self.check_line(line, &format!("/lines/{index}"), violations);
        }
    }

    fn check_line(&self, line: &LineItem, place: &str, violations: &mut Violations) {
        violations.text(&line.product, PRODUCT_MAX, &format!("{place}/product")).check(
            (1..=QUANTITY_MAX).contains(&line.quantity),
            &format!("{place}/quantity"),
            "out_of_range",
            "1 to 10,000 items",
        );
        self.check_amount(Some(line.amount), &format!("{place}/amount"), violations);
        self.check_amount(line.tax, &format!("{place}/tax"), violations);
        self.check_amount(line.discount, &format!("{place}/discount"), violations);
        // A tax of another currency has been named already.
        let net = line.tax.and_then(|tax| line.amount.minus(tax).ok());
        violations.check(
            line.amount.is_negative() || !net.is_some_and(Money::is_negative),
            &format!("{place}/tax"),
            "parts_exceed_amount",
            "the tax exceeds the line's amount",
        );
    }
}
