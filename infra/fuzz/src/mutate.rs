//! Mutations that keep JSON whole: cutting bytes out of it mostly makes something that is no JSON, and never
//! gets past the first line of a parser.

use libfuzzer_sys::fuzzer_mutate;
use serde_json::{Value, json};

/// Texts that parsers stumble over.
const TEXTS: [&str; 16] = [
    "",
    "0",
    "-1",
    "-0.00",
    "0.001",
    "92233720368547758.07",
    "9223372036854775808",
    "1e9",
    "JPY",
    "KWD",
    "usd",
    "1969-12-31T23:59:59Z",
    "9999-12-30T22:00:00.999999999Z",
    "-009999-01-02T01:59:59Z",
    "\u{0}",
    "\u{fffd}\u{10ffff}",
];

/// Numbers drawn from a seed: xorshift.
struct Numbers(u32);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        usize::try_from(self.0).unwrap_or_default() % limit.max(1)
    }
}

/// Changes an input, one half of the time as bytes and the other as JSON, if it is some; gives its new size.
pub fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut numbers = Numbers(seed | 1);
    if numbers.below(2) == 0
        && let Some(changed) = whole(&data[..size], &mut numbers)
        && changed.len() <= max_size
    {
        data[..changed.len()].copy_from_slice(&changed);
        return changed.len();
    }
    fuzzer_mutate(data, size, max_size)
}

/// One line of JSON changed, and the others kept: headers and a body, or a plan and a charge.
fn whole(data: &[u8], numbers: &mut Numbers) -> Option<Vec<u8>> {
    if let Ok(mut value) = serde_json::from_slice::<Value>(data) {
        change(&mut value, numbers);
        return serde_json::to_vec(&value).ok();
    }
    let line = data.iter().position(|byte| *byte == b'\n')?;
    let mut parts = [&data[..line], &data[line + 1..]].map(<[u8]>::to_vec);
    let part = &mut parts[numbers.below(4).min(1)];
    let mut value = serde_json::from_slice::<Value>(part).ok()?;
    change(&mut value, numbers);
    *part = serde_json::to_vec(&value).ok()?;
    Some(parts.join(&b'\n'))
}

fn change(root: &mut Value, numbers: &mut Numbers) {
    let mut paths = Vec::new();
    collect(root, &mut Vec::new(), &mut paths);
    for _ in 0..=numbers.below(3) {
        let from = paths[numbers.below(paths.len())].clone();
        let other = at(root, &from).map(|value| value.clone());
        let place = &paths[numbers.below(paths.len())];
        let Some(value) = at(root, place) else { continue };
        *value = match numbers.below(5) {
            0 => other.unwrap_or_default(),
            1 => json!(TEXTS[numbers.below(TEXTS.len())]),
            2 => number(numbers),
            3 => removed(value.take(), numbers),
            _ => odd(value.take(), numbers),
        };
    }
}

fn number(numbers: &mut Numbers) -> Value {
    match numbers.below(8) {
        0 => json!(0),
        1 => json!(-1),
        2 => json!(i64::MAX),
        3 => json!(i64::MIN),
        4 => json!(u64::MAX),
        5 => json!(1e300),
        6 => json!(0.1),
        _ => json!(numbers.below(100_000)),
    }
}

/// A field or an entry less, or one twice.
fn removed(value: Value, numbers: &mut Numbers) -> Value {
    match value {
        Value::Object(mut fields) => {
            let name = fields.keys().nth(numbers.below(fields.len())).cloned();
            name.map(|name| fields.remove(&name));
            Value::Object(fields)
        }
        Value::Array(mut entries) if !entries.is_empty() => {
            let entry = entries.remove(numbers.below(entries.len()));
            if numbers.below(2) == 0 {
                entries.extend([entry.clone(), entry]);
            }
            Value::Array(entries)
        }
        _ => Value::Null,
    }
}

/// The same in another type, or a little beside it.
fn odd(value: Value, numbers: &mut Numbers) -> Value {
    match value {
        Value::Number(number) if numbers.below(2) == 0 => json!(number.to_string()),
        Value::Number(number) => json!(number.as_i64().unwrap_or(1).wrapping_add(1)),
        Value::String(text) if numbers.below(3) == 0 => {
            text.parse::<i64>().map_or_else(|_| json!([text.clone()]), |number| json!(number))
        }
        Value::String(text) if numbers.below(2) == 0 => json!(format!("-{text}")),
        Value::String(text) => json!(text.chars().skip(numbers.below(3)).collect::<String>()),
        Value::Bool(is_so) => json!(!is_so),
        Value::Null => json!({}),
        other => json!([other]),
    }
}

type Path = Vec<String>;

fn collect(value: &Value, path: &mut Path, paths: &mut Vec<Path>) {
    paths.push(path.clone());
    let mut into = |name: String, value: &Value| {
        path.push(name);
        collect(value, path, paths);
        path.pop();
    };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| into(name.clone(), value)),
        Value::Array(entries) => {
            entries.iter().enumerate().for_each(|(index, value)| into(index.to_string(), value));
        }
        _ => {}
    }
}

fn at<'a>(root: &'a mut Value, path: &Path) -> Option<&'a mut Value> {
    path.iter().try_fold(root, |value, name| match value {
        Value::Object(fields) => fields.get_mut(name),
        Value::Array(entries) => entries.get_mut(name.parse::<usize>().ok()?),
        _ => None,
    })
}
