import { test } from "node:test";

import { runFolder } from "turnwise-plugin/testing";

import bot from "../src/bot.js";

test("transcripts", () => runFolder(bot, "tests"));
