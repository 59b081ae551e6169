use super::*;

fn interfaces() -> crate::plugins::Interfaces {
    crate::plugins::Interfaces { imports: vec![], exports: vec!["a:b/c@1.0.0".into(), "a:b/d@1.0.0".into()] }
}

#[test]
fn several_names_stand_below_each_other() {
    let text = table(&[("exports", names(&interfaces().exports)), ("imports", names(&interfaces().imports))]);
    assert_eq!(text, "exports     a:b/c@1.0.0\n            a:b/d@1.0.0\nimports     -\n");
}

#[tokio::test]
async fn g6_a_file_that_is_no_plugin_is_1_and_no_file_is_2() {
    let file = std::env::temp_dir().join(format!("turnwise-check-{}.wasm", std::process::id()));
    std::fs::write(&file, b"\0asm\x01\0\0\0").expect("the temporary folder is writable");
    let code = run(&file, false).await;
    std::fs::remove_file(&file).expect("it was there");
    assert_eq!(code, 1);
    assert_eq!(run(&file, true).await, 2);
}
