//! `GET /affiliate/links/{link_id}/qr-code`: the QR code of a tracking link.

mod image;

use domain::id::LinkId;
use http::header;
use runtime::{Answer, LinkBase, Problem, Request, Response, Violations};
use serde::Deserialize;
use store::Store;

use crate::image::Image;

/// What a link's address says never changes, so neither does its code.
const CACHED: &str = "private, max-age=86400";
/// Pixels on each side. At the least, the code of a link of 140 characters still has two for each module.
const SIZES: std::ops::RangeInclusive<u32> = 128..=2048;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    #[serde(default)]
    format: Format,
    #[serde(default = "default_size")]
    size: u32,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Format {
    #[default]
    Svg,
    Png,
}

fn default_size() -> u32 {
    512
}

/// Draws the code of a link of the calling partner.
///
/// # Errors
/// Every [`Problem`] that the contract lists for this operation.
pub async fn handle((store, base): (Store, LinkBase), request: Request) -> Answer {
    let partner = request.partner()?;
    let id: LinkId = request.path_id("link_id")?;
    let Query { format, size } = request.query()?;
    let mut violations = Violations::new();
    violations.check(SIZES.contains(&size), "/size", "out_of_range", "a code has 128 to 2048 pixels");
    violations.finish()?;
    let link = store.link(&id).await?.filter(|link| link.partner_id == partner.id);
    let link = link.ok_or_else(Problem::not_found)?;
    let image = Image::of(&base.of(&request)?.link(link.slug.as_str()), size).map_err(Problem::internal)?;
    let response = match format {
        Format::Svg => Response::text("image/svg+xml", image.svg()),
        Format::Png => Response::bytes("image/png", image.png().map_err(Problem::internal)?),
    };
    response.with_header(header::CACHE_CONTROL, CACHED)
}
