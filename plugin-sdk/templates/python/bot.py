"""A bot that remembers what it is told."""

from dataclasses import dataclass

from turnwise_plugin import Message, Plugin, Turn


@dataclass
class State:
    """What the bot remembers of one conversation. New fields get their default in conversations that are older."""

    note: str | None = None


plugin = Plugin(State)


@plugin.on_message
def answer(turn: Turn[State], message: Message) -> None:
    """Called for every message. What is asked of `turn` is done once this has returned; if it raises, nothing is."""
    if message.chose("forget"):
        turn.state.note = None
        turn.reply("Forgotten.")
    elif message.text.startswith("remember "):
        turn.state.note = message.text.removeprefix("remember ")
        turn.reply(f"I will remember {turn.state.note}.").choice("forget", "Forget it")
    elif turn.state.note:
        turn.reply(f"You told me to remember {turn.state.note}.").choice("forget", "Forget it")
    else:
        turn.reply('Hello! Write "remember" and what I should remember.')
