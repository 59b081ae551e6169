use super::*;

/// A module that exports `handle` as compilers do, and may import WASI preview 1.
fn module(import: &str) -> Vec<u8> {
    let text = format!(
        r#"(module
            {import}
            (memory (export "memory") 1)
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
            (func (export "turnwise:bot/manifest@0.1.0#describe") (result i32) (i32.const 0))
            (func (export "turnwise:bot/migration@0.1.0#migrate") (param i32 i32 i32) (result i32) (i32.const 0))
            (func (export "turnwise:bot/bot@0.1.0#handle") (param i32) (result i32) (i32.const 0)))"#
    );
    wat::parse_str(text).expect("it is right")
}

fn component(import: &str) -> Result<Vec<u8>, BuildError> {
    let (resolve, world) = sdk_world().expect("the contract");
    let mut module = module(import);
    embed(&mut module, &resolve, world).expect("it is a module");
    encode(&module)
}

fn names(component: &[u8], name: &str) -> bool {
    component.windows(name.len()).any(|window| window == name.as_bytes())
}

#[test]
fn a_module_of_the_contract_becomes_a_component() {
    let component = component("").expect("it is whole");
    assert_eq!(&component[..8], b"\0asm\x0d\0\x01\0", "a component's first bytes");
    assert!(!names(&component, "wasi:"), "an adapter that is not needed brings no imports");
}

#[test]
fn a_module_that_imports_preview_1_is_adapted() {
    let import = r#"(import "wasi_snapshot_preview1" "random_get" (func (param i32 i32) (result i32)))"#;
    assert!(names(&component(import).expect("the adapter has it"), "wasi:random/random@0.2"));
}

#[test]
fn what_does_not_fit_is_named() {
    let error = component(r#"(import "env" "sleep" (func))"#).expect_err("nobody has it").to_string();
    assert!(error.contains("env") && error.contains("no plugin"), "{error}");

    let (resolve, world) = sdk_world().expect("the contract");
    let mut empty = wat::parse_str("(module)").expect("it is right");
    embed(&mut empty, &resolve, world).expect("it is a module");
    let error = encode(&empty).expect_err("it has no handle").to_string();
    assert!(error.starts_with("what was compiled is no plugin") && error.contains("turnwise:bot/"), "{error}");
    let error = encode(b"\0asm\x01\0\0\0").expect_err("it is empty").to_string();
    assert!(error.contains("does not export `turnwise:bot/bot@0.1.0`"), "{error}");
    assert!(encode(b"text").is_err());
}
