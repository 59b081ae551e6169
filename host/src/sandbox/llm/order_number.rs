//! Order numbers as people type them.

/// Every order number in a text, in the shop's spelling: `A-12345`, or 5 to 8 digits.
pub(super) fn find(text: &str) -> Vec<String> {
    let words = text.split_whitespace().map(|word| word.trim_matches(|char: char| !char.is_ascii_alphanumeric()));
    let mut found: Vec<String> = Vec::new();
    for number in words.filter_map(number) {
        if !found.contains(&number) {
            found.push(number);
        }
    }
    found
}

fn number(word: &str) -> Option<String> {
    let mut chars = word.chars();
    let letter = chars.next().filter(char::is_ascii_alphabetic);
    let digits = match letter {
        Some(_) => chars.as_str().strip_prefix('-').unwrap_or(chars.as_str()),
        None => word,
    };
    let long_enough = if letter.is_some() { 5..=5 } else { 5..=8 };
    if !long_enough.contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(letter.map_or_else(|| digits.to_owned(), |letter| format!("{}-{digits}", letter.to_ascii_uppercase())))
}
