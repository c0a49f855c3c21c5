//! What is written as an object is read from an object only.
//!
//! serde takes a list for a struct too, field by field in the order in which we wrote them, and for an enum
//! with a tag. In what comes from outside that would be a second way to say the same, which no contract has.

/// Has types that are derived with `#[serde(remote = "Self")]` refuse a list: `object!(Cap)`, or
/// `object!(read Input)` for one that is never written.
#[macro_export]
macro_rules! object {
    (read $type:ty) => {
        impl<'de> ::serde::Deserialize<'de> for $type {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Object;

                impl<'de> ::serde::de::Visitor<'de> for Object {
                    type Value = $type;

                    fn expecting(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: ::serde::de::MapAccess<'de>>(self, map: A) -> Result<$type, A::Error> {
                        <$type>::deserialize(::serde::de::value::MapAccessDeserializer::new(map))
                    }
                }

                deserializer.deserialize_map(Object)
            }
        }
    };
    ($type:ty) => {
        $crate::object!(read $type);

        impl ::serde::Serialize for $type {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                <$type>::serialize(self, serializer)
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};
    use serde_json::json;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields, remote = "Self")]
    struct Outer {
        inner: Vec<Inner>,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields, remote = "Self")]
    enum Inner {
        One { size: u8 },
    }

    object!(Outer);
    object!(Inner);

    #[test]
    fn a_list_is_no_object_however_deep() {
        let outer = Outer { inner: vec![Inner::One { size: 1 }] };
        let written = json!({ "inner": [{ "type": "one", "size": 1 }] });
        assert_eq!(serde_json::to_value(&outer).unwrap(), written);
        assert_eq!(serde_json::from_value::<Outer>(written).unwrap(), outer);
        for list in [
            json!([]),
            json!([[]]),
            json!({ "inner": [["one", 1]] }),
            json!({ "inner": [["one", { "size": 1 }]] }),
        ] {
            let refused = serde_json::from_value::<Outer>(list.clone()).unwrap_err().to_string();
            assert!(refused.contains("expected an object"), "{list}: {refused}");
        }
        let unknown = json!({ "inner": [{ "type": "one", "size": 1, "other": 1 }] });
        assert!(serde_json::from_value::<Outer>(unknown).unwrap_err().to_string().contains("unknown field"));
    }
}
