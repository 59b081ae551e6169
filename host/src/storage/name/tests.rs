use super::*;

#[test]
fn ids_are_read_back_as_they_are_written() {
    for number in [0, 1, 0xabc, u64::MAX] {
        assert_eq!(InboxSeq(number).to_string().parse(), Ok(InboxSeq(number)));
        assert_eq!(QuarantineId(number).to_string().parse(), Ok(QuarantineId(number)));
    }
    assert_eq!(InboxSeq(0xabc).to_string(), "e_abc");
    for wrong in ["", "e_", "q_1", "e_+1", "e_10000000000000000", "e_g", "1"] {
        assert!(wrong.parse::<InboxSeq>().is_err(), "{wrong}");
    }
}

#[test]
fn a_trace_belongs_to_one_message() {
    let conversation = ConversationId::of("whatsapp", "ada");
    let trace = TraceId::of(conversation, InboxSeq(1));
    assert_eq!(trace.to_string().len(), 32);
    assert_eq!(trace, TraceId::of(conversation, InboxSeq(1)));
    assert_ne!(trace, TraceId::of(conversation, InboxSeq(2)));
    assert_ne!(trace, TraceId::of(ConversationId::of("whatsapp", "bob"), InboxSeq(1)));
}
