//! A graph as a picture. Where everything goes is the layout library's matter, how it looks is ours.

use std::collections::HashMap;
use std::fmt::Write as _;

use layout::core::base::Orientation;
use layout::core::color::Color;
use layout::core::format::{ClipHandle, RenderBackend};
use layout::core::geometry::Point;
use layout::core::style::{LineStyleKind, StyleAttr};
use layout::std_shapes::shapes::{Arrow, Element, LineEndKind, ShapeKind};
use layout::topo::layout::VisualGraph;

use super::{Graph, Node, Visits};
use crate::xml::escaped;

const FONT_PX: f64 = 13.0;
const LINE_PX: f64 = 17.0;
/// The library takes a character to be as wide as a line is high; ours are narrower.
const CHAR_PX: usize = 8;
/// Between a box and what is in it.
const PADDING_PX: f64 = 8.0;
const MARGIN_PX: f64 = 16.0;
const NAME_CHARS_MAX: usize = 40;

const INK: u32 = 0x1b1b_1fff;
const LINE: u32 = 0x5f63_68ff;
const STEP: u32 = 0xf1f5_fdff;
const END: u32 = 0xe6f4_eaff;
/// Of a step in which everybody is lost; the share of those who are makes it as pale as it is.
const LOST: [f64; 3] = [244.0, 150.0, 140.0];
const PALE: [f64; 3] = [241.0, 245.0, 253.0];

/// A whole SVG document. Everything has a class beside its colours, so that a page with colours of its own can put them in their place:
/// `ground`, `start`, `step lost-0` to `step lost-10` (tenths of its sessions that were left here), `end`, `way`, `ink`, `number`.
#[must_use]
pub fn svg(graph: &Graph) -> String {
    lit(graph, None)
}

/// The same with the node `here` standing out, by its class `lit`.
#[must_use]
pub fn lit(graph: &Graph, here: Option<&Node>) -> String {
    let graph = graph.for_drawing();
    // A step that is too rare to be drawn alone is one of the others.
    let here = here.map(|here| if graph.nodes.contains_key(here) { here.clone() } else { Node::Others });
    let mut drawing = VisualGraph::new(Orientation::TopToBottom);
    let mut handles = HashMap::new();
    for (node, visits) in &graph.nodes {
        let rounded = if node.is_step() { 6 } else { 22 };
        let look = StyleAttr::new(Color::new(LINE), 1, Some(fill(node, visits)), rounded, CHAR_PX);
        let label = label(node, visits);
        let shape = ShapeKind::new_box(&label);
        let class = class(node, visits, here.as_ref() == Some(node));
        let element = Element::create_with_properties(shape, look, Orientation::TopToBottom, size(&label), class);
        handles.insert(node, drawing.add_node(element));
    }
    let most = graph.transitions.values().copied().max().unwrap_or(1);
    for ((from, to), count) in &graph.transitions {
        let look = StyleAttr::new(Color::new(LINE), width(*count, most), None, 0, CHAR_PX);
        let label = room(&count.to_string());
        let arrow =
            Arrow::new(LineEndKind::None, LineEndKind::Arrow, LineStyleKind::Normal, &label, &look, &None, &None);
        drawing.add_edge(arrow, handles[from], handles[to]);
    }
    let mut canvas = Canvas::default();
    if !graph.nodes.is_empty() {
        drawing.do_it(false, false, false, &mut canvas);
    }
    canvas.document(&format!("{}: {} sessions", graph.bot, graph.sessions()))
}

fn class(node: &Node, visits: &Visits, is_lit: bool) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "one of eleven")]
    let tenths = (visits.drop_off().clamp(0.0, 1.0) * 10.0).ceil() as u8;
    let kind = match node {
        Node::Start => "start".to_owned(),
        Node::Ended(_) | Node::Passed(_) => "end".to_owned(),
        Node::Step(_) | Node::Others => format!("step lost-{tenths}"),
    };
    if is_lit { kind + " lit" } else { kind }
}

fn label(node: &Node, visits: &Visits) -> String {
    let name: String = node.name().split_whitespace().collect::<Vec<_>>().join(" ");
    let mut shown: String = name.chars().take(NAME_CHARS_MAX).collect();
    if shown.len() < name.len() {
        shown.push('…');
    }
    format!("{shown}\n{}", visits.lines().join("\n"))
}

/// Of a box around the label.
#[expect(clippy::cast_precision_loss, reason = "a handful of lines")]
fn size(label: &str) -> Point {
    let chars = label.lines().map(|line| line.chars().count()).max().unwrap_or_default();
    let padding = 2.0 * PADDING_PX;
    Point::new((chars * CHAR_PX) as f64 + padding, label.lines().count() as f64 * LINE_PX + padding)
}

/// The label of an arrow with as many empty lines as make the library leave room for it; they are not drawn.
fn room(label: &str) -> String {
    let lines = label.lines().count();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a handful of lines")]
    let needed = |lines: usize| (lines as f64 * LINE_PX / CHAR_PX as f64).ceil() as usize;
    format!("{label}{}", "\n ".repeat(needed(lines).saturating_sub(lines)))
}

fn fill(node: &Node, visits: &Visits) -> Color {
    if node.is_end() {
        return Color::new(END);
    }
    if visits.left == 0 {
        return Color::new(STEP);
    }
    let share = visits.drop_off().clamp(0.0, 1.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a colour has 256 shades")]
    let shade = |place: usize| (PALE[place] + (LOST[place] - PALE[place]) * share) as u32;
    Color::new(shade(0) << 24 | shade(1) << 16 | shade(2) << 8 | 0xff)
}

/// In pixels, 1 to 5.
fn width(count: u64, most: u64) -> usize {
    usize::try_from(1 + 4 * count / most.max(1)).unwrap_or(1)
}

/// What was drawn: labels come last, so that no line crosses one out.
#[derive(Default)]
struct Canvas {
    shapes: String,
    labels: String,
    width: f64,
    height: f64,
}

impl Canvas {
    fn reach(&mut self, point: Point) {
        self.width = self.width.max(point.x);
        self.height = self.height.max(point.y);
    }

    fn document(&self, title: &str) -> String {
        let (width, height) = (self.width + 2.0 * MARGIN_PX, self.height + 2.0 * MARGIN_PX);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
             viewBox=\"-{MARGIN_PX} -{MARGIN_PX} {width:.0} {height:.0}\" font-family=\"system-ui, sans-serif\" \
             font-size=\"{FONT_PX}\">\n<title>{}</title>\n<defs><marker id=\"head\" viewBox=\"0 0 10 8\" refX=\"9\" refY=\"4\" \
             markerWidth=\"10\" markerHeight=\"8\" markerUnits=\"userSpaceOnUse\" orient=\"auto-start-reverse\">\
             <path d=\"M0 0 10 4 0 8z\" fill=\"{}\"/></marker></defs>\n\
             <rect class=\"ground\" x=\"-{MARGIN_PX}\" y=\"-{MARGIN_PX}\" width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n{}{}</svg>\n",
            escaped(title),
            Color::new(LINE).to_web_color(),
            self.shapes,
            self.labels
        )
    }
}

impl RenderBackend for Canvas {
    fn draw_rect(&mut self, xy: Point, size: Point, look: &StyleAttr, class: Option<String>, _: Option<ClipHandle>) {
        self.reach(xy.add(size));
        let class = class.unwrap_or_default();
        let stroke = if class.ends_with(" lit") { " stroke-width=\"3\"" } else { "" };
        let fill = look.fill_color.unwrap_or_else(Color::transparent).to_web_color();
        let _ = writeln!(
            self.shapes,
            "<rect class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"{}\" fill=\"{fill}\" stroke=\"{}\"{stroke}/>",
            xy.x,
            xy.y,
            size.x,
            size.y,
            look.rounded,
            look.line_color.to_web_color()
        );
    }

    fn draw_line(&mut self, start: Point, stop: Point, _: &StyleAttr, _: Option<String>) {
        self.reach(start);
        self.reach(stop);
    }

    fn draw_circle(&mut self, xy: Point, size: Point, _: &StyleAttr, _: Option<String>) {
        self.reach(xy.add(size));
    }

    fn draw_text(&mut self, xy: Point, text: &str, _: &StyleAttr) {
        let lines: Vec<&str> = text.trim_end().lines().collect();
        #[expect(clippy::cast_precision_loss, reason = "a handful of lines")]
        let first = xy.y - (lines.len() as f64 - 1.0) * LINE_PX / 2.0;
        // A number on an arrow stands alone, and on the arrow's own line.
        let halo = if lines.len() == 1 {
            " class=\"number\" stroke=\"#fff\" stroke-width=\"5\" paint-order=\"stroke\""
        } else {
            " class=\"ink\""
        };
        for (place, line) in lines.iter().enumerate() {
            let weight = if place == 0 && lines.len() > 1 { " font-weight=\"600\"" } else { "" };
            #[expect(clippy::cast_precision_loss, reason = "a handful of lines")]
            let y = first + place as f64 * LINE_PX;
            let _ = writeln!(
                self.labels,
                "<text x=\"{:.1}\" y=\"{y:.1}\" text-anchor=\"middle\" dominant-baseline=\"central\" fill=\"{}\"{weight}{halo}>{}</text>",
                xy.x,
                Color::new(INK).to_web_color(),
                escaped(line)
            );
        }
    }

    fn draw_arrow(
        &mut self,
        path: &[(Point, Point)],
        _: bool,
        head: (bool, bool),
        look: &StyleAttr,
        _: Option<String>,
        _: &str,
    ) {
        for (one, other) in path {
            self.reach(*one);
            self.reach(*other);
        }
        let [first, second, rest @ ..] = path else { return };
        let at = |point: &Point| format!("{:.1} {:.1}", point.x, point.y);
        let mut line = format!("M{} C{} {} {}", at(&first.0), at(&first.1), at(&second.0), at(&second.1));
        for (entry, end) in rest {
            let _ = write!(line, " S{} {}", at(entry), at(end));
        }
        let begins = if head.0 { " marker-start=\"url(#head)\"" } else { "" };
        let ends = if head.1 { " marker-end=\"url(#head)\"" } else { "" };
        let _ = writeln!(
            self.shapes,
            "<path class=\"way\" d=\"{line}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\"{begins}{ends}/>",
            look.line_color.to_web_color(),
            look.line_width
        );
    }

    fn create_clip(&mut self, _: Point, _: Point, _: usize) -> ClipHandle {
        0
    }
}
