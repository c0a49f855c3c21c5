//! Where links lead, and what a visitor's query says about it.

use domain::{
    id::{LinkId, PartnerId, ProgramId},
    link::{CLICK_ID_PARAMETER, Link, Slug, SubIds, Utm, check_destination, deep_link},
    program::LinkPolicy,
};
use jiff::Timestamp;
use url::Url;

use crate::visit;

const HOST: &str = "shop.example.com";

/// Reads bytes as an address, and as a query; a visitor never ends on another host.
pub(crate) fn run(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let hosts = [HOST.to_owned()];
    if let Some(url) = deep_link(&hosts, text) {
        assert_at_home(&url);
    }
    if let Ok(url) = text.parse::<Url>()
        && check_destination(&hosts, &url).is_ok()
    {
        assert_at_home(&url);
        // The address is written into the table, and read again for each visitor.
        assert_eq!(url.as_str().parse::<Url>().as_ref(), Ok(&url));
    }
    for query in [text, &format!("to=https://{HOST}/{text}")] {
        let visit = visit::read(query, &hosts);
        let policy = LinkPolicy { pass_sub_ids: true, ..LinkPolicy::default() };
        let target = link(text).target(&policy, &visit, Some("clk_1"));
        assert_at_home(&target);
        let clicks = target.query_pairs().filter(|(name, _)| name == CLICK_ID_PARAMETER).count();
        assert_eq!(clicks, 1, "the click id is there once");
        assert!(target.as_str().is_ascii(), "a header takes it");
    }
}

fn assert_at_home(url: &Url) {
    assert_eq!((url.scheme(), url.host_str(), url.port()), ("https", Some(HOST), None), "{url}");
    assert!(url.as_str().starts_with("https://shop.example.com/"), "{url}");
}

fn link(text: &str) -> Link {
    let short: String = text.chars().take(40).collect();
    let slug = Slug::generated(&["fuzz"]);
    Link {
        id: LinkId::derive(&["fuzz"]),
        slug,
        program_id: ProgramId::derive(&["fuzz"]),
        partner_id: PartnerId::derive(&["fuzz"]),
        destination: "https://shop.example.com/boots?trb_click=old#top".parse().unwrap(),
        campaign: Some(short.clone()),
        utm: Utm { source: Some(short), ..Utm::default() },
        sub_ids: SubIds::default(),
        created_at: Timestamp::UNIX_EPOCH,
        disabled_at: None,
    }
}
