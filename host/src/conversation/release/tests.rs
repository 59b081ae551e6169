use super::*;

const STABLE: ShortDigest = [1; 8];
const CANDIDATE: ShortDigest = [2; 8];
const PREVIOUS: ShortDigest = [3; 8];
const NEW: ShortDigest = [0; 8];
const GONE: ShortDigest = [9; 8];

fn release(candidate: CandidateRule, sessions: SessionRule) -> Release {
    Release {
        stable: Some(STABLE),
        candidate: Some(CANDIDATE),
        previous: Some(PREVIOUS),
        candidate_is_stopped: false,
        rule: ReleaseRule { candidate, sessions },
    }
}

fn canary(percent: u8) -> Release {
    release(CandidateRule::Canary { percent }, SessionRule::Migrate)
}

fn ids() -> impl Iterator<Item = ConversationId> {
    (0..10_000).map(|user| ConversationId::of("whatsapp", &format!("u{user}")))
}

fn chosen(release: &Release) -> Vec<ConversationId> {
    ids().filter(|id| release.version(*id, "menu", NEW) == Version::Candidate).collect()
}

#[test]
fn a_canary_has_its_share_of_new_sessions_and_the_same_users_as_it_grows() {
    assert!(chosen(&canary(0)).is_empty());
    assert_eq!(chosen(&canary(100)).len(), 10_000);
    let tenth = chosen(&canary(10));
    assert!((900..1_100).contains(&tenth.len()), "{}", tenth.len());
    let third = chosen(&canary(33));
    assert!(tenth.iter().all(|id| third.contains(id)));
    let others = ids().filter(|id| canary(10).version(*id, "orders", NEW) == Version::Candidate);
    assert!(!others.eq(tenth), "another bot's canary has other users");
}

#[test]
fn a_session_stays_with_the_version_it_began_with() {
    for id in ids().take(100) {
        for percent in [0, 50, 100] {
            assert_eq!(canary(percent).version(id, "menu", STABLE), Version::Stable);
            assert_eq!(canary(percent).version(id, "menu", CANDIDATE), Version::Candidate);
        }
    }
}

#[test]
fn a_shadow_has_no_session_and_a_stopped_candidate_no_new_one() {
    let shadow = release(CandidateRule::Shadow, SessionRule::Migrate);
    assert!(shadow.shadows() && !canary(50).shadows());
    assert!(!Release { candidate: None, ..shadow }.shadows());
    for id in ids().take(100) {
        assert_eq!(shadow.version(id, "menu", NEW), Version::Stable);
        assert_eq!(shadow.version(id, "menu", CANDIDATE), Version::Stable);
        let stopped = Release { candidate_is_stopped: true, ..canary(100) };
        assert_eq!(stopped.version(id, "menu", NEW), Version::Stable);
        assert_eq!(stopped.version(id, "menu", CANDIDATE), Version::Candidate, "its own sessions are its own");
    }
}

#[test]
fn sessions_of_the_version_before_are_migrated_pinned_or_restarted() {
    let id = ConversationId::of("whatsapp", "ada");
    let of = |sessions| release(CandidateRule::Shadow, sessions);
    assert_eq!(of(SessionRule::Migrate).version(id, "menu", PREVIOUS), Version::Stable);
    assert_eq!(of(SessionRule::Pin).version(id, "menu", PREVIOUS), Version::Previous);
    assert_eq!(of(SessionRule::Pin).version(id, "menu", GONE), Version::Stable, "what is not kept cannot go on");
    for sessions in SessionRule::ALL {
        let restarts = |began_with| of(sessions).restarts(began_with);
        assert_eq!(
            (restarts(PREVIOUS), restarts(GONE)),
            ((sessions == SessionRule::Restart), sessions == SessionRule::Restart)
        );
        assert!(!restarts(STABLE) && !restarts(CANDIDATE) && !restarts(NEW));
    }
    let nobody = Release { stable: None, ..of(SessionRule::Restart) };
    assert!(!nobody.restarts(GONE), "a plugin that is not there now may be back in a moment");
}
