#[test]
fn transcripts() {
    turnwise_plugin::testing::run_folder::<crate::Assistant>("tests");
}
