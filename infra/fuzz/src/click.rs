//! Click ids, and the trail that a checkout hands over.

use domain::{
    click::{ClickId, ClickTrail},
    id::ProgramId,
};

/// Reads bytes as click ids.
pub(crate) fn run(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    if let Ok(id) = ClickId::try_from(text.to_owned()) {
        assert_eq!(id.as_str(), text);
        assert!(id.verify(&[b"a key nobody knows"], &ProgramId::derive(&["fuzz"])).is_err(), "forged");
        assert_eq!(ClickTrail::try_from(text.to_owned()).unwrap().ids(), [id]);
    }
    if let Ok(trail) = ClickTrail::try_from(text.to_owned()) {
        assert!((1..=2).contains(&trail.ids().len()));
        assert_eq!(ClickTrail::try_from(trail.to_string()).unwrap(), trail, "written and read again");
        let json = serde_json::to_string(&trail).unwrap();
        assert_eq!(serde_json::from_str::<ClickTrail>(&json).unwrap(), trail);
    }
}
