//! A graph as Mermaid, which GitHub, GitLab and many editors draw.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::{Graph, Node};

/// From this share of sessions on that were left in a step it is marked.
const LEAKY: f64 = 0.2;

/// A flowchart: steps as boxes with what happened there, ends rounded, a number on each arrow.
#[must_use]
pub fn mermaid(graph: &Graph) -> String {
    let graph = graph.for_drawing();
    let ids: HashMap<&Node, String> =
        graph.nodes.keys().enumerate().map(|(place, node)| (node, format!("n{place}"))).collect();
    let mut text = "flowchart TD\n".to_owned();
    let mut leaky = Vec::new();
    for (node, visits) in &graph.nodes {
        let id = &ids[node];
        let name = escaped(&node.name());
        let lines: Vec<String> = visits.lines().iter().map(|line| escaped(line)).collect();
        let label = format!("{name}<br/>{}", lines.join("<br/>"));
        let _ = match node.is_step() {
            true => writeln!(text, "    {id}[\"{label}\"]"),
            false => writeln!(text, "    {id}([\"{label}\"])"),
        };
        if visits.left > 0 && visits.drop_off() >= LEAKY {
            leaky.push(id.clone());
        }
    }
    for ((from, to), count) in &graph.transitions {
        let _ = writeln!(text, "    {} -->|{count}| {}", ids[from], ids[to]);
    }
    if !leaky.is_empty() {
        let _ = writeln!(
            text,
            "    classDef leaky fill:#fbd5d0,stroke:#b3261e,color:#000\n    class {} leaky",
            leaky.join(",")
        );
    }
    text
}

/// A name is whatever a plugin calls it; Mermaid has words and signs of its own.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\n' | '\r' => escaped.push(' '),
            '"' | '#' | '&' | '<' | '>' | '`' | ';' | '\\' => {
                let _ = write!(escaped, "#{};", u32::from(char));
            }
            _ => escaped.push(char),
        }
    }
    escaped
}
