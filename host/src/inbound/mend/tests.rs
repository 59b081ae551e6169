use super::*;

fn mended(rest: &str) -> String {
    message(rest).expect("the message is readable")
}

#[test]
fn quotes_and_line_breaks_of_the_user_stay() {
    assert_eq!(mended(r#""say "hi"!"}"#), r#"say "hi"!"#);
    assert_eq!(mended("\"one\r\ntwo\t\"}"), "one\r\ntwo\t");
    assert_eq!(mended("\"\"\n\"\n}\n"), "\"\n");
    assert_eq!(mended(r#""hi"}"}"#), r#"hi"}"#);
    assert_eq!(mended(r#""hi\"}"#), r"hi\");
}

#[test]
fn backslashes_stay_where_the_text_was_not_escaped() {
    assert_eq!(mended(r#""C:\dir \n "x""}"#), r#"C:\dir \n "x""#);
    assert_eq!(mended("\"C:\\new\nline\"}"), "C:\\new\nline");
    assert_eq!(mended(r#""50 \% off \u12"}"#), r"50 \% off \u12");
}

#[test]
fn escapes_are_undone_where_only_line_breaks_were_forgotten() {
    assert_eq!(mended("\"say \\\"hi\\\"\nC:\\\\new\"}"), "say \"hi\"\nC:\\new");
}

#[test]
fn without_the_templates_end_there_is_no_message() {
    for rest in ["", "\"", "\"}", "}", "\"hi", "\"hi\"", "\"hi}", "hi\"}", "{\"a\":1}", "[1]}x", "\"hi\",\"a\":[1]}"] {
        assert!(message(rest).is_err(), "{rest:?}");
    }
}
