"""Chat completions: what a plugin needs to let a language model answer.

Any endpoint that speaks OpenAI's chat completions will do. It is called like every other system: by a request through a
connection of the configuration, which holds the key and the address, and its answer is a turn of its own. This package only
builds the request and reads the answer; it keeps nothing by itself.

    from turnwise_plugin.llm import Answer, ChatMessage, Failure, Memory, Prompt

    @dataclass
    class State:
        messages: list[ChatMessage] = field(default_factory=list)

    plugin = Plugin(State, connections=["llm"])

    @plugin.on_message
    def ask(turn: Turn[State], message: Message) -> None:
        memory = Memory(turn.state.messages)
        memory.user(message.text)
        memory.trim(2_000)
        Prompt("gpt-4o-mini", memory).system("You are a shop's assistant.").ask(turn, "llm")

    @plugin.on_response
    def answer(turn: Turn[State], response: Response) -> None:
        try:
            answer = Answer.read(response)
        except Failure as failure:
            log.warn(str(failure))
            turn.reply("Sorry, I can't answer right now.")
            return
        Memory(turn.state.messages).answer(answer)
        turn.reply(answer.text)
"""

from .answer import Answer
from .failure import Failure, FailureKind
from .memory import Memory
from .message import ChatMessage, ToolCall
from .prompt import Prompt, Tool
from .spending import Caps, Prices, Spending
from .split import split
from .tokens import estimated_tokens
from .usage import Usage

__all__ = [
    "Answer",
    "Caps",
    "ChatMessage",
    "Failure",
    "FailureKind",
    "Memory",
    "Prices",
    "Prompt",
    "Spending",
    "Tool",
    "ToolCall",
    "Usage",
    "estimated_tokens",
    "split",
]
