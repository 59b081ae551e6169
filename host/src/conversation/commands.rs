//! What every bot's user can say: stop, restart, agent, help. The host does it before the bot is asked, unless the bot's manifest says
//! that it handles `commands` itself.

use super::decision::{Decision, Effect, Handoff, NextState, Priority, Reply};
use super::routing::normal;

/// What a command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Command {
    /// Ends the session and everything under way, with a last word.
    Stop,
    /// Ends it too; the message itself then begins the next one.
    Restart,
    /// Asks for a person.
    Agent,
    /// Says what can be said.
    Help,
}

/// The commands of a source; in each language its words, and what is said.
#[derive(Clone, Debug, Default)]
pub struct Commands {
    spoken: Vec<Spoken>,
}

/// A command in one language.
#[derive(Clone, Debug)]
pub struct Spoken {
    pub command: Command,
    /// Primary subtag of BCP 47, e.g. "de".
    pub language: String,
    /// Each is the whole message.
    pub words: Vec<String>,
    /// What the user is told; the notice while they wait, for `agent`.
    pub reply: String,
}

/// Understood whatever the user's language is.
const LANGUAGE: &str = "en";

const BUILT_IN: [(Command, &str, &[&str], &str); 20] = [
    (Command::Stop, "en", &["stop", "quit"], "Okay, I've stopped. Write any time to start again."),
    (Command::Restart, "en", &["restart", "start over"], ""),
    (Command::Agent, "en", &["agent", "human", "talk to a human"], "One moment, I'm getting a colleague for you."),
    (
        Command::Help,
        "en",
        &["help"],
        "Write \"restart\" to start over, \"agent\" to talk to a person, \"stop\" to end.",
    ),
    (Command::Stop, "de", &["stop", "stopp", "beenden"], "Okay, ich höre auf. Schreib jederzeit, um neu zu beginnen."),
    (Command::Restart, "de", &["neustart", "von vorn", "neu anfangen"], ""),
    (Command::Agent, "de", &["mitarbeiter", "mensch", "berater"], "Einen Moment, ich hole jemanden dazu."),
    (
        Command::Help,
        "de",
        &["hilfe"],
        "Schreib „neustart“, um von vorn zu beginnen, „mitarbeiter“ für einen Menschen, „stopp“ zum Beenden.",
    ),
    (
        Command::Stop,
        "es",
        &["stop", "parar", "salir"],
        "De acuerdo, he parado. Escribe cuando quieras para empezar de nuevo.",
    ),
    (Command::Restart, "es", &["reiniciar", "empezar de nuevo"], ""),
    (Command::Agent, "es", &["agente", "humano", "persona"], "Un momento, busco a un compañero."),
    (
        Command::Help,
        "es",
        &["ayuda"],
        "Escribe \"reiniciar\" para empezar de nuevo, \"agente\" para hablar con una persona, \"parar\" para terminar.",
    ),
    (
        Command::Stop,
        "fr",
        &["stop", "arrêter", "arreter"],
        "D'accord, j'arrête. Écrivez quand vous voulez pour recommencer.",
    ),
    (Command::Restart, "fr", &["recommencer"], ""),
    (Command::Agent, "fr", &["agent", "conseiller", "humain"], "Un instant, je vais chercher un collègue."),
    (
        Command::Help,
        "fr",
        &["aide"],
        "Écrivez « recommencer » pour reprendre au début, « conseiller » pour parler à une personne, « stop » pour terminer.",
    ),
    (Command::Stop, "pt", &["stop", "parar", "sair"], "Certo, parei. Escreva quando quiser para recomeçar."),
    (Command::Restart, "pt", &["reiniciar", "recomeçar"], ""),
    (Command::Agent, "pt", &["atendente", "humano", "pessoa"], "Um momento, vou chamar um colega."),
    (
        Command::Help,
        "pt",
        &["ajuda"],
        "Escreva \"reiniciar\" para recomeçar, \"atendente\" para falar com uma pessoa, \"parar\" para terminar.",
    ),
];

impl Commands {
    /// Every message goes to the bot.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Those that every source has.
    #[must_use]
    pub fn built_in() -> Self {
        let spoken = |&(command, language, words, reply): &(Command, &str, &[&str], &str)| Spoken {
            command,
            language: language.into(),
            words: words.iter().map(|word| (*word).into()).collect(),
            reply: reply.into(),
        };
        Self { spoken: BUILT_IN.iter().map(spoken).collect() }
    }

    /// A command in a language, to change it.
    pub fn spoken(&mut self, command: Command, language: &str) -> &mut Spoken {
        let known = |spoken: &Spoken| spoken.command == command && spoken.language == language;
        let place = self.spoken.iter().position(known).unwrap_or_else(|| {
            let language = language.to_owned();
            self.spoken.push(Spoken { command, language, words: Vec::new(), reply: String::new() });
            self.spoken.len() - 1
        });
        &mut self.spoken[place]
    }

    /// The command that a message is, if it is one.
    #[must_use]
    pub fn find(&self, text: &str, language: Option<&str>) -> Option<&Spoken> {
        let said = normal(text);
        let language = language.map_or(LANGUAGE, primary);
        let in_language = |language: &str| {
            let mut spoken = self.spoken.iter().filter(|spoken| spoken.language.eq_ignore_ascii_case(language));
            spoken.find(|spoken| spoken.words.iter().any(|word| normal(word) == said))
        };
        in_language(language).or_else(|| in_language(LANGUAGE))
    }
}

impl Spoken {
    /// What is done at once. A restart is none: the bot answers it.
    #[must_use]
    pub fn decision(&self) -> Option<Decision> {
        let said = || {
            (!self.reply.trim().is_empty())
                .then(|| Effect::Reply(Reply { text: self.reply.clone(), ..Reply::default() }))
        };
        let (state, effects) = match self.command {
            Command::Restart => return None,
            Command::Stop => {
                (NextState::Clear, said().into_iter().chain([Effect::EndSession("stopped".into())]).collect())
            }
            Command::Help => (NextState::Keep, said().into_iter().collect()),
            Command::Agent => (NextState::Keep, vec![Effect::Handoff(self.handoff())]),
        };
        Some(Decision { state, effects, step: None })
    }

    fn handoff(&self) -> Handoff {
        Handoff {
            reason: "asked".into(),
            summary: "Asked for a person".into(),
            team: None,
            priority: Priority::Normal,
            notice: Some(self.reply.clone()).filter(|notice| !notice.trim().is_empty()),
        }
    }
}

fn primary(language: &str) -> &str {
    language.split(['-', '_']).next().unwrap_or(language)
}

#[cfg(test)]
mod tests;
