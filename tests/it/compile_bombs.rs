//! Row G3 of the fault matrix: files made to wear the compiler out. Each is refused by a limit that names itself, and meanwhile the
//! host goes on answering. And what compiling leaves for the next start.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use turnwise::clock::Timestamp;
use turnwise::config::PluginLimits;
use turnwise::conversation::{Context, ConversationId, DeskStatus, Event, Message, User};
use turnwise::limits;
use turnwise::plugins::{CompileLimits, Compiling, Plugins, Wanted};
use turnwise_tests::{Host, HostOptions, TestSandbox, binary, until};
use wasm_encoder::{
    BlockType, CodeSection, Component, Function, FunctionSection, Instruction, Module, ModuleSection, TypeSection,
    ValType,
};

use crate::support::{plugins, wasm};

/// Less than a second of processor time cannot be asked for; the real limit is two minutes.
const LIMITS: CompileLimits =
    CompileLimits { cpu_time: Duration::from_secs(1), memory_bytes_max: 2 << 30, wall_clock: Duration::from_secs(120) };

/// A host that compiles as the real one does.
fn host(limits: CompileLimits, cache: Option<PathBuf>) -> Plugins {
    let compiling = Compiling { program: Some(binary()), cache, limits };
    Plugins::compiling(limits::PLUGIN_MEMORY_BYTES_MAX, compiling).expect("an engine")
}

fn wanted(name: &str, file: PathBuf) -> Wanted {
    Wanted { name: name.into(), file, settings: Vec::new(), limits: PluginLimits::default() }
}

/// What loading a file of these bytes is refused with.
async fn refusal(plugins: &Plugins, bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("bomb.wasm");
    std::fs::write(&file, bytes).expect("written");
    match plugins.compile(wanted("bomb", file)).await {
        Ok(_) => panic!("it was compiled"),
        Err(error) => error.to_string(),
    }
}

/// A component of one module with this many functions.
fn component(functions: u32, function: &Function) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    let mut declared = FunctionSection::new();
    let mut code = CodeSection::new();
    for _ in 0..functions {
        declared.function(0);
        code.function(function);
    }
    let mut module = Module::new();
    module.section(&types).section(&declared).section(&code);
    let mut component = Component::new();
    component.section(&ModuleSection(&module));
    component.finish()
}

fn body(locals: u32, instructions: impl IntoIterator<Item = Instruction<'static>>) -> Function {
    let mut function = Function::new([(locals, ValType::I32)]);
    for instruction in instructions {
        function.instruction(&instruction);
    }
    function.instruction(&Instruction::End);
    function
}

/// `depth` blocks in each other, each left by a branch.
fn deep(depth: u32) -> Function {
    let opened =
        (0..depth).flat_map(|_| [Instruction::Block(BlockType::Empty), Instruction::I32Const(1), Instruction::BrIf(0)]);
    body(0, opened.chain((0..depth).map(|_| Instruction::End)))
}

/// As many jump tables, each with this many targets.
fn jumps(tables: usize, targets: usize) -> Function {
    let table = || {
        [
            Instruction::Block(BlockType::Empty),
            Instruction::I32Const(0),
            Instruction::BrTable(vec![0; targets].into(), 0),
            Instruction::End,
        ]
    };
    body(0, (0..tables).flat_map(|_| table()))
}

/// Every local variable is changed in a loop, so that each has two values to choose from.
fn many_locals(locals: u32) -> Function {
    let changes = (0..locals).flat_map(|local| {
        [
            Instruction::LocalGet(local),
            Instruction::I32Const(1),
            Instruction::I32Add,
            Instruction::LocalSet((local * 7919) % locals),
        ]
    });
    let opened = [Instruction::Loop(BlockType::Empty)].into_iter().chain(changes);
    body(locals, opened.chain([Instruction::LocalGet(0), Instruction::BrIf(0), Instruction::End]))
}

#[tokio::test(flavor = "multi_thread")]
async fn g3_what_is_counted_is_refused_before_it_is_compiled() {
    let plugins = host(CompileLimits::default(), None);
    let counted = [
        (component(1_000_000, &body(0, [])), "it is too much to compile: it has more than 250000 functions"),
        (component(200, &body(50_000, [])), "it is too much to compile: it has more than 5000000 local variables"),
        (component(1, &jumps(1, 3_000_000)), "it is too much to compile: it has a function of 3000"),
    ];
    for (bytes, why) in counted {
        let started = Instant::now();
        let told = refusal(&plugins, &bytes).await;
        assert!(told.starts_with("plugin \"bomb\" (") && told.contains(why), "{told}");
        assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g3_what_takes_for_ever_is_ended_while_the_others_answer() {
    let plugins = host(LIMITS, None);
    let menu = plugins.compile(wanted("menu", wasm("menu"))).await.expect("a plugin");
    plugins.insert(menu);
    let bombs = [
        ("functions", component(240_000, &body(4, [Instruction::Nop]))),
        ("locals", component(50, &many_locals(40_000))),
        ("blocks", component(20, &deep(200_000))),
        ("jumps", component(30, &jumps(30, 65_000))),
    ];
    for (bomb, bytes) in bombs {
        let mut answered = 0;
        let started = Instant::now();
        let answering = async {
            loop {
                let result = plugins.decide("menu", &context(), None, &message()).await;
                result.outcome.expect("the neighbour answers");
                answered += 1;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let told = tokio::select! {
            told = refusal(&plugins, &bytes) => told,
            () = answering => unreachable!("it has no end"),
        };
        let why = "it is too much to compile: it took more than 1 s of processor time";
        assert!(told.starts_with("plugin \"bomb\" (") && told.contains(why), "{bomb}: {told}");
        assert!(answered > 20, "{bomb}: {answered} answers in {:?}", started.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g3_what_takes_too_much_memory_or_time_is_ended() {
    let bomb = component(20, &many_locals(40_000));
    let memory = CompileLimits { memory_bytes_max: 80 << 20, ..LIMITS };
    let told = refusal(&host(memory, None), &bomb).await;
    assert!(told.contains("it is too much to compile: it took more than 80 MiB of memory"), "{told}");
    let clock = CompileLimits { wall_clock: Duration::from_secs(1), cpu_time: Duration::from_secs(60), ..LIMITS };
    let told = refusal(&host(clock, None), &bomb).await;
    assert!(told.contains("it is too much to compile: it took more than 1 s"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_of_its_own_compiles_what_is_kept_and_runs() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cache = folder.path().join("cache");
    for compiled_before in [false, true] {
        let plugins = host(CompileLimits::default(), Some(cache.clone()));
        let menu = plugins.compile(wanted("menu", wasm("menu"))).await.expect("a plugin");
        assert_eq!(menu.compiled_before, compiled_before);
        plugins.insert(menu);
        plugins.decide("menu", &context(), None, &message()).await.outcome.expect("a decision");
    }
    let drafts = |dir: &Path| {
        let names = std::fs::read_dir(dir).expect("a folder").map(|entry| entry.expect("an entry").file_name());
        names.filter(|name| name.to_string_lossy().starts_with("draft")).count()
    };
    let plugins = host(LIMITS, Some(cache.clone()));
    refusal(&plugins, &component(50, &many_locals(40_000))).await;
    assert_eq!(drafts(&cache), 0, "what was ended leaves nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_start_finds_what_the_first_compiled() {
    let sandbox = TestSandbox::start(|_| {}).await;
    let folder = plugins(&["menu"]);
    let mut host = Host::start(&sandbox, HostOptions { plugins: folder.path().into(), ..HostOptions::default() }).await;
    for found in [false, true] {
        let ready = until("the plugin is ready", || {
            let line = host.log().lines().find(|line| line.contains("plugin ready")).map(str::to_owned);
            std::future::ready(line)
        })
        .await;
        assert!(ready.contains(&format!("\"compiled_before\":{found}")), "{ready}");
        host = host.restart(&sandbox).await;
    }
    let cache = host.folder.path().join("data/cache");
    let mode = std::fs::metadata(&cache).expect("beside the database").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_invalid_is_told_as_the_compiler_tells_it() {
    let plugins = host(CompileLimits::default(), None);
    let told = refusal(&plugins, &component(1, &body(0, [Instruction::I32Const(1)]))).await;
    assert!(told.contains("it is not a valid component: ") && told.contains("values remaining on stack"), "{told}");
    let good = std::fs::read(wasm("menu")).expect("a plugin");
    let told = refusal(&plugins, &good[..good.len() / 2]).await;
    assert!(told.contains("it ends in the middle"), "{told}");
}

fn context() -> Context {
    Context {
        conversation: ConversationId::of("whatsapp", "u1"),
        session: 1,
        turn: 1,
        user: User { external_id: Some("u1".into()), ..User::default() },
        source: "whatsapp".into(),
        now: Timestamp(1_700_000_000_123),
        seed: 7,
        settings: vec![],
        fields: vec![],
        desk: DeskStatus::None,
    }
}

fn message() -> Event {
    Event::Message(Message {
        id: "m1".into(),
        text: "hi".into(),
        media: vec![],
        choice: None,
        flow_response: None,
        received: Timestamp(1_700_000_000_000),
    })
}
