use super::*;

const NOW: Timestamp = Timestamp(1_700_000_000_000);

fn later(seconds: u64) -> Timestamp {
    NOW.after(Duration::from_secs(seconds))
}

#[test]
fn repeats_are_a_fifth_of_first_attempts() {
    let mut budget = RetryBudget::default();
    let spend = |budget: &mut RetryBudget| {
        let mut repeats = 0;
        while budget.check(NOW).is_ok() {
            budget.pay();
            repeats += 1;
        }
        repeats
    };
    assert_eq!(spend(&mut budget), 10, "what a quiet start has saved");
    (0..25).for_each(|_| budget.pay_in());
    assert_eq!(spend(&mut budget), 5);
    (0..1000).for_each(|_| budget.pay_in());
    assert_eq!(spend(&mut budget), 10, "no more can be saved");
    assert_eq!(budget.check(NOW), Err(later(1)));
    assert_eq!(budget.check(later(2)), Ok(()), "one every two seconds, so that a quiet system is not stuck");
}
