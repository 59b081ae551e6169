//! From the path a plugin asks for to the URL that is called. It never leaves the base URL, however it is written and however often
//! the other side decodes it.

use reqwest::Url;

use crate::limits::CALL_PATH_BYTES_MAX;

/// A path that is encoded more often than this hides something.
const DECODINGS_MAX: usize = 3;

/// Why a path cannot be called, for the plugin's author.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPath {
    #[error("the path has to begin with `/` or `?`: it stands behind the connection's base URL")]
    Start,
    #[error("the path has {0} bytes; {CALL_PATH_BYTES_MAX} are allowed")]
    TooLong(usize),
    #[error("the path has a {0:?}; write {1}")]
    Character(char, &'static str),
    #[error("the path has a `%` without two hexadecimal digits behind it; write `%25` for the sign itself")]
    Percent,
    #[error("the path has `//`; an empty piece of it means something else to every server")]
    Empty,
    #[error("the path has `.` or `..` as a piece of it, as written or once decoded: it would lead out of the base URL")]
    Dots,
    #[error("the path has a control character or `\\` in it once decoded")]
    Hidden,
    #[error("the path is percent-encoded more than {DECODINGS_MAX} times over")]
    Layers,
    #[error("the connection does not allow this path; it allows {0}")]
    NotAllowed(String),
    #[error("the path cannot be part of a URL below the connection's base URL")]
    Url,
}

/// The URL of a call: `base` and `path`, if `path` is below the base and one of the patterns allows it.
///
/// # Errors
/// What is wrong with the path.
pub fn url(base: &Url, path: &str, patterns: &[String]) -> Result<Url, BadPath> {
    if path.len() > CALL_PATH_BYTES_MAX {
        return Err(BadPath::TooLong(path.len()));
    }
    if !(path.is_empty() || path.starts_with(['/', '?'])) {
        return Err(BadPath::Start);
    }
    check_characters(path)?;
    let (plain, query) = path.split_once('?').map_or((path, None), |(plain, query)| (plain, Some(query)));
    if plain.contains("//") {
        return Err(BadPath::Empty);
    }
    let decoded = decoded(plain)?;
    // As written and as decoded: which of the two the other side goes by is not ours to know.
    if !patterns.iter().any(|pattern| matches(pattern, plain) && matches(pattern, &decoded)) {
        let allowed: Vec<String> = patterns.iter().map(|pattern| format!("`{pattern}`")).collect();
        return Err(BadPath::NotAllowed(allowed.join(", ")));
    }
    let mut url = base.clone();
    url.set_path(&format!("{}{plain}", base.path().trim_end_matches('/')));
    url.set_query(query);
    // Nothing above lets another host or a path outside through; if that is ever wrong, it is wrong here.
    let below = url.path().strip_prefix(base.path().trim_end_matches('/'));
    let inside = below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let same = url.origin() == base.origin() && url.username().is_empty() && url.fragment().is_none();
    if inside && same { Ok(url) } else { Err(BadPath::Url) }
}

/// What is wrong with a pattern, if anything is.
#[must_use]
pub fn flaw_of_pattern(pattern: &str) -> Option<&'static str> {
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'%' | b'?' | b'#' | b'\\');
    let dots = |piece: &str| matches!(piece, "." | "..");
    if !pattern.starts_with('/') {
        Some("does not begin with `/`")
    } else if !pattern.bytes().all(plain) {
        Some("has a character that no plain path has")
    } else if pattern.contains("**") {
        Some("has `**`; a `/` at the end stands for everything below it")
    } else if pattern.contains("//") || pattern.split('/').any(dots) {
        Some("has an empty piece, `.` or `..`")
    } else {
        None
    }
}

/// `*` stands for any characters but `/`; a `/` at the end for whatever is below.
fn matches(pattern: &str, path: &str) -> bool {
    let path = if path.is_empty() { "/" } else { path };
    let below = pattern.ends_with('/');
    let pieces: Vec<&str> = path.split('/').collect();
    let wanted: Vec<&str> = pattern.trim_end_matches('/').split('/').collect();
    let enough = if below { pieces.len() > wanted.len() } else { pieces.len() == wanted.len() };
    enough && wanted.iter().zip(&pieces).all(|(wanted, piece)| piece_matches(wanted, piece))
}

fn piece_matches(pattern: &str, piece: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == piece };
    let Some(piece) = piece.strip_prefix(first) else { return false };
    let Some((middle, last)) = rest.rsplit_once('*') else { return piece.ends_with(rest) && piece.len() >= rest.len() };
    let Some(mut piece) = piece.strip_suffix(last) else { return false };
    // The earliest place for each part leaves the most for those behind it.
    middle.split('*').all(|part| match piece.find(part) {
        Some(at) => {
            piece = &piece[at + part.len()..];
            true
        }
        None => false,
    })
}

fn check_characters(path: &str) -> Result<(), BadPath> {
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' && !(0..2).all(|_| rest.next().is_some_and(|digit| digit.is_ascii_hexdigit())) {
            return Err(BadPath::Percent);
        }
    }
    let bad = path.chars().find_map(|character| match character {
        '\\' => Some((character, "`%5C`, or `/` for a piece of the path")),
        '#' => Some((character, "`%23`: a server never sees a fragment")),
        control if control.is_control() => Some((control, "it percent-encoded, in a query")),
        _ => None,
    });
    bad.map_or(Ok(()), |(character, instead)| Err(BadPath::Character(character, instead)))
}

/// The path as a server may read it that decodes it until nothing changes any more.
fn decoded(path: &str) -> Result<String, BadPath> {
    let mut bytes = path.as_bytes().to_vec();
    for _ in 0..=DECODINGS_MAX {
        check_pieces(&bytes)?;
        let next = decoded_once(&bytes);
        if next == bytes {
            // What is no UTF-8 stands for itself well enough to be compared with patterns, which are ASCII.
            return Ok(merged(&String::from_utf8_lossy(&bytes)));
        }
        bytes = next;
    }
    Err(BadPath::Layers)
}

fn check_pieces(path: &[u8]) -> Result<(), BadPath> {
    if path.iter().any(|byte| byte.is_ascii_control() || *byte == b'\\') {
        return Err(BadPath::Hidden);
    }
    // Some servers take what stands behind a `;` for parameters of the piece, and look at the rest of it only.
    let name = |piece: &[u8]| piece.split(|byte| *byte == b';').next().unwrap_or_default().to_vec();
    let dots = |piece: &[u8]| matches!(name(piece).trim_ascii(), b"." | b"..");
    if path.split(|byte| *byte == b'/').any(dots) { Err(BadPath::Dots) } else { Ok(()) }
}

fn decoded_once(bytes: &[u8]) -> Vec<u8> {
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16)?.try_into().ok());
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let pair: Option<(u8, u8)> = digit(at + 1).zip(digit(at + 2)).filter(|_| *byte == b'%');
        decoded.push(pair.map_or(*byte, |(high, low)| high << 4 | low));
        at += if pair.is_some() { 3 } else { 1 };
    }
    decoded
}

/// Many servers take several slashes for one.
fn merged(path: &str) -> String {
    let mut merged = String::with_capacity(path.len());
    for character in path.chars() {
        if character != '/' || !merged.ends_with('/') {
            merged.push(character);
        }
    }
    merged
}

#[cfg(test)]
mod tests;
