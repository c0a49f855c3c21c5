//! The snippet for browsers, run as it is served on a page that is made by hand: cookies, address, links and
//! forms, and nothing else that it could touch.
//!
//! The engine is QuickJS, which a C compiler builds in seconds, so that the tests need no Node.js.

use domain::{
    click::{ClickId, ClickTrail},
    id::{LinkId, ProgramId},
    link::CLICK_ID_PARAMETER,
};
use jiff::Timestamp;
use rquickjs::{Context, Runtime};
use serde_json::{Value, json};
use tests::repository;

/// The page. A browser keeps what is written to `document.cookie` among its other cookies; here the writing
/// is noted, to be looked at. Whatever else is asked of the page fails.
const PAGE: &str = r"
    const written = [];
    const make = (fields) => ({ ...fields, children: [], appendChild(child) { this.children.push(child); return child; } });
    const elements = visit.elements.map(make);
    const listeners = [];
    globalThis.location = { search: visit.search };
    globalThis.document = {
        currentScript: visit.options && { dataset: visit.options },
        get cookie() { return visit.cookie; },
        set cookie(text) { written.push(text); },
        querySelectorAll: (selector) => selector === '[data-trb-click]' ? elements.filter((e) => 'trbClick' in e.dataset) : [],
        createElement: (tag) => make({ tagName: tag.toUpperCase(), dataset: {} }),
        addEventListener: (name, listener) => listeners.push([name, listener]),
    };
    globalThis.window = {};
";

/// What became of it, after the page has loaded.
const OUTCOME: &str = r"
    listeners.filter(([name]) => name === 'DOMContentLoaded').forEach(([, listener]) => listener());
    tributary = window.tributary;
    JSON.stringify({ click: tributary.click(), written, elements, added: Object.keys(window) })
";

/// Opens a page: cookie, query, options of the script, elements.
fn open(cookie: &str, search: &str, options: Value, elements: Value) -> Value {
    let visit = json!({ "cookie": cookie, "search": search, "options": options, "elements": elements });
    let snippet = repository::read("infra/snippet/tributary.js");
    let script = format!("let tributary; const visit = {visit};\n{PAGE}\n{snippet}\n{OUTCOME}");
    let runtime = Runtime::new().unwrap();
    Context::full(&runtime).unwrap().with(|page| {
        let outcome: Result<String, _> = page.eval(script);
        let outcome = outcome.unwrap_or_else(|_| panic!("{search}: {:?}", page.catch()));
        serde_json::from_str(&outcome).unwrap()
    })
}

fn click(entropy: u8) -> String {
    let (program, link) = (ProgramId::derive(&["p"]), LinkId::derive(&["l"]));
    ClickId::issue(b"key", &program, &link, Timestamp::UNIX_EPOCH, [entropy; 10]).to_string()
}

/// The clicks that are handed over when a page is opened, and the cookie that is written, if one is.
fn visit(cookie: &str, search: &str) -> (String, Option<String>) {
    let outcome = open(cookie, search, Value::Null, json!([]));
    let written = outcome["written"].as_array().unwrap();
    assert!(written.len() < 2 && outcome["added"] == json!(["tributary"]));
    let trail = outcome["click"].as_str().unwrap().to_owned();
    if let Some(cookie) = written.first() {
        let kept = cookie.as_str().unwrap().split(';').next().unwrap();
        assert_eq!(kept, format!("{CLICK_ID_PARAMETER}={trail}"));
    }
    if !trail.is_empty() {
        // The value is what the API takes.
        assert_eq!(ClickTrail::try_from(trail.clone()).unwrap().to_string(), trail);
    }
    (trail, written.first().map(|cookie| cookie.as_str().unwrap().to_owned()))
}

#[test]
fn it_is_small() {
    assert!(repository::read("infra/snippet/tributary.js").len() < 2048);
}

#[test]
fn the_first_and_the_last_click_are_kept() {
    let (one, two, three) = (click(1), click(2), click(3));
    let arrive = |id: &str| format!("?utm_source=mail&trb_click={id}&x=1");
    for (cookie, search, trail) in [
        (String::new(), arrive(&one), one.clone()),
        (format!("trb_click={one}"), arrive(&two), format!("{one}-{two}")),
        (format!("trb_click={one}-{two}"), arrive(&three), format!("{one}-{three}")),
        (format!("trb_click={one}-{two}"), arrive(&one), one.clone()),
        (format!("trb_click={one}"), arrive(&one), one.clone()),
        // Handed over by another shop of the same merchant.
        (String::new(), arrive(&format!("{one}-{two}")), format!("{one}-{two}")),
    ] {
        let (handed, cookie) = visit(&cookie, &search);
        assert_eq!(handed, trail);
        assert_eq!(
            cookie.unwrap(),
            format!("trb_click={trail}; Path=/; Max-Age=5184000; Secure; SameSite=Lax")
        );
    }
}

#[test]
fn a_page_without_a_click_writes_nothing() {
    let (one, two) = (click(1), click(2));
    let kept = format!("a=b; trb_click={one}-{two}; c=d");
    for search in ["", "?", "?a=b", "?trb_click=", "?trb_click=x", "?xtrb_click=1", "?trb_click"] {
        assert_eq!(visit(&kept, search), (format!("{one}-{two}"), None), "{search}");
    }
    assert_eq!(visit("", &format!("?not_trb_click={one}")), (String::new(), None));
    assert_eq!(visit("", &format!("?trb_click={}", one.to_lowercase())), (String::new(), None));
}

#[test]
fn what_a_cookie_holds_beside_clicks_is_none() {
    let (one, two, three) = (click(1), click(2), click(3));
    for (cookie, trail) in [
        ("trb_click=%E0%A4%A; trb_click".to_owned(), String::new()),
        ("trb_click=null; trb_click=-; =; ;".to_owned(), String::new()),
        (format!("trb_click=<script>-{one}"), one.clone()),
        (format!("trb_click={one}-{two}-{three}"), format!("{one}-{three}")),
        (format!("trb_click=broken; trb_click={two}"), two.clone()),
        (format!("xtrb_click={one}"), String::new()),
    ] {
        assert_eq!(visit(&cookie, ""), (trail, None), "{cookie}");
    }
    let (trail, cookie) = visit("trb_click=broken", &format!("?trb_click={one}"));
    assert_eq!((trail, cookie.is_some()), (one, true));
}

#[test]
fn domain_and_days_are_the_merchants_choice() {
    let search = format!("?trb_click={}", click(1));
    for (options, written) in [
        (
            json!({ "domain": "example.com", "days": "30" }),
            "Max-Age=2592000; Secure; SameSite=Lax; Domain=example.com",
        ),
        (json!({ "days": "9999" }), "Max-Age=31536000; Secure; SameSite=Lax"),
        (json!({}), "Max-Age=5184000; Secure; SameSite=Lax"),
    ] {
        let outcome = open("", &search, options, json!([]));
        let cookie = outcome["written"][0].as_str().unwrap();
        assert!(cookie.ends_with(written), "{cookie}");
    }
}

#[test]
fn the_checkout_is_handed_the_clicks_once() {
    let (one, two) = (click(1), click(2));
    let cookie = format!("trb_click={one}-{two}");
    let elements = json!([
        { "tagName": "A", "href": "https://buy.stripe.com/abc", "dataset": { "trbClick": "" } },
        { "tagName": "A", "href": "https://shop.example/buy?x=1#top", "dataset": { "trbClick": "checkout[custom][trb_click]" } },
        { "tagName": "FORM", "dataset": { "trbClick": "" } },
        { "tagName": "FORM", "dataset": { "trbClick": "attributes[trb_click]" } },
        { "tagName": "INPUT", "value": "", "dataset": { "trbClick": "" } },
        { "tagName": "INPUT", "value": "mine", "dataset": {} },
    ]);
    let outcome = open(&cookie, "", Value::Null, elements.clone());
    let trail = format!("{one}-{two}");
    let after = &outcome["elements"];
    assert_eq!(after[0]["href"], format!("https://buy.stripe.com/abc?client_reference_id={trail}"));
    assert_eq!(
        after[1]["href"],
        format!("https://shop.example/buy?x=1&checkout[custom][trb_click]={trail}#top")
    );
    for (form, name) in [(2, "trb_click"), (3, "attributes[trb_click]")] {
        let inputs = after[form]["children"].as_array().unwrap();
        assert_eq!(inputs.len(), 1);
        let input = [&inputs[0]["type"], &inputs[0]["name"], &inputs[0]["value"]];
        assert_eq!(input, ["hidden", name, trail.as_str()]);
    }
    assert_eq!((&after[4]["value"], &after[5]["value"]), (&json!(trail), &json!("mine")));
    // Who came without a partner leaves everything as it was.
    let outcome = open("", "", Value::Null, elements);
    assert_eq!(outcome["elements"][0]["href"], "https://buy.stripe.com/abc");
    assert_eq!(outcome["elements"][2]["children"], json!([]));
}
