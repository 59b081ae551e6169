use super::*;

fn refusal(text: &str) -> String {
    check(&wat::parse_str(text).expect("it parses")).expect_err("too much")
}

#[test]
fn g3_what_has_too_much_is_refused_by_what_it_has() {
    let functions = "(func)".repeat(1_001);
    let module = format!("(core module {functions})");
    let many = format!("(component {})", module.repeat(250));
    assert_eq!(refusal(&many), "it has more than 250000 functions");
    let modules = format!("(component {})", "(core module)".repeat(501));
    assert_eq!(refusal(&modules), "it has more than 500 modules");
    let instances = format!("(component (core module $m) {})", "(core instance (instantiate $m))".repeat(5_001));
    assert_eq!(refusal(&instances), "it has more than 5000 instances");
    let locals = format!("(component (core module {}))", "(func (local i32 i32))".repeat(10));
    assert_eq!(check(&wat::parse_str(locals).expect("it parses")), Ok(()));
}

#[test]
fn g3_locals_are_counted_and_not_read_one_by_one() {
    // (func (local 50000 × i32)), which the text format would need 50,000 words for.
    let body = [8, 1, 0xd0, 0x86, 0x03, 0x7f, 0x0b];
    let bodies = 101_u32;
    let mut module = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0".to_vec();
    let mut section = |id: u8, content: &[u8]| {
        module.push(id);
        leb(&mut module, u32::try_from(content.len()).expect("small"));
        module.extend_from_slice(content);
    };
    let mut functions = Vec::new();
    leb(&mut functions, bodies);
    functions.extend(std::iter::repeat_n(0, bodies as usize));
    section(3, &functions);
    let mut code = Vec::new();
    leb(&mut code, bodies);
    for _ in 0..bodies {
        code.push(6);
        code.extend_from_slice(&body[1..]);
    }
    section(10, &code);
    assert_eq!(check(&module), Err("it has more than 5000000 local variables".to_owned()));
}

#[test]
fn g3_a_function_has_an_end() {
    let long = format!("(component (core module (func {})))", "(nop)".repeat(limits::PLUGIN_FUNCTION_BYTES_MAX + 1));
    let told = refusal(&long);
    assert!(told.starts_with("it has a function of 209715"), "{told}");
}

#[test]
fn what_is_no_component_is_left_to_the_compiler() {
    for bytes in [&b""[..], b"text", b"\0asm", b"\0asm\x0d\0\x01\0\xff\xff\xff"] {
        assert_eq!(check(bytes), Ok(()));
    }
}

fn leb(into: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        into.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    into.push(value as u8);
}
