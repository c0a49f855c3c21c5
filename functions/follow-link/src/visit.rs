//! What a visitor's request says beside the link.

use domain::link::{Visit, deep_link};
use url::form_urlencoded;

/// Reads `to`, the page to land on, and `sub1` to `sub5` from a query string; of what is given twice, the
/// first counts. A page that is not the program's is not landed on: the link's own destination is.
pub(crate) fn read(query: &str, hosts: &[String]) -> Visit {
    let (mut visit, mut asked) = (Visit::default(), false);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if name == "to" {
            if !asked {
                visit.page = deep_link(hosts, &value);
            }
            asked = true;
        } else {
            visit.sub_ids.note(&name, &value);
        }
    }
    visit
}

#[cfg(test)]
mod tests {
    fn read(query: &str) -> (Option<String>, Vec<(&'static str, String)>) {
        let visit = super::read(query, &["shop.example.com".to_owned()]);
        let labels = visit.sub_ids.parameters().map(|(name, value)| (name, value.to_owned()));
        (visit.page.map(String::from), labels.collect())
    }

    #[test]
    fn a_visit_names_its_page_and_labels() {
        let page = |text: &str| Some(text.to_owned());
        let boots = page("https://shop.example.com/boots?a=b");
        let query = "to=https%3A%2F%2Fshop.example.com%2Fboots%3Fa%3Db&sub1=mail+7&sub3=%C3%A4&x=1&sub1=z";
        assert_eq!(read(query), (boots, vec![("sub1", "mail 7".to_owned()), ("sub3", "ä".to_owned())]));
        assert_eq!(read(""), (None, vec![]));
        assert_eq!(
            read("to=https://shop.example.com/a&to=https://shop.example.com/b").0,
            page("https://shop.example.com/a")
        );
        assert_eq!(read("to=%FF&to=https://shop.example.com/b").0, None);
        assert_eq!(read("to=%2F%2Fevil.example").0, None);
        assert_eq!(read("to=https%3A%2F%2Fshop.example.com%5C%40evil.example").0, None);
    }
}
