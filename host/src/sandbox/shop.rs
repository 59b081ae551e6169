//! `GET /shop/orders/{number}`: a few sample orders, for bots that look them up.

use jiff::ToSpan;
use jiff::tz::TimeZone;
use serde_json::json;

use super::answer::Answered;
use crate::clock::Timestamp;

pub(super) const PATH: &str = "/shop/orders/";

struct Order {
    number: &'static str,
    status: &'static str,
    /// Days from now.
    expected: Option<i64>,
    carrier: Option<&'static str>,
}

const ORDERS: [Order; 5] = [
    Order { number: "A-12345", status: "on its way", expected: Some(1), carrier: Some("DHL") },
    Order { number: "A-23456", status: "being packed", expected: Some(3), carrier: None },
    Order { number: "A-34567", status: "delivered", expected: None, carrier: Some("UPS") },
    Order { number: "A-45678", status: "delayed", expected: Some(6), carrier: Some("Hermes") },
    Order { number: "20000001", status: "out for delivery", expected: Some(0), carrier: Some("DHL") },
];

/// What the shop knows of the order whose number stands last in the path.
pub(super) fn answer(path: &str, now: Timestamp) -> Answered {
    let number = path.strip_prefix(PATH).unwrap_or_default();
    match ORDERS.iter().find(|order| order.number.eq_ignore_ascii_case(number)) {
        Some(Order { number, status, expected, carrier }) => Answered::json(
            200,
            &json!({
                "number": number,
                "status": status,
                "expected": expected.and_then(|days| date_in(now, days)),
                "carrier": carrier,
            }),
        ),
        None => Answered::json(404, &json!({"error": "there is no order with this number"})),
    }
}

fn date_in(now: Timestamp, days: i64) -> Option<String> {
    let now = jiff::Timestamp::from_millisecond(i64::try_from(now.0).ok()?).ok()?;
    let today = TimeZone::UTC.to_datetime(now).date();
    today.checked_add(days.days()).ok().map(|date| date.to_string())
}
