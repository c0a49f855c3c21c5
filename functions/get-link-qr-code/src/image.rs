//! Draws a QR code (ISO/IEC 18004), black on white.

use std::fmt::Write;

use png::{BitDepth, ColorType, Encoder, EncodingError};
use qrcode::{Color, EcLevel, QrCode, types::QrError};

/// The standard's margin, in modules. Without it many cameras see nothing.
const MARGIN: u32 = 4;

/// A code, and how large it is to be drawn.
pub(crate) struct Image {
    code: QrCode,
    /// Modules on each side, without the margin.
    modules: u32,
    /// Pixels on each side.
    size: u32,
}

impl Image {
    /// The code of a text. A print may lose 15 % of it and be read still.
    pub(crate) fn of(text: &str, size: u32) -> Result<Self, QrError> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M)?;
        let modules = u32::try_from(code.width()).map_err(|_| QrError::DataTooLong)?;
        Ok(Self { code, modules, size })
    }

    /// Is the module dark? What lies outside is not.
    fn is_dark(&self, x: Option<u32>, y: Option<u32>) -> bool {
        let inside = |place: Option<u32>| {
            let place = place.filter(|place| *place < self.modules)?;
            usize::try_from(place).ok()
        };
        let (Some(x), Some(y)) = (inside(x), inside(y)) else { return false };
        self.code[(x, y)] == Color::Dark
    }

    /// As a vector drawing, one unit a module.
    pub(crate) fn svg(&self) -> String {
        let (width, size) = (self.modules + 2 * MARGIN, self.size);
        let mut path = String::new();
        for y in 0..self.modules {
            let mut x = 0;
            while x < self.modules {
                let run = (x..self.modules).take_while(|x| self.is_dark(Some(*x), Some(y))).count();
                let run = u32::try_from(run).unwrap_or(0);
                if run > 0 {
                    // Writing to a text cannot fail.
                    let _ = write!(path, "M{} {}h{run}v1h-{run}z", x + MARGIN, y + MARGIN);
                }
                x += run.max(1);
            }
        }
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{size}\" height=\"{size}\" \
             viewBox=\"0 0 {width} {width}\" shape-rendering=\"crispEdges\">\
             <path fill=\"#fff\" d=\"M0 0h{width}v{width}H0z\"/><path d=\"{path}\"/></svg>"
        )
    }

    /// As pixels, one bit each. Modules are whole pixels, all alike: what is left over widens the margin.
    pub(crate) fn png(&self) -> Result<Vec<u8>, EncodingError> {
        let scale = (self.size / (self.modules + 2 * MARGIN)).max(1);
        let start = self.size.saturating_sub(scale * self.modules) / 2;
        let module = |pixel: u32| Some(pixel.checked_sub(start)? / scale);
        let mut pixels = Vec::new();
        for y in 0..self.size {
            let y = module(y);
            for first in (0..self.size).step_by(8) {
                let white = |bit: u32| {
                    let x = first + bit;
                    x < self.size && !self.is_dark(module(x), y)
                };
                pixels.push((0..8).fold(0_u8, |byte, bit| (byte << 1) | u8::from(white(bit))));
            }
        }
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, self.size, self.size);
        encoder.set_color(ColorType::Grayscale);
        encoder.set_depth(BitDepth::One);
        encoder.write_header()?.write_image_data(&pixels)?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    const SHORT: &str = "https://go.acme.example/r/abc";

    fn longest() -> String {
        format!("https://a1b2c3d4e5.execute-api.ap-southeast-2.amazonaws.com/production/r/{}", "a".repeat(64))
    }

    fn read(width: usize, is_dark: impl Fn(usize, usize) -> bool) -> String {
        let shade = |x, y| if is_dark(x, y) { 0 } else { 255 };
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, width, shade);
        let grids = image.detect_grids();
        assert_eq!(grids.len(), 1);
        grids[0].decode().unwrap().1
    }

    #[test]
    fn a_png_reads_back_at_every_size() {
        for text in [SHORT, &longest()] {
            for size in [128, 129, 300, 512, 1023] {
                let png = Image::of(text, size).unwrap().png().unwrap();
                let mut reader = png::Decoder::new(Cursor::new(png)).read_info().unwrap();
                let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
                let frame = reader.next_frame(&mut pixels).unwrap();
                assert_eq!((frame.width, frame.height), (size, size));
                let dark = |x: usize, y: usize| pixels[y * frame.line_size + x / 8] >> (7 - x % 8) & 1 == 0;
                assert_eq!(read(usize::try_from(size).unwrap(), dark), text, "{size}");
            }
        }
    }

    #[test]
    fn a_drawing_reads_back_and_is_well_formed() {
        let image = Image::of(SHORT, 512).unwrap();
        let svg = image.svg();
        assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"512\" height=\"512\" "));
        let path = svg.rsplit_once("<path d=\"").unwrap().1.strip_suffix("\"/></svg>").unwrap();
        let width = usize::try_from(image.modules + 2 * MARGIN).unwrap();
        let mut dark = vec![false; width * width];
        for run in path.split('M').skip(1) {
            let (x, rest) = run.split_once(' ').unwrap();
            let (y, rest) = rest.split_once('h').unwrap();
            let (length, end) = rest.split_once('v').unwrap();
            assert_eq!(end, format!("1h-{length}z"));
            let [x, y, length] = [x, y, length].map(|text| text.parse::<usize>().unwrap());
            dark[y * width + x..][..length].fill(true);
        }
        assert_eq!(read(4 * width, |x, y| dark[y / 4 * width + x / 4]), SHORT);
    }
}
