//! Writes `unicode.h`, so that C and Rust mean the same by letters, numerics and lower case:
//! `rustc -o unicode tests/unicode.rs && ./unicode > unicode.h`

fn ranges(name: &str, holds: impl Fn(char) -> bool) {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for character in ('\u{80}'..=char::MAX).filter(|character| holds(*character)) {
        let code = u32::from(character);
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == code => *last = code,
            _ => ranges.push((code, code)),
        }
    }
    println!("\nstatic const range {name}[] = {{");
    print_wrapped(ranges.iter().map(|(first, last)| format!("{{{first:#x}, {last:#x}}},")));
    println!("}};");
}

/// Runs of capitals with the same distance to their small letter, each next to each other or every second.
fn capitals() {
    let mut runs: Vec<(u32, u32, u32, i64)> = Vec::new();
    for character in '\u{80}'..=char::MAX {
        let lower: Vec<char> = character.to_lowercase().collect();
        // One capital becomes two characters; the code knows it.
        let [small] = lower[..] else { continue };
        if small == character {
            continue;
        }
        let (code, distance) = (u32::from(character), i64::from(u32::from(small)) - i64::from(u32::from(character)));
        match runs.last_mut() {
            Some((first, last, step, same)) if *same == distance && *first == *last && code - *last <= 2 => {
                (*last, *step) = (code, code - *last);
            }
            Some((_, last, step, same)) if *same == distance && code - *last == *step => *last = code,
            _ => runs.push((code, code, 1, distance)),
        }
    }
    println!("\nstatic const struct {{\n    uint32_t first, last, step;\n    int32_t distance;\n}} capitals[] = {{");
    print_wrapped(runs.iter().map(|(first, last, step, distance)| format!("{{{first:#x}, {last:#x}, {step}, {distance}}},")));
    println!("}};");
}

fn print_wrapped(items: impl Iterator<Item = String>) {
    let mut line = String::from("   ");
    for item in items {
        if line.len() + item.len() > 118 {
            println!("{line}");
            line = String::from("   ");
        }
        line = line + " " + &item;
    }
    println!("{line}");
}

fn main() {
    println!("/* Written by tests/unicode.rs. Beyond ASCII, in order. */\n#include <stdint.h>");
    println!("\ntypedef struct {{\n    uint32_t first, last;\n}} range;");
    ranges("letters", char::is_alphabetic);
    ranges("numerics", |character| character.is_numeric());
    capitals();
}
