/** A bot that remembers what it is told. */

import { definePlugin } from "turnwise-plugin";

/** What the bot remembers of one conversation. New properties get their default in conversations that are older. */
interface State {
  note: string | null;
}

export default definePlugin({
  state: (): State => ({ note: null }),

  /** Called for every message. What is asked of `turn` is done once this has returned; if it throws, nothing is. */
  onMessage(turn, message) {
    if (message.chose("forget")) {
      turn.state.note = null;
      turn.reply("Forgotten.");
    } else if (message.text.startsWith("remember ")) {
      turn.state.note = message.text.slice("remember ".length);
      turn.reply(`I will remember ${turn.state.note}.`).choice("forget", "Forget it");
    } else if (turn.state.note !== null) {
      turn.reply(`You told me to remember ${turn.state.note}.`).choice("forget", "Forget it");
    } else {
      turn.reply('Hello! Write "remember" and what I should remember.');
    }
  },
});
