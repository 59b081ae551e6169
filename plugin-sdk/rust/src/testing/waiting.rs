//! What is under way between two turns: requests without their answer, and messages that wait for one.

use std::collections::{HashSet, VecDeque};

use super::said::Said;
use super::script::Answer;
use crate::bindings::turnwise::bot::types::{Request, RequestError, Response, Timestamp, WhileWaiting};

/// A message that has not had its turn.
pub(super) struct Arrived {
    pub(super) said: Said,
    /// Answer of a WhatsApp Flow, JSON.
    pub(super) flow: Option<String>,
    pub(super) received: Timestamp,
}

#[derive(Default)]
pub(super) struct Under {
    requests: Vec<Pending>,
    /// Ids of requests that a message gave up: their responses never come.
    given_up: HashSet<String>,
    /// Each is one turn's.
    messages: VecDeque<Vec<Arrived>>,
}

struct Pending {
    request: Request,
    answer: Option<Scripted>,
}

struct Scripted {
    /// None: at once.
    due: Option<Timestamp>,
    response: Response,
}

impl Under {
    pub(super) fn is_idle(&self) -> bool {
        self.requests.is_empty() && self.messages.is_empty()
    }

    /// Those without their answer.
    pub(super) fn requests(&self) -> impl Iterator<Item = &Request> {
        self.requests.iter().map(|pending| &pending.request)
    }

    /// A request is made; where there is an answer for it, that is used up.
    pub(super) fn request(&mut self, request: &Request, now: Timestamp, answer: Option<&mut Answer>) {
        let answer = answer.map(|answer| {
            answer.times -= 1;
            let timeout_ms = u64::from(request.timeout) * 1_000;
            let after_ms = u64::try_from(answer.after.as_millis()).unwrap_or(u64::MAX);
            let outcome = if after_ms > timeout_ms { Err(RequestError::Timeout) } else { answer.outcome.clone() };
            Scripted {
                due: (after_ms > 0).then(|| now + after_ms.min(timeout_ms)),
                response: Response { id: request.id.clone(), outcome },
            }
        });
        self.given_up.remove(&request.id);
        self.requests.push(Pending { request: request.clone(), answer });
    }

    /// A line answers a request by its id; false where the request was given up, so that the answer never comes.
    pub(super) fn answered(&mut self, id: &str) -> bool {
        if let Some(place) = self.requests.iter().position(|pending| pending.request.id == id) {
            self.requests.remove(place);
        }
        !self.given_up.remove(id)
    }

    /// Messages of one turn arrive: they give up the requests that want it so, and wait for their turn.
    pub(super) fn arrive(&mut self, messages: Vec<Arrived>) {
        let waits = |pending: &Pending| pending.request.while_waiting != WhileWaiting::Cancel;
        let given_up = self.requests.iter().filter(|pending| !waits(pending));
        self.given_up.extend(given_up.map(|pending| pending.request.id.clone()));
        self.requests.retain(waits);
        self.messages.push_back(messages);
    }

    /// The next messages whose turn it is.
    pub(super) fn released(&mut self) -> Option<Vec<Arrived>> {
        let held = self.requests().any(|request| request.while_waiting == WhileWaiting::Hold);
        if held { None } else { self.messages.pop_front() }
    }

    pub(super) fn answer_at_once(&mut self) -> Option<Response> {
        self.take(|scripted| scripted.due.is_none())
    }

    pub(super) fn answer_due(&mut self, at: Timestamp) -> Option<Response> {
        self.take(|scripted| scripted.due.is_some_and(|due| due <= at))
    }

    /// When the next answer comes.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.requests.iter().filter_map(|pending| pending.answer.as_ref()?.due).min()
    }

    fn take(&mut self, which: impl Fn(&Scripted) -> bool) -> Option<Response> {
        let place = self.requests.iter().position(|pending| pending.answer.as_ref().is_some_and(&which))?;
        self.requests.remove(place).answer.map(|scripted| scripted.response)
    }
}
