//! Alerts of persons as bytes: what is encoded comes back, and no bytes upset the reader.

use super::super::handling::Field;
use super::*;
use proptest::prelude::*;
use vedette_common::roster::Role;

fn sample() -> PersonAlert {
    PersonAlert {
        id: "x-1".into(),
        kind: AlertKind::Red,
        action: Action::Arrest,
        names: vec![PersonName {
            surname: "ERIKSSON".into(),
            given: "ANNA MARIA".into(),
            ..PersonName::default()
        }],
        birth_dates: vec![BirthDate::new(1974, 8, 12)],
        nationalities: vec!["UTO".into()],
        sex: Sex::Female,
        warnings: vec![Warning::Armed],
        ..PersonAlert::default()
    }
}

#[test]
fn an_alert_survives_bytes_and_json() {
    let alert = sample();
    assert_eq!(decode(&encode(&alert).unwrap()).unwrap(), alert);
    let json = serde_json::to_string(&alert).unwrap();
    assert!(json.contains(r#""action":"arrest""#), "{json}");
    assert_eq!(serde_json::from_str::<PersonAlert>(&json).unwrap(), alert);
}

#[test]
fn an_alert_without_handling_keeps_its_bytes_and_one_with_it_survives() {
    let bytes = encode(&sample()).unwrap();
    assert_eq!(bytes[0], 1, "lists published before are not changed by a new program");
    let mut alert = sample();
    alert.handling = Some(Handling::europol("H2"));
    alert.restricted = vec![Restriction { field: Field::Reason, role: Role::Supervisor }];
    let with = encode(&alert).unwrap();
    assert_eq!((with[0], &with[1..bytes.len()]), (2, &bytes[1..]));
    assert_eq!(decode(&with).unwrap(), alert);
    for bad in [
        Handling::europol("H4"),
        Handling::europol(""),
        Handling { scale: "a b".into(), ..Handling::europol("H1") },
    ] {
        alert.handling = Some(bad);
        assert!(encode(&alert).unwrap_err().to_string().contains("handling"));
    }
}

#[test]
fn bounds_are_named() {
    let mut alert = sample();
    alert.id = "i".repeat(65);
    assert!(encode(&alert).unwrap_err().to_string().contains("65 bytes"));
    let mut bytes = encode(&sample()).unwrap();
    bytes.push(0);
    assert!(decode(&bytes).unwrap_err().to_string().contains("after its end"));
    bytes[0] = 9;
    assert!(decode(&bytes).unwrap_err().to_string().contains("version 9"));
}

#[test]
fn dates_are_read_as_far_as_known() {
    assert_eq!(BirthDate::parse("1974-08-12"), Some(BirthDate::new(1974, 8, 12)));
    assert_eq!(BirthDate::parse("1974").unwrap().to_string(), "1974");
    for bad in ["", "74", "1974-13", "1974-8-12", "1974-08-32", "1974-08-12-1", "0012-01-01"] {
        assert_eq!(BirthDate::parse(bad), None, "{bad}");
    }
}

proptest! {
    #[test]
    fn decode_takes_any_bytes(mut bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(read) = decode(&bytes) {
            read.validate().unwrap();
            prop_assert_eq!(decode(&encode(&read).unwrap()).unwrap(), read);
        }
        if let Some(first) = bytes.first_mut() {
            *first = 1 + *first % 2;
        }
        if let Ok(alert) = decode(&bytes) {
            prop_assert!(alert.validate().is_ok());
        }
    }

    #[test]
    fn a_damaged_alert_is_refused_or_within_every_bound(at in any::<prop::sample::Index>(), value in any::<u8>()) {
        let mut bytes = encode(&sample()).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = value;
        if let Ok(read) = decode(&bytes) {
            read.validate().unwrap();
            prop_assert_eq!(decode(&encode(&read).unwrap()).unwrap(), read);
        }
    }
}
