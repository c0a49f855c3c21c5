//! The counters of clicks against the clicks themselves.

use std::collections::{BTreeMap, BTreeSet};

use store::Row;

/// Clicks, and of these the first ones.
type Counted = BTreeMap<String, [i64; 2]>;

/// Every click that was counted stands once in the figures of its day, and of its link. One that the
/// stream never told of stands nowhere.
pub(super) fn check(rows: &[Row]) {
    let of = |entity: &'static str| rows.iter().filter(move |row| row.entity() == entity);
    let firsts: BTreeSet<_> = of("first_click").filter_map(|row| row.text("click")).collect();
    let (mut by_link, mut by_day) = (Counted::new(), Counted::new());
    for click in of("click").filter(|row| row.attributes().contains_key("counted")) {
        let text = |name| click.text(name).unwrap();
        let is_first = i64::from(firsts.contains(text("id")));
        let link = text("link_id").to_owned();
        let day = format!("{} {} {}", text("program_id"), text("partner_id"), &text("at")[..10]);
        for (counted, key) in [(&mut by_link, link), (&mut by_day, day)] {
            let counted = counted.entry(key).or_default();
            counted[0] += 1;
            counted[1] += is_first;
        }
    }
    let numbers = |row: &Row| ["clicks", "unique_clicks"].map(|name| row.number(name).unwrap_or(0));
    let of_links: Counted =
        of("link_clicks").map(|row| (row.text("link").unwrap().to_owned(), numbers(row))).collect();
    assert_eq!(of_links, by_link, "clicks of links");
    let mut of_days = Counted::new();
    for row in of("day_counters").filter(|row| numbers(row) != [0, 0]) {
        let owner = row.key().pk.replace("MET#AGR#", "").replace('#', " ");
        let counted = of_days.entry(format!("{owner} {}", row.text("day").unwrap())).or_default();
        let [clicks, unique] = numbers(row);
        counted[0] += clicks;
        counted[1] += unique;
    }
    assert_eq!(of_days, by_day, "clicks of days");
}
