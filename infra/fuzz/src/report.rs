//! What a merchant's own systems report.

use domain::id::ProgramId;
use jiff::Timestamp;
use providers::report::{Report, Surroundings};

use crate::conversion;

/// Reads bytes as a report.
pub(crate) fn run(data: &[u8]) {
    let program_id = ProgramId::derive(&["fuzz"]);
    let Ok(currency) = "USD".parse() else { return };
    let now = Timestamp::from_second(1_795_348_800).unwrap_or_default();
    let around = Surroundings {
        program_id: &program_id,
        currency,
        hash_email: &|_| "hash".to_owned(),
        occurred_at: now,
        now,
    };
    let read = || serde_json::from_slice::<Report>(data).ok().map(|report| report.into_fact(&around));
    match read() {
        None => {}
        Some(Err(faults)) => {
            assert!(!faults.is_empty(), "refused without a reason");
            for fault in faults {
                assert!(fault.pointer.is_empty() || fault.pointer.starts_with('/'), "{fault:?}");
                assert!(!fault.detail.is_empty() && !fault.code.is_empty(), "{fault:?}");
            }
        }
        Some(Ok(reported)) => {
            assert!(!reported.external_id.is_empty() && !reported.source.is_empty());
            conversion::check(&reported.fact);
            let id = reported.event_id(&program_id);
            let received = reported.clone().received(&around);
            assert_eq!((&received.id, &received.fact), (&id, &reported.fact));
            assert_eq!(read(), Some(Ok(reported)), "the same report says the same");
        }
    }
}
