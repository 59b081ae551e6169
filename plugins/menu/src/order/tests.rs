use super::{find_number, is_proof};

#[test]
fn order_numbers_are_found_in_what_people_write() {
    let cases = [
        ("A-12345", Some("A-12345")),
        ("a12345", Some("A-12345")),
        ("It's #b-54321, thanks!", Some("B-54321")),
        ("12345", Some("12345")),
        ("12345678", Some("12345678")),
        ("1234", None),
        ("123456789", None),
        ("A-123456", None),
        ("AB-12345", None),
        ("A--12345", None),
        ("١٢٣٤٥", None),
        ("", None),
        ("-", None),
    ];
    for (text, number) in cases {
        assert_eq!(find_number(text).as_deref(), number, "{text:?}");
    }
}

#[test]
fn a_postcode_or_an_address_is_proof() {
    for text in ["10115", "SW1A 1AA", "1010-234", " sam@example.com ", "agent@shop.example"] {
        assert!(is_proof(text), "{text:?}");
    }
    for text in ["", "no", "I don't know", "sam@", "@example.com", "sam@example", "a b@example.com", "12345678901"] {
        assert!(!is_proof(text), "{text:?}");
    }
}
