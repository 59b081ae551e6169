//! An assistant: a language model answers, through any endpoint that speaks OpenAI's chat completions.
//!
//! What the user writes becomes a request through the connection `llm`; its response becomes a reply, a call of a tool, or
//! another try. `docs/assistant.md` describes it, its conversations are in `tests/`.

mod commands;
mod flow;
mod prompt;
mod settings;
mod state;
#[cfg(test)]
mod tests;
mod tools;

use turnwise_plugin::llm::Answer;
use turnwise_plugin::{Author, HandoffUpdate, Message, NamedJson, Plugin, Response, Result, TimerFired, Turn, warn};

use crate::commands::Command;
use crate::settings::Settings;
use crate::state::{Progress, Question, State, WaitsFor};

struct Assistant;

impl Plugin for Assistant {
    type State = State;

    const STEPS: &'static [&'static str] =
        &["thinking", "looking-up", "waiting", "answered", "failed", "capped", "handed-over"];
    const CONNECTIONS: &'static [&'static str] = &["llm", "shop"];
    const HANDLES: &'static [&'static str] = &["commands"];

    fn on_message(turn: &mut Turn<State>, message: &Message) -> Result {
        Self::on_burst(turn, std::slice::from_ref(message))
    }

    fn on_burst(turn: &mut Turn<State>, messages: &[Message]) -> Result {
        let settings = begin(turn)?;
        if let Some(command) = messages.iter().rev().find_map(|message| Command::of(message, &settings)) {
            command.run(turn, &settings);
            return Ok(());
        }
        for message in messages {
            turn.state.memory.user(prompt::words_of(message));
        }
        if flow::will_retry(turn) {
            // The endpoint wants to be left alone until then; its answer will be to this message too.
            turn.step("waiting");
            return Ok(());
        }
        flow::drop_question(turn, &settings);
        flow::ask(turn, &settings, Progress::default());
        Ok(())
    }

    fn on_response(turn: &mut Turn<State>, response: &Response) -> Result {
        let settings = begin(turn)?;
        match turn.state.question.take() {
            Some(Question { waits_for: WaitsFor::Model { request, prompt_tokens }, progress })
                if request == response.id =>
            {
                match Answer::read(response) {
                    Ok(answer) => flow::answered(turn, &settings, &answer, prompt_tokens, progress),
                    Err(failure) => flow::failed(turn, &settings, &failure, progress),
                }
            }
            Some(Question { waits_for: WaitsFor::Lookups(mut lookups), progress })
                if lookups.iter().any(|lookup| lookup.request == response.id) =>
            {
                for lookup in lookups.extract_if(.., |lookup| lookup.request == response.id) {
                    turn.state.memory.tool_result(&lookup.call, tools::order_result(response));
                }
                flow::looked_up(turn, &settings, lookups, progress);
            }
            other => {
                warn!("nobody waits for the response to {}", response.id);
                turn.state.question = other;
            }
        }
        Ok(())
    }

    fn on_timer(turn: &mut Turn<State>, timer: &TimerFired) -> Result {
        let settings = begin(turn)?;
        match turn.state.question.take() {
            Some(Question { waits_for: WaitsFor::Retry { .. }, progress }) => flow::ask(turn, &settings, progress),
            other => {
                warn!("nothing is left to do for the timer {}", timer.name);
                turn.state.question = other;
            }
        }
        Ok(())
    }

    fn on_handoff(turn: &mut Turn<State>, update: &HandoffUpdate) -> Result {
        let settings = begin(turn)?;
        flow::drop_question(turn, &settings);
        match update {
            HandoffUpdate::Failed(_) => {
                turn.state.memory.assistant(&settings.handoff_failed_text);
                turn.reply(settings.handoff_failed_text);
                turn.step("answered");
            }
            HandoffUpdate::Accepted(_) => turn.step("handed-over"),
            HandoffUpdate::Returned(back) => {
                let agent = back.agent.as_deref().unwrap_or("a colleague");
                for line in &back.transcript {
                    match line.author {
                        Author::User => turn.state.memory.user(&line.text),
                        Author::Agent => turn.state.memory.assistant(format!("[{agent}] {}", line.text)),
                        Author::Bot => {}
                    }
                }
                if let Some(note) = &back.note {
                    turn.state.memory.assistant(format!("[note of {agent}] {note}"));
                }
                turn.state.memory.trim(settings.memory_tokens());
                turn.state.failures = 0;
                turn.reply(settings.returned_text);
                turn.step("answered");
            }
        }
        Ok(())
    }

    fn on_switched(turn: &mut Turn<State>, _from: &NamedJson) -> Result {
        let settings = begin(turn)?;
        flow::drop_question(turn, &settings);
        turn.reply(settings.greeting_text);
        turn.step("answered");
        Ok(())
    }

    /// What the day has cost outlives the session: else a pause would lift the caps.
    fn on_session_expired(turn: &mut Turn<State>, _idle_seconds: u32) -> Result {
        let settings = begin(turn)?;
        flow::drop_question(turn, &settings);
        turn.state.forget();
        Ok(())
    }
}

turnwise_plugin::export!(Assistant);

fn begin(turn: &mut Turn<State>) -> Result<Settings> {
    let now = turn.now();
    turn.state.spending.roll(now);
    turn.settings()
}
